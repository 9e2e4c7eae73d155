//! Prefixes to which nothing of an account goes for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A prefix that nothing goes to for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The beginning of the numbers.
    pub prefix: Arc<str>,
    /// When it ends, ms.
    pub until: i64,
}

/// Blocks of all accounts.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    accounts: HashMap<Arc<str>, VecDeque<Block>>,
}

// === impl Blocks ===

impl Blocks {
    /// Opens one, or makes one longer: one that ends sooner does not lift one that ends later.
    pub(super) fn open(&mut self, account: &str, prefix: &str, now: i64, until: i64, most: usize) {
        let blocks = self.accounts.entry(account.into()).or_default();
        let same = blocks.iter().filter(|block| &*block.prefix == prefix).map(|block| block.until);
        let until = same.fold(until, i64::max);
        blocks.retain(|block| block.until > now && &*block.prefix != prefix);
        blocks.push_back(Block { prefix: prefix.into(), until });
        while blocks.len() > most {
            blocks.pop_front();
        }
    }

    /// Lifts one; whether there was one.
    pub(super) fn lift(&mut self, account: &str, prefix: &str) -> bool {
        let Some(blocks) = self.accounts.get_mut(account) else { return false };
        let before = blocks.len();
        blocks.retain(|block| &*block.prefix != prefix);
        let lifted = blocks.len() < before;
        if blocks.is_empty() {
            self.accounts.remove(account);
        }
        lifted
    }

    pub(super) fn of(&self, account: &str) -> impl Iterator<Item = &Block> {
        self.accounts.get(account).into_iter().flatten()
    }

    /// Until when traffic to a number is stopped.
    pub(super) fn until(&self, account: &str, number: &str, now: i64) -> Option<i64> {
        let open = self.of(account).filter(|block| block.until > now && number.starts_with(&*block.prefix));
        open.map(|block| block.until).max()
    }

    pub(super) fn len(&self) -> usize {
        self.accounts.values().map(VecDeque::len).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Block)> {
        self.accounts.iter().flat_map(|(account, blocks)| blocks.iter().map(move |block| (account, block)))
    }
}
