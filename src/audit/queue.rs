//! The bounded queue between those who decide and the one thread that writes.
//!
//! Adding takes one short lock and wakes the writer only if it sleeps. The writer takes records in
//! batches, so its lock is rare.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Record;

/// What happens to a record when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The caller waits for room, `wait` at most; then the record is dropped and counted.
    ///
    /// A decision without a record is what must not be, so by default the service slows down before
    /// it loses one. The wait is bounded because a disk that hangs must not take down live traffic:
    /// and once a wait was in vain nobody waits again until the writer has moved, so a disk that
    /// hangs costs each thread one wait and not one for each request.
    Block {
        /// Longest time that a caller waits.
        wait: Duration,
    },
    /// The record is dropped at once, and counted.
    Drop,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It is in the queue.
    AtOnce,
    /// It is in the queue, after a wait.
    AfterWait,
    /// There was no room; it is gone.
    Dropped {
        /// Whether it waited first.
        waited: bool,
    },
}

/// What the writer finds when it asks.
pub(super) enum Taken {
    /// Records, oldest first.
    Batch(VecDeque<Record>),
    /// Nothing, and nothing will come.
    Closed,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Signals the writer: records, or the end.
    filled: Condvar,
    /// Signals those who wait for room.
    emptied: Condvar,
    /// Signals whoever closes.
    finished: Condvar,
    capacity: usize,
    overflow: Overflow,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<Record>,
    /// The writer sleeps until it is woken.
    idle: bool,
    /// A wait was in vain and the writer has not moved since.
    stalled: bool,
    /// Nothing more is taken in; the writer gives up at this instant.
    closing: Option<Instant>,
    done: bool,
}

/// How long the writer lets records gather before it writes them, which saves a write and a wake-up
/// for each. It is also how much a crash can lose beyond what the system holds.
const GATHER: Duration = Duration::from_millis(2);

/// Most records in one batch: they are held besides those in the queue.
const MAX_BATCH: usize = 1024;

// === impl Queue ===

impl Queue {
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            finished: Condvar::new(),
            capacity: capacity.max(1),
            overflow,
        }
    }

    /// Adds a record, or drops it as [`Overflow`] says.
    pub(super) fn add(&self, record: Record) -> Added {
        let mut state = self.lock();
        if state.closing.is_some() {
            return Added::Dropped { waited: false };
        }
        if state.records.len() < self.capacity {
            self.push(&mut state, record);
            return Added::AtOnce;
        }
        match self.overflow {
            Overflow::Block { wait } if !state.stalled => self.add_after_wait(state, record, wait),
            Overflow::Block { .. } | Overflow::Drop => Added::Dropped { waited: false },
        }
    }

    fn add_after_wait(&self, state: MutexGuard<'_, State>, record: Record, wait: Duration) -> Added {
        let full = |state: &mut State| {
            state.records.len() >= self.capacity && !state.stalled && state.closing.is_none()
        };
        let (mut state, timeout) =
            self.emptied.wait_timeout_while(state, wait, full).unwrap_or_else(PoisonError::into_inner);
        if state.closing.is_none() && state.records.len() < self.capacity {
            self.push(&mut state, record);
            return Added::AfterWait;
        }
        if timeout.timed_out() {
            state.stalled = true;
            self.emptied.notify_all();
        }
        Added::Dropped { waited: true }
    }

    fn push(&self, state: &mut State, record: Record) {
        state.records.push_back(record);
        let gathered = state.records.len() == self.capacity.div_ceil(2).min(MAX_BATCH);
        if state.idle || gathered {
            state.idle = false;
            self.filled.notify_one();
        }
    }

    /// The next batch, waiting for one if need be.
    pub(super) fn take(&self) -> Taken {
        let mut state = self.lock();
        state.idle = state.records.is_empty();
        let nothing = |state: &mut State| state.records.is_empty() && state.closing.is_none();
        state = self.filled.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        state.idle = false;
        let target = self.capacity.div_ceil(2).min(MAX_BATCH);
        let few = |state: &mut State| state.records.len() < target && state.closing.is_none();
        (state, _) =
            self.filled.wait_timeout_while(state, GATHER, few).unwrap_or_else(PoisonError::into_inner);
        if state.records.is_empty() {
            return Taken::Closed;
        }
        let take = state.records.len().min(MAX_BATCH);
        let batch = state.records.drain(..take).collect();
        state.stalled = false;
        self.emptied.notify_all();
        Taken::Batch(batch)
    }

    /// Sleeps before another attempt to write, less if the end comes. `false`: there is no more time.
    pub(super) fn pause(&self, delay: Duration) -> bool {
        let open = |state: &mut State| state.closing.is_none();
        let (state, _) =
            self.filled.wait_timeout_while(self.lock(), delay, open).unwrap_or_else(PoisonError::into_inner);
        let Some(deadline) = state.closing else { return true };
        drop(state);
        let left = deadline.saturating_duration_since(Instant::now());
        // Nobody signals during closing, so this wait needs no condition.
        std::thread::sleep(delay.min(left).min(Duration::from_millis(20)));
        Instant::now() < deadline
    }

    /// Takes nothing in any more, and waits until the writer is done or `deadline` has come.
    pub(super) fn close(&self, deadline: Instant) {
        let state = self.begin_close(deadline);
        let left = deadline.saturating_duration_since(Instant::now());
        let busy = |state: &mut State| !state.done;
        let _ = self.finished.wait_timeout_while(state, left, busy);
    }

    /// As [`Queue::close`], without waiting.
    pub(super) fn abandon(&self, deadline: Instant) {
        drop(self.begin_close(deadline));
    }

    fn begin_close(&self, deadline: Instant) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.closing.get_or_insert(deadline);
        self.filled.notify_all();
        self.emptied.notify_all();
        state
    }

    /// Says that the writer is done.
    pub(super) fn finish(&self) {
        self.lock().done = true;
        self.finished.notify_all();
    }

    pub(super) fn depth(&self) -> usize {
        self.lock().records.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
