//! What happened since the segments were last written to: as bytes, in the order in which it
//! happened, until they are taken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Most bytes that wait; when the disk does not take them, what comes after is lost and counted.
const MOST_BYTES: usize = 64 << 20;

/// Changes that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Journal {
    on: AtomicBool,
    /// Held shared while a change is written down and made, so that a cut finds all changes both
    /// written down and made, or neither.
    gate: RwLock<()>,
    waiting: Mutex<Waiting>,
}

/// Changes as bytes.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) bytes: Vec<u8>,
    /// Changes that did not fit.
    pub(super) lost: u64,
}

// === impl Journal ===

impl Journal {
    pub(super) fn begin(&self) {
        self.on.store(true, Ordering::Release);
    }

    /// To be held while a change is made; none if nobody writes changes down.
    pub(super) fn change(&self) -> Option<RwLockReadGuard<'_, ()>> {
        let on = self.on.load(Ordering::Acquire);
        on.then(|| self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// To be held while the state is cut from what comes after it.
    pub(super) fn cut(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, change: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.bytes.len() + change.len() > MOST_BYTES {
            waiting.lost += 1;
        } else {
            waiting.bytes.extend_from_slice(change);
        }
    }

    /// Everything that waits; then nothing does.
    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
