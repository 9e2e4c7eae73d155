//! The one connection that writes: transactions that bump the revision and leave a line of audit, and
//! the watch for commits of other processes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use super::{engine_error, number};
use crate::store::{ChangeKind, Revision, StoreError};

/// How long a write waits for the writes before it.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// The writing connection.
pub(super) struct Writer {
    conn: Mutex<Option<Conn>>,
    /// How often somebody else was seen to have committed.
    others: AtomicU64,
}

/// The connection and the `data_version` that it saw last: SQLite changes that number when another
/// connection has committed, and not when this one has.
pub(super) struct Conn {
    sqlite: SqliteConnection,
    data_version: i64,
}

/// A write under way. Dropped without [`Write::commit`], it is rolled back.
pub(super) struct Write<'a> {
    pub(super) tx: Transaction<'a, Sqlite>,
    /// What the store is at once this commits.
    pub(super) revision: Revision,
    /// The same, as SQLite takes it.
    pub(super) number: i64,
    /// Now, in ms since 1970.
    pub(super) at: i64,
}

/// The queue for the connection, and it closed.
#[derive(Debug, thiserror::Error)]
enum NoConnection {
    #[error("other writes took longer than 10 s")]
    Busy,
    #[error("it was closed")]
    Closed,
}

// === impl Writer ===

impl Writer {
    pub(super) async fn new(mut sqlite: SqliteConnection) -> Result<Self, sqlx::Error> {
        let data_version = data_version(&mut sqlite).await?;
        Ok(Self { conn: Mutex::new(Some(Conn { sqlite, data_version })), others: AtomicU64::new(0) })
    }

    /// Waits for the connection; the guard goes to [`Writer::begin`].
    pub(super) async fn lock(&self) -> Result<MutexGuard<'_, Option<Conn>>, StoreError> {
        let guard = tokio::time::timeout(QUEUE_TIMEOUT, self.conn.lock()).await;
        guard.map_err(|_| StoreError::unavailable(NoConnection::Busy))
    }

    /// Starts a write, with the next revision taken.
    pub(super) async fn begin<'a>(&self, guard: &'a mut Option<Conn>) -> Result<Write<'a>, StoreError> {
        let conn = guard.as_mut().ok_or_else(|| StoreError::unavailable(NoConnection::Closed))?;
        // Immediate: a transaction that read first and then wants to write may be refused.
        let mut tx = conn.sqlite.begin_with("BEGIN IMMEDIATE").await.map_err(engine_error)?;
        // From here to the end of the transaction nobody else can commit, so a long write hides nothing.
        let version = data_version(&mut tx).await.map_err(engine_error)?;
        self.note(&mut conn.data_version, version);
        let next = "UPDATE revision SET value = value + 1 RETURNING value";
        let value: i64 = sqlx::query_scalar(next).fetch_one(&mut *tx).await.map_err(engine_error)?;
        let at = Timestamp::now().as_millisecond();
        Ok(Write { tx, revision: Revision(number(value)?), number: value, at })
    }

    /// See [`crate::store::Store::changed_by_others`].
    pub(super) async fn changed_by_others(&self) -> Result<u64, StoreError> {
        // Where a write holds the connection, it has looked itself.
        if let Ok(mut guard) = self.conn.try_lock() {
            let conn = guard.as_mut().ok_or_else(|| StoreError::unavailable(NoConnection::Closed))?;
            let version = data_version(&mut conn.sqlite).await.map_err(engine_error)?;
            self.note(&mut conn.data_version, version);
        }
        Ok(self.others.load(Ordering::Acquire))
    }

    fn note(&self, seen: &mut i64, version: i64) {
        if std::mem::replace(seen, version) != version {
            self.others.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) async fn close(&self) {
        if let Some(conn) = self.conn.lock().await.take() {
            // Nothing is lost when this fails: every write was committed before it was answered.
            let _ = conn.sqlite.close().await;
        }
    }
}

// === impl Write ===

impl Write<'_> {
    /// Leaves a line of audit, in this transaction.
    pub(super) async fn audit(&mut self, kind: ChangeKind, subject: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO audit (revision, at, kind, subject) VALUES (?1, ?2, ?3, ?4)")
            .bind(self.number)
            .bind(self.at)
            .bind(kind.as_str())
            .bind(subject)
            .execute(&mut *self.tx)
            .await
            .map(drop)
            .map_err(engine_error)
    }

    /// Makes it so.
    pub(super) async fn commit(self) -> Result<Revision, StoreError> {
        self.tx.commit().await.map(|()| self.revision).map_err(engine_error)
    }
}

async fn data_version(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(conn).await
}
