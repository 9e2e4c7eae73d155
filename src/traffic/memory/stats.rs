//! How much a traffic memory keeps.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::super::plan::Plan;
use super::Memory;

/// What is kept, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entries of all keys.
    pub entries: usize,
    /// Keys.
    pub keys: usize,
    /// Attempts that may yet get an outcome.
    pub attempts: usize,
    /// Prefix blocks.
    pub blocks: usize,
    /// Keys that had to go before their time, by counter.
    pub evicted: Vec<(Arc<str>, u64)>,
    /// Attempts that had to.
    pub evicted_attempts: u64,
}

// === impl Memory ===

impl Memory {
    /// How many entries are kept, and how many keys and attempts had to go.
    pub fn size(&self) -> (usize, u64) {
        let stats = self.stats();
        (stats.entries, stats.evicted.iter().map(|(_, gone)| gone).sum::<u64>() + stats.evicted_attempts)
    }

    /// What is kept. Walks over all keys: for metrics, not for each request.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats {
            evicted_attempts: self.evicted_attempts.load(Ordering::Relaxed),
            evicted: self
                .plans
                .iter()
                .map(|plan| (plan.counter.name.clone(), self.evicted_of(plan)))
                .collect(),
            ..Stats::default()
        };
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            stats.keys += shard.keys();
            stats.entries += shard.entries();
        }
        for attempts in &self.attempts {
            stats.attempts += attempts.lock().unwrap_or_else(PoisonError::into_inner).len();
        }
        for blocks in &self.blocks {
            stats.blocks += blocks.lock().unwrap_or_else(PoisonError::into_inner).len();
        }
        stats
    }

    /// How many keys there are, without looking at them.
    #[cfg(test)]
    pub(in crate::traffic) fn stats_of_keys(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).keys()).sum()
    }

    fn evicted_of(&self, plan: &Plan) -> u64 {
        self.evicted.get(plan.counter.place).map_or(0, |gone| gone.load(Ordering::Relaxed))
    }
}
