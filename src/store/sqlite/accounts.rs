//! Accounts in SQLite: the body is JSON, the tree is checked when a parent changes.

use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::writer::{Write, Writer};
use super::{engine_error, number, page, timestamp};
use crate::domain::{Account, AccountId, AccountStatus};
use crate::store::{ChangeKind, MAX_ANCESTORS, Revision, StoreError, StoredAccount, Suspension, check};

/// In this order: id, revision, body, when and why it was suspended.
type Row = (String, i64, String, Option<i64>, Option<String>);

pub(super) async fn get(pool: &SqlitePool, id: &AccountId) -> Result<Option<StoredAccount>, StoreError> {
    const SQL: &str = "SELECT id, revision, body, suspended_at, suspended_reason FROM accounts WHERE id = ?1";
    let row: Option<Row> =
        sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(pool).await.map_err(engine_error)?;
    row.map(stored).transpose()
}

pub(super) async fn list(
    pool: &SqlitePool,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Vec<StoredAccount>, StoreError> {
    const SQL: &str = "SELECT id, revision, body, suspended_at, suspended_reason FROM accounts
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    // No id is empty, so the empty text is before every one.
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(after.map_or("", AccountId::as_str))
        .bind(page(limit))
        .fetch_all(pool)
        .await
        .map_err(engine_error)?;
    rows.into_iter().map(stored).collect()
}

fn stored(row: Row) -> Result<StoredAccount, StoreError> {
    let (id, revision, body, at, reason) = row;
    let account = parse(&id, &body)?;
    let suspension =
        at.map(|ms| timestamp(ms).map(|at| Suspension { at, reason: reason.unwrap_or_default() }));
    Ok(StoredAccount {
        account: account.into(),
        revision: number(revision)?,
        suspension: suspension.transpose()?,
    })
}

/// Takes a body apart. What serde says about it may quote values, so it goes no further.
fn parse(id: &str, body: &str) -> Result<Account, StoreError> {
    let parsed = serde_json::from_str::<Account>(body).ok();
    let same = parsed.filter(|account| account.id.as_str() == id);
    same.ok_or_else(|| StoreError::Corrupt { what: format!("account `{id}`") })
}

fn body(account: &Account) -> Result<String, StoreError> {
    let json = serde_json::to_string(account)
        .map_err(|_| StoreError::Invalid { what: "an account", problem: "cannot be written as JSON" })?;
    check::body(&json).map(|()| json)
}

pub(super) async fn put(writer: &Writer, accounts: &[Account]) -> Result<Revision, StoreError> {
    check::accounts(accounts.len())?;
    let mut guard = writer.lock().await?;
    let mut write = writer.begin(&mut guard).await?;
    let mut moved = Vec::new();
    for account in accounts {
        if upsert(&mut write, account).await? {
            moved.push(&account.id);
        }
        write.audit(ChangeKind::PutAccount, account.id.as_str()).await?;
    }
    // Only now, because within one write the accounts may come in any order.
    for id in moved {
        check_tree(&mut write.tx, id).await?;
    }
    write.commit().await
}

/// Writes the account; says whether it is new or has another parent than before.
async fn upsert(write: &mut Write<'_>, account: &Account) -> Result<bool, StoreError> {
    const BEFORE: &str = "SELECT parent_id FROM accounts WHERE id = ?1";
    // The suspension is kept for as long as the account stays suspended.
    const UPSERT: &str = "INSERT INTO accounts (id, parent_id, status, revision, body, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (id) DO UPDATE SET
            parent_id = excluded.parent_id, status = excluded.status, revision = excluded.revision,
            body = excluded.body, updated_at = excluded.updated_at,
            suspended_at = iif(excluded.status = 'SUSPENDED', suspended_at, NULL),
            suspended_reason = iif(excluded.status = 'SUSPENDED', suspended_reason, NULL)";
    let parent = account.parent_id.as_ref().map(AccountId::as_str);
    let before: Option<Option<String>> = sqlx::query_scalar(BEFORE)
        .bind(account.id.as_str())
        .fetch_optional(&mut *write.tx)
        .await
        .map_err(engine_error)?;
    sqlx::query(UPSERT)
        .bind(account.id.as_str())
        .bind(parent)
        .bind(account.status.as_str())
        .bind(write.number)
        .bind(body(account)?)
        .bind(write.at)
        .execute(&mut *write.tx)
        .await
        .map_err(engine_error)?;
    Ok(before.is_none_or(|before| before.as_deref() != parent))
}

/// Refuses a cycle through the account, and more than [`MAX_ANCESTORS`] above any account below it.
async fn check_tree(conn: &mut SqliteConnection, id: &AccountId) -> Result<(), StoreError> {
    const ABOVE: &str = "WITH RECURSIVE up (id, level) AS (
            SELECT parent_id, 1 FROM accounts WHERE id = ?1
            UNION ALL
            SELECT a.parent_id, up.level + 1 FROM accounts a JOIN up ON a.id = up.id WHERE up.level <= ?2)
        SELECT coalesce(max(level), 0), coalesce(max(id = ?1), 0) FROM up WHERE id IS NOT NULL";
    const BELOW: &str = "WITH RECURSIVE down (id, level) AS (
            SELECT ?1, 0
            UNION ALL
            SELECT a.id, down.level + 1 FROM accounts a JOIN down ON a.parent_id = down.id
            WHERE down.level <= ?2)
        SELECT max(level) FROM down";
    let most = i64::try_from(MAX_ANCESTORS).unwrap_or(i64::MAX);
    let (above, cycle): (i64, bool) = sqlx::query_as(ABOVE)
        .bind(id.as_str())
        .bind(most)
        .fetch_one(&mut *conn)
        .await
        .map_err(engine_error)?;
    if cycle {
        return Err(StoreError::ParentCycle { account: id.clone() });
    }
    let below: i64 =
        sqlx::query_scalar(BELOW).bind(id.as_str()).bind(most).fetch_one(conn).await.map_err(engine_error)?;
    if above + below > most { Err(StoreError::TooDeep { account: id.clone() }) } else { Ok(()) }
}

pub(super) async fn suspend(
    writer: &Writer,
    id: &AccountId,
    reason: &str,
    at: Timestamp,
) -> Result<Option<Revision>, StoreError> {
    check::reason(reason)?;
    let mut guard = writer.lock().await?;
    let mut write = writer.begin(&mut guard).await?;
    let found: Option<String> = sqlx::query_scalar("SELECT body FROM accounts WHERE id = ?1")
        .bind(id.as_str())
        .fetch_optional(&mut *write.tx)
        .await
        .map_err(engine_error)?;
    let Some(found) = found else { return Ok(None) };
    let mut account = parse(id.as_str(), &found)?;
    if account.status != AccountStatus::Closed {
        account.status = AccountStatus::Suspended;
    }
    set_status(&mut write, &account, reason, at).await?;
    write.audit(ChangeKind::SuspendAccount, id.as_str()).await?;
    write.commit().await.map(Some)
}

async fn set_status(
    write: &mut Write<'_>,
    account: &Account,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE accounts SET status = ?2, revision = ?3, body = ?4, updated_at = ?5,
            suspended_at = ?6, suspended_reason = ?7 WHERE id = ?1";
    sqlx::query(SQL)
        .bind(account.id.as_str())
        .bind(account.status.as_str())
        .bind(write.number)
        .bind(body(account)?)
        .bind(write.at)
        .bind(at.as_millisecond())
        .bind(reason)
        .execute(&mut *write.tx)
        .await
        .map(drop)
        .map_err(engine_error)
}
