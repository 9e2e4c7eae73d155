//! A map bounded in entries and in time, in shards so that keys rarely wait for each other.
//!
//! Age and order are those of insertion or renewal, so the front of the order is both the oldest
//! and the next to expire, and each insertion clears what is due there.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Below twice this many entries one shard is enough, and the bound is exact.
const SHARD_ENTRIES: usize = 1024;
const MAX_SHARDS: usize = 64;
/// How many entries that must stay are passed over in search of one that may go.
const MAX_PASSED_OVER: usize = 64;

/// A bounded map. It holds up to `capacity` entries, split evenly over its shards, plus those that
/// must stay for the moment.
pub(super) struct Memory<K, V> {
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
    shard_capacity: usize,
    ttl_ms: i64,
    may_go: fn(&V) -> bool,
    evicted: AtomicU64,
}

struct Shard<K, V> {
    entries: HashMap<K, Entry<V>>,
    // INVARIANT: holds exactly the `seq` of each entry.
    order: BTreeMap<u64, K>,
    next: u64,
}

struct Entry<V> {
    value: V,
    seq: u64,
    since_ms: i64,
}

impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory {{ {} shards, .. }}", self.shards.len())
    }
}

// === impl Memory ===

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    /// `may_go` says whether an entry can be forgotten right now.
    pub(super) fn new(capacity: usize, ttl: Duration, may_go: fn(&V) -> bool) -> Self {
        let shards = (capacity / SHARD_ENTRIES).clamp(1, MAX_SHARDS);
        Self {
            shards: (0..shards).map(|_| Mutex::new(Shard::new())).collect(),
            hasher: RandomState::new(),
            shard_capacity: (capacity / shards).max(1),
            ttl_ms: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
            may_go,
            evicted: AtomicU64::new(0),
        }
    }

    /// The value of `key`, made by `make` if there is none that is young enough.
    pub(super) fn get_or_insert(&self, key: K, now: Timestamp, make: impl FnOnce() -> V) -> V {
        let now_ms = now.as_millisecond();
        let Some(mut shard) = self.shard(&key) else { return make() };
        if let Some(entry) = shard.entries.get(&key)
            && !(self.is_expired(entry, now_ms) && (self.may_go)(&entry.value))
        {
            return entry.value.clone();
        }
        shard.remove(&key);
        self.make_room(&mut shard, now_ms);
        let value = make();
        shard.insert(key, value.clone(), now_ms);
        value
    }

    /// The value of `key`, if there is one that is young enough.
    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let shard = self.shard(key)?;
        let entry = shard.entries.get(key)?;
        (!self.is_expired(entry, now.as_millisecond())).then(|| entry.value.clone())
    }

    /// Lets `key` live from `now` on again, if its value is still the one meant.
    pub(super) fn renew(&self, key: &K, now: Timestamp, is_it: impl FnOnce(&V) -> bool) {
        let Some(mut shard) = self.shard(key) else { return };
        if shard.entries.get(key).is_some_and(|entry| is_it(&entry.value))
            && let Some(entry) = shard.remove(key)
        {
            shard.insert(key.clone(), entry.value, now.as_millisecond());
        }
    }

    /// Forgets `key`.
    pub(super) fn forget(&self, key: &K) {
        if let Some(mut shard) = self.shard(key) {
            shard.remove(key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).entries.len()).sum()
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let shards = u64::try_from(self.shards.len()).ok()?;
        let index = usize::try_from(self.hasher.hash_one(key) % shards).ok()?;
        self.shards.get(index).map(lock)
    }

    /// A clock that was set back makes nothing older.
    fn is_expired(&self, entry: &Entry<V>, now_ms: i64) -> bool {
        now_ms.saturating_sub(entry.since_ms) >= self.ttl_ms
    }

    fn make_room(&self, shard: &mut Shard<K, V>, now_ms: i64) {
        for _ in 0..MAX_PASSED_OVER {
            let Some(key) = shard.oldest().cloned() else { return };
            let Some(entry) = shard.entries.get(&key) else { return };
            let expired = self.is_expired(entry, now_ms);
            if !expired && shard.entries.len() < self.shard_capacity {
                return;
            }
            if !(self.may_go)(&entry.value) {
                // It is in use, so it is young in all but name.
                shard.reorder(&key);
                continue;
            }
            shard.remove(&key);
            if !expired {
                self.evicted.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Shard ===

impl<K: Clone + Eq + Hash, V> Shard<K, V> {
    fn new() -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }

    fn oldest(&self) -> Option<&K> {
        self.order.first_key_value().map(|(_, key)| key)
    }

    fn insert(&mut self, key: K, value: V, since_ms: i64) {
        let seq = self.next;
        self.next += 1;
        self.order.insert(seq, key.clone());
        self.entries.insert(key, Entry { value, seq, since_ms });
    }

    fn remove(&mut self, key: &K) -> Option<Entry<V>> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.seq);
        Some(entry)
    }

    fn reorder(&mut self, key: &K) {
        if let Some(entry) = self.remove(key) {
            self.insert(key.clone(), entry.value, entry.since_ms);
        }
    }
}
