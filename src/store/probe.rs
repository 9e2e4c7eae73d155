//! For tests: a real SQLite file behind a store that counts, fails and holds back on demand.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::{AuditEntry, ListInfo, ListRow, Revision, SqliteStore, Store, StoreError, StoredAccount};
use crate::domain::{Account, AccountId};

/// The store.
pub(crate) struct Probe {
    pub(crate) real: SqliteStore,
    pub(crate) reads: AtomicUsize,
    pub(crate) failing: AtomicBool,
    /// The next so many reads, or writes, wait for `release` after the store has done its part.
    pub(crate) hold_reads: AtomicUsize,
    pub(crate) hold_writes: AtomicUsize,
    pub(crate) held: AtomicUsize,
    pub(crate) release: Semaphore,
}

impl Probe {
    pub(crate) fn over(real: SqliteStore) -> Self {
        Self {
            real,
            reads: AtomicUsize::default(),
            failing: AtomicBool::default(),
            hold_reads: AtomicUsize::default(),
            hold_writes: AtomicUsize::default(),
            held: AtomicUsize::default(),
            release: Semaphore::new(0),
        }
    }

    async fn pass(&self, hold: &AtomicUsize) {
        if hold.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            self.held.fetch_add(1, SeqCst);
            self.release.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl Store for Probe {
    async fn account(&self, id: &AccountId) -> Result<Option<StoredAccount>, StoreError> {
        self.reads.fetch_add(1, SeqCst);
        let answer = self.real.account(id).await;
        self.pass(&self.hold_reads).await;
        if self.failing.load(SeqCst) { Err(StoreError::unavailable("pulled the plug")) } else { answer }
    }
    async fn put_accounts(&self, accounts: Vec<Account>) -> Result<Revision, StoreError> {
        self.pass(&self.hold_writes).await;
        self.real.put_accounts(accounts).await
    }
    async fn suspend_account(
        &self,
        id: &AccountId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Revision>, StoreError> {
        self.real.suspend_account(id, reason, at).await
    }
    async fn list_accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<StoredAccount>, StoreError> {
        self.real.list_accounts(after, limit).await
    }
    async fn add_entries(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError> {
        self.real.add_entries(list, rows).await
    }
    async fn remove_entries(&self, list: &str, keys: Vec<String>) -> Result<(u64, Revision), StoreError> {
        self.real.remove_entries(list, keys).await
    }
    async fn replace_list(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError> {
        self.real.replace_list(list, rows).await
    }
    async fn contains(&self, list: &str, key: &str) -> Result<Option<ListRow>, StoreError> {
        self.real.contains(list, key).await
    }
    async fn list_names(&self) -> Result<Vec<ListInfo>, StoreError> {
        self.real.list_names().await
    }
    async fn entries(
        &self,
        list: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ListRow>, StoreError> {
        self.real.entries(list, after, limit).await
    }
    async fn revision(&self) -> Result<Revision, StoreError> {
        self.real.revision().await
    }
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.real.audit(after, limit).await
    }
    async fn changed_by_others(&self) -> Result<u64, StoreError> {
        self.real.changed_by_others().await
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.real.ping().await
    }
}
