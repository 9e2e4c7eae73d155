//! What is kept on disk: accounts and lists, and a line of audit for every change of them.
//!
//! The trait says what a store does and promises; `sqlite` is the embedded engine. Nothing here
//! caches or judges: a suspended parent, a stale copy and an expired agreement are somebody else's
//! business (`accounts`, the rules).
//!
//! Every change bumps one counter, the [`Revision`], in the transaction of the change. A revision
//! is therefore an answer to "is what you saw at least as new as this?".

mod check;
mod error;
#[cfg(test)]
pub(crate) mod probe;
mod sqlite;
mod types;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::{Account, AccountId};

pub use check::{
    MAX_ACCOUNTS, MAX_BODY_BYTES, MAX_KEY_BYTES, MAX_LIST_NAME_BYTES, MAX_PAGE, MAX_PAYLOAD_BYTES,
    MAX_REASON_BYTES, MAX_ROWS,
};
pub use error::StoreError;
pub use sqlite::{OpenError, SqliteStore};
pub use types::{AuditEntry, ChangeKind, ListInfo, ListRow, Revision, StoredAccount, Suspension};

/// Most accounts that may stand above one.
pub const MAX_ANCESTORS: usize = 16;

/// A place that keeps accounts and lists.
///
/// A read sees every write that was answered before the read began. Dropping the future of a write
/// leaves it undecided: it may or may not have happened.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The account with this id, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Corrupt`] when its body cannot be read.
    async fn account(&self, id: &AccountId) -> Result<Option<StoredAccount>, StoreError>;

    /// Inserts the account, or replaces it whole.
    ///
    /// A parent that is not there (yet) is accepted, so that a tree can be imported in any order;
    /// until it is there, whoever resolves the account finds that out.
    ///
    /// # Errors
    /// [`StoreError::ParentCycle`] and [`StoreError::TooDeep`] for a tree that must not be;
    /// [`StoreError::Invalid`] when it is over [`MAX_BODY_BYTES`].
    async fn put_account(&self, account: Account) -> Result<Revision, StoreError> {
        self.put_accounts(vec![account]).await
    }

    /// Inserts or replaces up to [`MAX_ACCOUNTS`] accounts in one transaction: all, or none. Of two
    /// with one id, the later stays. No accounts: nothing changes, and the current revision.
    ///
    /// # Errors
    /// As [`Store::put_account`].
    async fn put_accounts(&self, accounts: Vec<Account>) -> Result<Revision, StoreError>;

    /// Suspends the account; nothing but the status changes. A closed one stays closed. `None`: there
    /// is no such account. `reason` is for operators, up to [`MAX_REASON_BYTES`].
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a reason that is too long.
    async fn suspend_account(
        &self,
        id: &AccountId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Revision>, StoreError>;

    /// Up to `limit` accounts (at most [`MAX_PAGE`]) in the order of their ids, after `after`.
    ///
    /// # Errors
    /// As [`Store::account`].
    async fn list_accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<StoredAccount>, StoreError>;

    /// Adds entries to a list, making the list if need be; a key that is there gets the new payload.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a name, key or payload outside the bounds of this module.
    async fn add_entries(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError>;

    /// Removes entries; says how many there were. None: nothing changes, and the current revision.
    ///
    /// # Errors
    /// As [`Store::add_entries`].
    async fn remove_entries(&self, list: &str, keys: Vec<String>) -> Result<(u64, Revision), StoreError>;

    /// Puts these entries in place of all that the list has, in one transaction. With no entries the
    /// list stays, empty.
    ///
    /// # Errors
    /// As [`Store::add_entries`].
    async fn replace_list(&self, list: &str, rows: Vec<ListRow>) -> Result<Revision, StoreError>;

    /// The entry with exactly this key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn contains(&self, list: &str, key: &str) -> Result<Option<ListRow>, StoreError>;

    /// Every list, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn list_names(&self) -> Result<Vec<ListInfo>, StoreError>;

    /// Up to `limit` entries (at most [`MAX_PAGE`]) in the order of their keys, after `after`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn entries(
        &self,
        list: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ListRow>, StoreError>;

    /// The revision of the last change.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn revision(&self) -> Result<Revision, StoreError>;

    /// Up to `limit` lines of the audit (at most [`MAX_PAGE`]), oldest first, after the line `after`; 0
    /// for the first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// A number that grows when somebody else, such as another process, has changed the store. Each
    /// watcher compares with the number it saw last. Cheap; it never waits for a write of this store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: then nobody knows.
    async fn changed_by_others(&self) -> Result<u64, StoreError>;

    /// Whether the store answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn ping(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests;
