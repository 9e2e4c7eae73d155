//! The embedded store: one SQLite file in WAL mode, one connection that writes and a few that read.
//!
//! SQLite lets one writer in at a time. Queueing for it here, on a lock, is fair and bounded; queueing
//! inside SQLite is neither. Readers never wait for the writer.

mod accounts;
mod lists;
mod open;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;

use super::{
    AuditEntry, ChangeKind, ListInfo, ListRow, MAX_PAGE, Revision, Store, StoreError, StoredAccount,
};
use crate::domain::{Account, AccountId};
pub use open::OpenError;
use writer::Writer;

/// A store in one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
}

// === impl SqliteStore ===

impl SqliteStore {
    /// Opens the file, making it and its directories (readable by the owner alone) if they are not
    /// there, and brings its schema up to date.
    ///
    /// # Errors
    /// Says which of the things that can be wrong with a file is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        open::open(path.as_ref(), false).await
    }

    /// Finishes what is under way and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn account(&self, id: &AccountId) -> Result<Option<StoredAccount>, StoreError> {
        accounts::get(&self.readers, id).await
    }

    async fn put_accounts(&self, accounts: Vec<Account>) -> Result<Revision, StoreError> {
        if accounts.is_empty() {
            return self.revision().await;
        }
        accounts::put(&self.writer, &accounts).await
    }

    async fn suspend_account(
        &self,
        id: &AccountId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Revision>, StoreError> {
        accounts::suspend(&self.writer, id, reason, at).await
    }

    async fn list_accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<StoredAccount>, StoreError> {
        accounts::list(&self.readers, after, limit).await
    }

    async fn add_entries(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError> {
        lists::add(&self.writer, list, &rows).await
    }

    async fn remove_entries(&self, list: &str, keys: Vec<String>) -> Result<(u64, Revision), StoreError> {
        lists::remove(&self.writer, list, &keys).await
    }

    async fn replace_list(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError> {
        lists::replace(&self.writer, list, &rows).await
    }

    async fn contains(&self, list: &str, key: &str) -> Result<Option<ListRow>, StoreError> {
        lists::contains(&self.readers, list, key).await
    }

    async fn list_names(&self) -> Result<Vec<ListInfo>, StoreError> {
        lists::names(&self.readers).await
    }

    async fn entries(
        &self,
        list: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ListRow>, StoreError> {
        lists::entries(&self.readers, list, after, limit).await
    }

    async fn revision(&self) -> Result<Revision, StoreError> {
        let read = sqlx::query_scalar("SELECT value FROM revision").fetch_one(&self.readers).await;
        read.map_err(engine_error).and_then(|value| number(value).map(Revision))
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        const SQL: &str =
            "SELECT seq, revision, at, kind, subject FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let rows: Vec<(i64, i64, i64, String, String)> = sqlx::query_as(SQL)
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(engine_error)?;
        rows.into_iter().map(audit_entry).collect()
    }

    async fn changed_by_others(&self) -> Result<u64, StoreError> {
        self.writer.changed_by_others().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.revision().await.map(drop)
    }
}

fn audit_entry(row: (i64, i64, i64, String, String)) -> Result<AuditEntry, StoreError> {
    let (seq, revision, at, kind, subject) = row;
    let known = ChangeKind::ALL.iter().copied().find(|known| known.as_str() == kind);
    Ok(AuditEntry {
        seq: number(seq)?,
        revision: Revision(number(revision)?),
        at: timestamp(at)?,
        kind: known.ok_or_else(|| StoreError::Corrupt { what: format!("line {seq} of the audit") })?,
        subject,
    })
}

/// A number that SQLite keeps with a sign, and that has none.
fn number(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt { what: "a negative number".into() })
}

fn timestamp(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|_| StoreError::Corrupt { what: "a time".into() })
}

fn page(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_PAGE)).unwrap_or(i64::MAX)
}

/// The primary result code of SQLite behind an error, where it is SQLite's.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    // The upper bits say more precisely what the lower eight say.
    Some(code & 0xff)
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_READONLY: i32 = 8;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

fn engine_error(error: sqlx::Error) -> StoreError {
    match sqlite_code(&error) {
        Some(SQLITE_READONLY) => StoreError::ReadOnly,
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => StoreError::Corrupt { what: "the database file".into() },
        _ => StoreError::unavailable(error),
    }
}

#[cfg(test)]
mod tests;
