//! Counts of what the cache did, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What the cache did since it was made. Each ancestor that a lookup needs counts like an
        /// account that was asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)+
            /// Accounts in memory now, roughly.
            pub entries: u64,
        }

        #[derive(Default)]
        pub(super) struct Counts { $(pub(super) $name: AtomicU64),+ }

        impl Counts {
            pub(super) fn snapshot(&self, entries: u64) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)+ entries }
            }
        }
    };
}

counts! {
    /// Answered from memory, what is not there included.
    hits,
    /// Not in memory, or not good enough.
    misses,
    /// Reads of the store.
    loads,
    /// Reads of the store that failed.
    errors,
    /// Lookups that gave up waiting for a read.
    timeouts,
    /// Entries that made room for others.
    evictions,
    /// Times that everything was made worthless.
    flushes,
}

// === impl Counts ===

impl Counts {
    pub(super) fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}
