//! Writes of lists, after which the next request sees the list as it then is.

use std::sync::Arc;

use super::{Inner, ListError, LiveLists, NewEntry, kept, rows};
use crate::store::{ListRow, Revision, StoreError};

/// A change of one list.
enum Change {
    Add(Vec<ListRow>),
    Remove(Vec<String>),
    Replace(Vec<ListRow>),
}

// === impl LiveLists ===

impl LiveLists {
    /// Adds entries; one that is there gets the new payload.
    ///
    /// # Errors
    /// When the list may not be written or an entry is malformed (nothing is written), or the store
    /// fails (it may or may not be written).
    pub async fn add(&self, list: &str, entries: Vec<NewEntry>) -> Result<Revision, ListError> {
        let rows = self.checked(list, entries)?;
        self.put_rows(list, rows, false).await
    }

    /// Removes entries from the store's part of the list, and says how many there were.
    ///
    /// Values are not checked against the matcher, so that one which an older version took can go.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn remove(&self, list: &str, values: &[String]) -> Result<(u64, Revision), ListError> {
        let list = self.writable(list)?;
        let keys = values.iter().map(|value| kept(list.matching, value)).collect();
        self.change(list.name.clone(), Change::Remove(keys)).await
    }

    /// Puts these entries in place of all that the store has of the list.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn replace(&self, list: &str, entries: Vec<NewEntry>) -> Result<Revision, ListError> {
        let rows = self.checked(list, entries)?;
        self.put_rows(list, rows, true).await
    }

    /// Adds rows that [`rows`] has made, or puts them in place of all that the store has of the list.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn put_rows(
        &self,
        list: &str,
        rows: Vec<ListRow>,
        replace: bool,
    ) -> Result<Revision, ListError> {
        let list = self.writable(list)?.name.clone();
        let change = if replace { Change::Replace(rows) } else { Change::Add(rows) };
        self.change(list, change).await.map(|(_, revision)| revision)
    }

    fn checked(&self, list: &str, entries: Vec<NewEntry>) -> Result<Vec<ListRow>, ListError> {
        rows(&*self.writable(list)?, entries).map_err(|problems| ListError::Invalid { problems })
    }

    /// Carries the change out in a task of its own: were it dropped half-way with its caller, an entry
    /// could be in the store and not in force, and nobody would notice.
    async fn change(&self, list: Arc<str>, change: Change) -> Result<(u64, Revision), ListError> {
        let inner = self.inner.clone();
        let task = tokio::spawn(async move { inner.change(&list, change).await });
        task.await.unwrap_or_else(|lost| Err(StoreError::unavailable(lost))).map_err(ListError::from)
    }
}

// === impl Inner ===

impl Inner {
    async fn change(&self, list: &str, change: Change) -> Result<(u64, Revision), StoreError> {
        let mut state = self.state.lock().await;
        // Until the list is in force again, a read of the store is owed, whatever becomes of this.
        let seen = state.changes.take();
        let answer = match change {
            Change::Add(rows) => self.store.add_entries(list, rows).await.map(|revision| (0, revision)),
            Change::Remove(keys) => self.store.remove_entries(list, keys).await,
            Change::Replace(rows) => self.store.replace_list(list, rows).await.map(|revision| (0, revision)),
        }?;
        if self.reload(&mut state, list).await? {
            state.changes = seen;
        }
        Ok(answer)
    }
}
