//! The lists in force: the bundle's, with what the store adds to them.
//!
//! Rules read a snapshot in memory, never the store. A write goes to the store first and then into
//! the snapshot, before it is answered, so that the next request sees it; a write of another process
//! is noticed by asking. The store adds to a list and takes back what it added: an entry that came
//! with the bundle changes with the bundle alone.
//!
//! Whoever puts another bundle in force calls [`LiveLists::load`] afterwards.

mod entry;
#[cfg(test)]
mod tests;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::bundle::{Policy, Snapshot};
use crate::lists::{Kind, List, Lists, Match};
use crate::store::{ListInfo, ListRow, MAX_PAGE, Revision, Store, StoreError};

pub use entry::{InvalidEntry, MAX_PROBLEMS, NewEntry, Part, check_bounds, kept, row, rows};
pub use watch::WATCH_INTERVAL;

/// Most names of lists in one warning.
const MAX_WARNED: usize = 10;

/// The lists in force, and the way to change them. Clones are the same.
#[derive(Clone)]
pub struct LiveLists {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Arc<Policy>,
    store: Arc<dyn Store>,
    // Held over a whole write or load, so that two of them cannot put each other's snapshot back.
    state: Mutex<State>,
}

/// What of the store is in force.
#[derive(Default)]
struct State {
    /// Count of others' changes when the store was last read; unknown while a read is owed.
    changes: Option<u64>,
    /// Everything up to this change is in force.
    revision: Revision,
    /// The bundle that `revisions` is about.
    digest: Arc<str>,
    /// The change that each list of the store was last read at.
    revisions: BTreeMap<String, Revision>,
    /// Lists of the store that are left out.
    skipped: Vec<String>,
}

/// An entry that matched.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// Its value, as it is kept: a prefix or a parent domain may be shorter than what was looked up.
    pub value: String,
    /// What comes with it; `null` if nothing does.
    pub payload: Value,
}

/// A list at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Whose values it has and how it compares; `None`: the bundle does not declare it.
    pub declared: Option<(Kind, Match)>,
    /// How many entries it has, from bundle and store together.
    pub entries: u64,
    /// The change of the store that it was last part of; 0: as the bundle brought it.
    pub revision: Revision,
}

/// Why a list cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The bundle in force does not declare it.
    #[error("list `{list}` is not one of the bundle's")]
    Unknown {
        /// The name that was asked for.
        list: String,
    },
    /// It is vocabulary of the policy.
    #[error("list `{list}` belongs to the policy and changes with the bundle alone")]
    Policy {
        /// The list.
        list: Arc<str>,
    },
    /// Entries are malformed; nothing was written.
    #[error("{} of the entries are malformed", problems.len())]
    Invalid {
        /// Each of them, up to [`MAX_PROBLEMS`].
        problems: Vec<InvalidEntry>,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl LiveLists ===

impl LiveLists {
    /// Lists of this policy and this store. Nothing of the store is in force before [`Self::load`].
    pub fn new(policy: Arc<Policy>, store: Arc<dyn Store>) -> Self {
        Self { inner: Arc::new(Inner { policy, store, state: Mutex::default() }) }
    }

    /// Puts in force what the store has: every list that changed since it was last read. Lists that
    /// the bundle does not declare, or that belong to the policy, are left out with a warning.
    ///
    /// # Errors
    /// When the store cannot be read; then what was in force stays.
    pub async fn load(&self) -> Result<Revision, StoreError> {
        let mut state = self.inner.state.lock().await;
        self.inner.load(&mut state).await?;
        Ok(state.revision)
    }

    /// Puts in force what the store has of one list.
    ///
    /// # Errors
    /// When the list may not be written, or the store cannot be read.
    pub async fn reload(&self, list: &str) -> Result<(), ListError> {
        let name = self.writable(list)?.name.clone();
        let mut state = self.inner.state.lock().await;
        self.inner.reload(&mut state, &name).await?;
        Ok(())
    }

    /// Makes sure that every change up to `revision` is in force, if there has been one, and says up
    /// to which change everything is.
    ///
    /// # Errors
    /// When the store has to be read and cannot be.
    pub async fn catch_up(&self, revision: Revision) -> Result<Revision, StoreError> {
        let mut state = self.inner.state.lock().await;
        if state.revision < revision {
            self.inner.load(&mut state).await?;
        }
        Ok(state.revision)
    }

    /// The entry of a list that `value` matches, the way that rules look it up.
    ///
    /// # Errors
    /// [`ListError::Unknown`].
    pub fn contains(&self, list: &str, value: &str) -> Result<Option<Found>, ListError> {
        Ok(Found::in_list(&*self.declared(list)?, value))
    }

    /// Every list, by name: those in force, and those that only the store knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn describe(&self) -> Result<Vec<Described>, StoreError> {
        let snapshot = self.inner.policy.current();
        let mut lists: BTreeMap<String, Described> =
            snapshot.lists.iter().map(|list| (list.name.to_string(), described(list))).collect();
        for info in self.inner.store.list_names().await? {
            match lists.get_mut(&info.name) {
                Some(list) => list.revision = info.revision,
                None => drop(lists.insert(info.name.clone(), undeclared(info))),
            }
        }
        Ok(lists.into_values().collect())
    }

    /// The list as it is in force.
    ///
    /// # Errors
    /// [`ListError::Unknown`].
    pub fn declared(&self, list: &str) -> Result<Arc<List>, ListError> {
        let snapshot = self.inner.policy.current();
        snapshot.lists.get(list).cloned().ok_or_else(|| ListError::Unknown { list: list.to_owned() })
    }

    /// The list as it is in force, if entries may be written to it.
    ///
    /// # Errors
    /// [`ListError::Unknown`], [`ListError::Policy`].
    pub fn writable(&self, list: &str) -> Result<Arc<List>, ListError> {
        let list = self.declared(list)?;
        match list.kind {
            Kind::Feed => Ok(list),
            Kind::Policy => Err(ListError::Policy { list: list.name.clone() }),
        }
    }
}

// === impl Inner ===

impl Inner {
    async fn load(&self, state: &mut State) -> Result<(), StoreError> {
        // Both are read before the lists: what changes in between is then read once more, not missed.
        let changes = self.store.changed_by_others().await?;
        let revision = self.store.revision().await?;
        let snapshot = self.policy.current();
        state.of_bundle(&snapshot.bundle.digest);
        let known = |info: &ListInfo| is_feed(&snapshot, &info.name);
        let (ours, others): (Vec<_>, Vec<_>) = self.store.list_names().await?.into_iter().partition(known);
        let mut read = Vec::new();
        for info in ours {
            if state.revisions.get(&info.name) < Some(&info.revision) {
                read.extend(self.read(&snapshot, &info.name).await?.map(|list| (list, info.revision)));
            }
        }
        if self.put_in_force(state, &snapshot, read) {
            state.changes = Some(changes);
            state.revision = state.revision.max(revision);
        }
        state.skip(others);
        Ok(())
    }

    /// `false`: another bundle came into force meanwhile, and a read is owed.
    async fn reload(&self, state: &mut State, name: &str) -> Result<bool, StoreError> {
        let snapshot = self.policy.current();
        state.of_bundle(&snapshot.bundle.digest);
        let revision = self.store.revision().await?;
        let read = self.read(&snapshot, name).await?.map(|list| (list, revision));
        Ok(self.put_in_force(state, &snapshot, read))
    }

    /// The bundle's list with all that the store has of it.
    async fn read(&self, snapshot: &Snapshot, name: &str) -> Result<Option<List>, StoreError> {
        let Some(list) = snapshot.bundle.lists.get(name) else { return Ok(None) };
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.entries(name, after.as_deref(), MAX_PAGE).await?;
            after = page.last().map(|row| row.key.clone());
            let at_end = page.len() < MAX_PAGE;
            for row in page {
                entries.push(parsed(name, row)?);
            }
            if at_end {
                return Ok(Some(list.extended(entries)));
            }
        }
    }

    /// Swaps the snapshot, unless another bundle has come into force since `snapshot` was taken: its
    /// lists are then somebody's to read, and the watch will.
    fn put_in_force(
        &self,
        state: &mut State,
        snapshot: &Snapshot,
        read: impl IntoIterator<Item = (List, Revision)>,
    ) -> bool {
        let current = self.policy.current();
        if !Arc::ptr_eq(&current.bundle, &snapshot.bundle) {
            state.changes = None;
            return false;
        }
        let mut lists = Lists::clone(&current.lists);
        let mut read = read.into_iter().peekable();
        if read.peek().is_none() {
            return true;
        }
        for (list, revision) in read {
            state.revisions.insert(list.name.to_string(), revision);
            lists.insert(list);
        }
        self.policy.swap(current.with_lists(Arc::new(lists)));
        true
    }
}

// === impl State ===

impl State {
    /// Forgets what was read if it was read into another bundle's lists.
    fn of_bundle(&mut self, digest: &Arc<str>) {
        if self.digest != *digest {
            *self = Self { digest: digest.clone(), ..Self::default() };
        }
    }

    /// Says once which lists are left out.
    fn skip(&mut self, lists: Vec<ListInfo>) {
        let skipped: Vec<String> = lists.into_iter().map(|info| info.name).collect();
        if skipped != self.skipped && !skipped.is_empty() {
            let names = skipped.iter().take(MAX_WARNED).map(String::as_str).collect::<Vec<_>>().join(", ");
            tracing::warn!(count = skipped.len(), names, "the store has lists that the bundle does not take");
        }
        self.skipped = skipped;
    }
}

// === impl Found ===

impl Found {
    /// The entry of this list that `value` matches.
    pub fn in_list(list: &List, value: &str) -> Option<Self> {
        list.find(value).map(|(key, payload)| Self { value: key.to_owned(), payload: payload.clone() })
    }
}

impl std::fmt::Debug for Found {
    // A value may be a phone number or a name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Found { .. }")
    }
}

fn is_feed(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.bundle.lists.get(name).is_some_and(|list| list.kind == Kind::Feed)
}

fn parsed(list: &str, row: ListRow) -> Result<(String, Value), StoreError> {
    let payload = row.payload.as_deref().map_or(Ok(Value::Null), serde_json::from_str);
    let corrupt = |_| StoreError::Corrupt { what: format!("a payload of list `{list}`") };
    payload.map(|payload| (row.key, payload)).map_err(corrupt)
}

fn described(list: &List) -> Described {
    Described {
        name: list.name.to_string(),
        declared: Some((list.kind, list.matching)),
        entries: u64::try_from(list.len()).unwrap_or(u64::MAX),
        revision: Revision(0),
    }
}

fn undeclared(info: ListInfo) -> Described {
    Described { name: info.name, declared: None, entries: info.entries, revision: info.revision }
}
