//! What a core has on its hands, as the acceptor sees it: how many connections are open, how many of them
//! had something to say lately, and how much. A thousand idle ones are no work; one hot one is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// How many connections came, and how many were turned away for want of room; both count up.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// The connections of one core.
#[derive(Debug, Default)]
pub(super) struct Load {
    open: AtomicUsize,
    /// Bytes that were read from all of them so far.
    read: AtomicU64,
    /// The number of the running window of time.
    window: AtomicU32,
    /// Connections that were heard in the running window and in the one before it.
    heard: [AtomicUsize; 2],
}

/// One connection's place among those of a core; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    load: Arc<Load>,
    /// The window in which it was heard last.
    heard: Option<u32>,
}

// === impl Load ===

impl Load {
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Bytes that were read so far: what a core has to do grows with them, and unlike the time that a core
    /// was busy they are known while it still is.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Begins another window, and says how many connections were heard in the one that ends.
    ///
    /// A connection that is heard at this very moment may be counted in either; it is a measure, not a count.
    pub(super) fn turn(&self) -> usize {
        let window = self.window.load(Ordering::Relaxed);
        let next = window.wrapping_add(1);
        self.slot(next).store(0, Ordering::Relaxed);
        self.window.store(next, Ordering::Relaxed);
        self.slot(window).load(Ordering::Relaxed)
    }

    fn slot(&self, window: u32) -> &AtomicUsize {
        let [even, odd] = &self.heard;
        if window.is_multiple_of(2) { even } else { odd }
    }
}

// === impl Place ===

impl Place {
    pub(super) fn take(load: &Arc<Load>) -> Self {
        load.open.fetch_add(1, Ordering::Relaxed);
        Self { load: load.clone(), heard: None }
    }

    /// Notes that the connection said something.
    pub(super) fn heard(&mut self, bytes: usize) {
        self.load.read.fetch_add(bytes as u64, Ordering::Relaxed);
        let window = self.load.window.load(Ordering::Relaxed);
        if self.heard != Some(window) {
            self.heard = Some(window);
            self.load.slot(window).fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.load.open.fetch_sub(1, Ordering::Relaxed);
    }
}
