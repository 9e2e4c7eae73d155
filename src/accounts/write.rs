//! Writes of accounts, after which no lookup sees anything older.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Accounts, Inner};
use crate::domain::{Account, AccountId};
use crate::store::{Revision, StoreError};

// === impl Accounts ===

impl Accounts {
    /// Inserts or replaces the account. A lookup that begins after this has answered, well or badly,
    /// shows it as it then is in the store: entries and reads from before are worthless.
    ///
    /// The write is carried out to its end even if nobody waits for it any more.
    ///
    /// # Errors
    /// As [`crate::store::Store::put_account`].
    pub async fn put(&self, account: Account) -> Result<Revision, StoreError> {
        let ids = vec![account.id.clone()];
        let store = self.inner.store.clone();
        self.write(ids, async move { store.put_account(account).await }).await
    }

    /// The same for many accounts in one transaction.
    ///
    /// # Errors
    /// As [`crate::store::Store::put_accounts`].
    pub async fn put_many(&self, accounts: Vec<Account>) -> Result<Revision, StoreError> {
        let ids = accounts.iter().map(|account| account.id.clone()).collect();
        let store = self.inner.store.clone();
        self.write(ids, async move { store.put_accounts(accounts).await }).await
    }

    /// Suspends the account and, by that, everything below it. `None`: there is no such account.
    ///
    /// # Errors
    /// As [`crate::store::Store::suspend_account`].
    pub async fn suspend(
        &self,
        id: &AccountId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Option<Revision>, StoreError> {
        let (id, reason) = (id.clone(), reason.to_owned());
        let ids = vec![id.clone()];
        let store = self.inner.store.clone();
        self.write(ids, async move { store.suspend_account(&id, &reason, at).await }).await
    }

    /// Carries `work` out in a task of its own. Were it dropped half-way with its caller, a commit that
    /// is already with the database could come after the bump, and reads in between would go unnoticed.
    async fn write<T: Send + 'static>(
        &self,
        ids: Vec<AccountId>,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let overtaken = Overtaken { inner: self.inner.clone(), ids };
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(overtaken);
            done
        });
        task.await.unwrap_or_else(|lost| Err(StoreError::unavailable(lost)))
    }
}

/// Makes what is known of these accounts worthless when it is dropped: after a success, after a failure
/// (which may have been written all the same), and after a panic.
struct Overtaken {
    inner: Arc<Inner>,
    ids: Vec<AccountId>,
}

impl Drop for Overtaken {
    fn drop(&mut self) {
        self.ids.iter().for_each(|id| self.inner.stamps.bump(id));
    }
}
