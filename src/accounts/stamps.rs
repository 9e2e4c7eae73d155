//! Stamps: how an entry, and a read that is still under way, learn that their account was written.
//!
//! A read takes the account's stamp before it begins. A write changes the stamp after it is done. What
//! carries another stamp than the current one may be from before the write. That takes no lock, works
//! from a destructor, and needs no memory for each account: accounts share stamps by their hash, so that
//! a write of one makes about a thousandth of the others be read again, which costs little and harms
//! nothing.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::AccountId;

const STRIPES: usize = 1_024;

pub(super) struct Stamps {
    hasher: RandomState,
    stripes: Box<[AtomicU64]>,
    everything: AtomicU64,
}

// === impl Stamps ===

impl Stamps {
    pub(super) fn new() -> Self {
        let stripes = (0..STRIPES).map(|_| AtomicU64::new(0)).collect();
        Self { hasher: RandomState::new(), stripes, everything: AtomicU64::new(0) }
    }

    /// The current stamp. Both parts only grow, so the sum changes when either does.
    pub(super) fn current(&self, id: &AccountId) -> u64 {
        let everything = self.everything.load(Ordering::Acquire);
        everything + self.stripe(id).load(Ordering::Acquire)
    }

    pub(super) fn bump(&self, id: &AccountId) {
        self.stripe(id).fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn bump_all(&self) {
        self.everything.fetch_add(1, Ordering::AcqRel);
    }

    #[expect(clippy::indexing_slicing, reason = "the index is taken modulo the length, which is not zero")]
    #[expect(clippy::cast_possible_truncation, reason = "any part of a hash is a hash")]
    fn stripe(&self, id: &AccountId) -> &AtomicU64 {
        &self.stripes[self.hasher.hash_one(id) as usize % STRIPES]
    }
}
