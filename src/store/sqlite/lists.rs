//! Lists in SQLite. Rows go in by the thousand, as one JSON array a statement: a feed has a million of
//! them, and a statement for each would hold the writer for long.

use sqlx::SqlitePool;

use super::writer::{Write, Writer};
use super::{engine_error, number, page};
use crate::store::{ChangeKind, ListInfo, ListRow, Revision, StoreError, check};

/// Rows of one statement.
const CHUNK: usize = 1_000;

/// key, payload.
type Row = (String, Option<String>);

pub(super) async fn add(writer: &Writer, list: &str, rows: &[ListRow]) -> Result<Revision, StoreError> {
    check::list_name(list)?;
    check::rows(rows)?;
    let mut guard = writer.lock().await?;
    let mut write = writer.begin(&mut guard).await?;
    touch(&mut write, list).await?;
    insert(&mut write, list, rows).await?;
    write.audit(ChangeKind::AddEntries, list).await?;
    write.commit().await
}

pub(super) async fn replace(writer: &Writer, list: &str, rows: &[ListRow]) -> Result<Revision, StoreError> {
    check::list_name(list)?;
    check::rows(rows)?;
    let mut guard = writer.lock().await?;
    let mut write = writer.begin(&mut guard).await?;
    touch(&mut write, list).await?;
    sqlx::query("DELETE FROM list_entries WHERE list = ?1")
        .bind(list)
        .execute(&mut *write.tx)
        .await
        .map_err(engine_error)?;
    insert(&mut write, list, rows).await?;
    write.audit(ChangeKind::ReplaceList, list).await?;
    write.commit().await
}

pub(super) async fn remove(
    writer: &Writer,
    list: &str,
    keys: &[String],
) -> Result<(u64, Revision), StoreError> {
    check::list_name(list)?;
    check::keys(keys.iter().map(String::as_str))?;
    let mut guard = writer.lock().await?;
    let mut write = writer.begin(&mut guard).await?;
    let removed = delete(&mut write, list, keys).await?;
    if removed == 0 {
        // Nothing changed: the write is dropped, and the revision it took with it.
        return Ok((0, Revision(write.revision.0.saturating_sub(1))));
    }
    touch(&mut write, list).await?;
    write.audit(ChangeKind::RemoveEntries, list).await?;
    write.commit().await.map(|revision| (removed, revision))
}

/// Makes the list if need be and says that it is part of this change.
async fn touch(write: &mut Write<'_>, list: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO lists (name, revision) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET revision = excluded.revision";
    let done = sqlx::query(SQL).bind(list).bind(write.number).execute(&mut *write.tx).await;
    done.map(drop).map_err(engine_error)
}

async fn insert(write: &mut Write<'_>, list: &str, rows: &[ListRow]) -> Result<(), StoreError> {
    // `WHERE true` tells SQLite's parser that ON CONFLICT is not the ON of a join.
    const SQL: &str = "INSERT INTO list_entries (list, key, payload)
        SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2) WHERE true
        ON CONFLICT (list, key) DO UPDATE SET payload = excluded.payload";
    for chunk in rows.chunks(CHUNK) {
        let pairs: Vec<_> = chunk.iter().map(|row| (&row.key, &row.payload)).collect();
        let done = sqlx::query(SQL).bind(list).bind(json(&pairs)?).execute(&mut *write.tx).await;
        done.map_err(engine_error)?;
    }
    Ok(())
}

async fn delete(write: &mut Write<'_>, list: &str, keys: &[String]) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM list_entries WHERE list = ?1 AND key IN (SELECT value FROM json_each(?2))";
    let mut removed = 0;
    for chunk in keys.chunks(CHUNK) {
        let done = sqlx::query(SQL).bind(list).bind(json(&chunk)?).execute(&mut *write.tx).await;
        removed += done.map_err(engine_error)?.rows_affected();
    }
    Ok(removed)
}

fn json(rows: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(rows)
        .map_err(|_| StoreError::Invalid { what: "an entry", problem: "cannot be written as JSON" })
}

pub(super) async fn contains(
    pool: &SqlitePool,
    list: &str,
    key: &str,
) -> Result<Option<ListRow>, StoreError> {
    const SQL: &str = "SELECT key, payload FROM list_entries WHERE list = ?1 AND key = ?2";
    let row: Option<Row> =
        sqlx::query_as(SQL).bind(list).bind(key).fetch_optional(pool).await.map_err(engine_error)?;
    Ok(row.map(|(key, payload)| ListRow { key, payload }))
}

pub(super) async fn entries(
    pool: &SqlitePool,
    list: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ListRow>, StoreError> {
    const SQL: &str = "SELECT key, payload FROM list_entries
        WHERE list = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
    // No key is empty, so the empty text is before every one.
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(list)
        .bind(after.unwrap_or(""))
        .bind(page(limit))
        .fetch_all(pool)
        .await
        .map_err(engine_error)?;
    Ok(rows.into_iter().map(|(key, payload)| ListRow { key, payload }).collect())
}

pub(super) async fn names(pool: &SqlitePool) -> Result<Vec<ListInfo>, StoreError> {
    const SQL: &str = "SELECT name, revision,
            (SELECT count(*) FROM list_entries WHERE list = name) FROM lists ORDER BY name";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(SQL).fetch_all(pool).await.map_err(engine_error)?;
    rows.into_iter()
        .map(|(name, revision, entries)| {
            Ok(ListInfo { name, entries: number(entries)?, revision: Revision(number(revision)?) })
        })
        .collect()
}
