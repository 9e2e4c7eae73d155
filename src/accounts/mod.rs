//! Accounts in memory, in front of the store.
//!
//! A lookup answers from memory where what is there is good enough, and otherwise reads the store: once,
//! however many ask. Good enough is judged here and not by the cache: an entry has an age, and a stamp
//! that every write of its account makes worthless.
//!
//! | the entry is | and then |
//! | --- | --- |
//! | younger than `soft_age` | it is the answer |
//! | younger than `hard_age` | it is the answer, and is read again in the background |
//! | older, or its account was written | it is read again; if that fails: [`Lookup::Stale`] |
//! | not there | it is read; if that fails: [`Lookup::Unavailable`] |
//!
//! "There is no such account" is kept too, for `negative_ttl`. Ancestors are entries like any other, put
//! together at each lookup, so that a suspension of one reaches everything below it at once.
//!
//! Writes go through here and not straight to the store: see [`Accounts::put`]. Those of other processes
//! are noticed by [`Accounts::spawn_watch`].

mod clock;
mod config;
mod entry;
mod flights;
mod lookup;
mod stamps;
mod stats;
mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::notification::RemovalCause;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::domain::AccountId;
use crate::store::Store;
pub use clock::{Clock, SystemClock};
pub use config::{Config, InvalidConfig};
use entry::Entry;
use flights::Flights;
pub use lookup::{Cause, Lookup};
use stamps::Stamps;
use stats::Counts;
pub use stats::Stats;
pub use watch::WATCH_INTERVAL;

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    config: Config,
    clock: Arc<dyn Clock>,
    // INVARIANT: an entry is judged by `Entry::freshness` before anyone uses it.
    entries: Cache<AccountId, Arc<Entry>>,
    stamps: Stamps,
    flights: Flights,
    /// Where the store is read: a flight is not ended by the end of the thread that serves who asked first.
    background: Option<Handle>,
    counts: Arc<Counts>,
}

// === impl Accounts ===

impl Accounts {
    /// An empty cache over the store, which is read on the runtime that this is called on, or outside
    /// of one, on that of who asks.
    ///
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn new(store: Arc<dyn Store>, config: Config) -> Result<Self, InvalidConfig> {
        Self::with_clock(store, config, Arc::new(SystemClock))
    }

    /// The same, with ages measured by `clock`. Waits are measured by tokio.
    ///
    /// # Errors
    /// As [`Accounts::new`].
    pub fn with_clock(
        store: Arc<dyn Store>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidConfig> {
        config.validate()?;
        let counts = Arc::new(Counts::default());
        let entries = entries(config.capacity, counts.clone());
        let inner = Inner {
            store,
            config,
            clock,
            entries,
            stamps: Stamps::new(),
            flights: Flights::default(),
            background: Handle::try_current().ok(),
            counts,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store behind it, for reads that must not come from memory. Writes of accounts go through
    /// [`Accounts`].
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// The longest that a lookup waits for the store: `load_timeout`.
    pub fn longest_wait(&self) -> Duration {
        self.inner.config.load_timeout
    }

    /// The account with what its ancestors make of it. Waits up to `load_timeout` for the store.
    pub async fn lookup(&self, id: &AccountId) -> Lookup {
        self.lookup_within(id, self.longest_wait()).await
    }

    /// The same, waiting up to `wait`, ancestors included. With no time at all, what is in memory is the
    /// answer; the store is still read in the background, for the next one who asks.
    pub async fn lookup_within(&self, id: &AccountId, wait: Duration) -> Lookup {
        self.inner.resolve(id, Instant::now() + wait).await.unwrap_or_else(Lookup::from)
    }

    /// The account `child` if `parent` is one of its ancestors; otherwise [`Lookup::NotFound`], whether
    /// or not there is a `child`. Waits up to `load_timeout` for the store.
    pub async fn subaccount(&self, parent: &AccountId, child: &AccountId) -> Lookup {
        self.subaccount_within(parent, child, self.longest_wait()).await
    }

    /// The same, waiting up to `wait`.
    pub async fn subaccount_within(&self, parent: &AccountId, child: &AccountId, wait: Duration) -> Lookup {
        match self.lookup_within(child, wait).await {
            Lookup::Found(found) if !found.ancestors.contains(parent) => Lookup::NotFound,
            other => other,
        }
    }

    /// Makes every entry worthless: each account is read from the store before it is served again.
    pub fn flush(&self) {
        self.inner.stamps.bump_all();
        Counts::add(&self.inner.counts.flushes);
    }

    /// What happened so far.
    pub fn stats(&self) -> Stats {
        self.inner.counts.snapshot(self.inner.entries.entry_count())
    }
}

fn entries(capacity: u64, counts: Arc<Counts>) -> Cache<AccountId, Arc<Entry>> {
    let evicted = move |_, _, cause| {
        if matches!(cause, RemovalCause::Size) {
            Counts::add(&counts.evictions);
        }
    };
    Cache::builder().name("accounts").max_capacity(capacity).eviction_listener(evicted).build()
}

#[cfg(test)]
mod tests;
