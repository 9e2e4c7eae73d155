//! Past traffic, by counter and key: what is recorded, what became of it, and what a counter says.
//!
//! Keys are spread over shards with a lock each, so that requests wait for each other only where
//! they count the same things. Bounded in every way; what has to go is counted, and goes first from
//! whoever has most. An account that overflows its share reads low where its own oldest keys were,
//! and nobody else does.

mod bounds;
mod cooldowns;
mod kept;
mod leaving;
mod record;
mod stats;

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLockReadGuard};

use super::aggregate::{Asking, Reading, Smallest};
use super::attempts::Attempts;
use super::blocks::Blocks;
use super::counter::Counter;
use super::digest::{Key, Secret};
use super::event::Event;
use super::field::Field;
use super::journal::Journal;
use super::log::{Log, View};
use super::plan::{Plan, Plans};
use super::segments::image::Change;
use super::shard::{PLATFORM, Setting, Shard};

pub use bounds::{Bounds, USUAL_MIB};
pub(super) use kept::CHANGES;
pub use stats::Stats;

/// Locks over keys. Many more than cores, so that two seldom want the same one.
const SHARDS: usize = 16;
/// Locks over attempts and blocks.
const STRIPES: usize = 16;
/// Locks over accounts that are being decided on.
const TURNS: usize = 256;
/// Events may come so much later than others, ms.
const LATE: i64 = 120_000;

/// Why a counter cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The memory counts by another set of declarations.
    #[error("the traffic memory does not have the counter")]
    Unknown,
    /// A writer failed half-way.
    #[error("the traffic memory is damaged")]
    Damaged,
}

/// What became of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amended {
    /// The attempt is complete now.
    Done,
    /// There is no attempt with that id, or it had to go.
    Unknown,
}

/// Past traffic.
pub struct Memory {
    plans: Plans,
    secret: Secret,
    bounds: Bounds,
    shards: Vec<Mutex<Shard>>,
    attempts: Vec<Mutex<Attempts>>,
    blocks: Vec<Mutex<Blocks>>,
    /// Cool-downs for every account that may still hold.
    for_everybody: AtomicUsize,
    turns: Vec<Mutex<()>>,
    /// The longest that events of each counter can count, by the widest window asked for, ms.
    spans: Vec<AtomicI64>,
    /// The time, ms, once it was told.
    now: AtomicI64,
    /// The newest event known, ms: the time until it was told.
    newest: AtomicI64,
    /// Shards that were looked through for what is too old.
    tended: AtomicUsize,
    evicted: Vec<AtomicU64>,
    evicted_attempts: AtomicU64,
    journal: Journal,
}

/// An account's turn to be decided on; over when dropped.
#[must_use]
pub struct Turn<'m>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'m, ()>);

/// It is full of people's numbers and of other people's ids: only how much there is is shown.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory {{ {} counters, .. }}", self.plans.iter().count())
    }
}

// === impl Memory ===

impl Memory {
    /// A memory that holds nothing yet. `limit` gives the bundle's limits by their places.
    pub fn new(counters: &[Counter], limit: &dyn Fn(usize) -> Option<i64>, bounds: Bounds) -> Self {
        Self::keyed(Secret::random(), counters, limit, bounds)
    }

    /// The same, with hashes that are keyed with a secret that is known elsewhere.
    pub(super) fn keyed(
        secret: Secret,
        counters: &[Counter],
        limit: &dyn Fn(usize) -> Option<i64>,
        bounds: Bounds,
    ) -> Self {
        let plans = Plans::new(counters, secret, limit);
        let span = |counter: &Counter| AtomicI64::new(plans.get(counter.place).map_or(0, |plan| plan.span));
        Self {
            spans: counters.iter().map(span).collect(),
            plans,
            secret,
            bounds,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            attempts: (0..STRIPES).map(|_| Mutex::new(Attempts::new(secret))).collect(),
            blocks: (0..STRIPES).map(|_| Mutex::default()).collect(),
            for_everybody: AtomicUsize::new(0),
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
            now: AtomicI64::new(i64::MIN),
            newest: AtomicI64::new(i64::MIN),
            tended: AtomicUsize::new(0),
            evicted: counters.iter().map(|_| AtomicU64::new(0)).collect(),
            evicted_attempts: AtomicU64::new(0),
            journal: Journal::default(),
        }
    }

    /// What a counter says of the attempt that is being decided.
    ///
    /// # Errors
    /// When the memory cannot tell, or a limit cannot be had.
    pub fn read<E: From<Unreadable>>(&self, counter: &Counter, asking: &Asking<'_, E>) -> Result<Reading, E> {
        let plan = self.plan(counter)?;
        let Some(key) = plan.key(asking.present) else { return Ok(Reading::default()) };
        let asked = plan.ask(asking)?.ok_or(Unreadable::Unknown)?;
        self.widen_to(plan, asking.now.saturating_sub(asked.from));
        let smallest = Smallest::of(&plan.counter.aggregate, asking)?;
        let entry = plan.entry(asking.present);
        let this = plan.value_of(asking.present);
        let counts = plan.counter.counts_this && plan.counter.takes(asking.present);
        let present = entry.filter(|entry| {
            counts && (asked.from..=asked.to).contains(&entry.at) && plan.admits(entry, &asked.limits)
        });
        let mut shard = self.shard(key)?;
        let read = |view: View<'_>| plan.reading(view, present.as_ref(), this, &asked, smallest);
        Ok(match shard.find(key) {
            Some(log) => log.window(plan, &asked, read),
            None => Log::default().window(plan, &asked, read),
        })
    }

    /// The account's turn: from a decision to its remembering nobody else decides on it, so that two
    /// attempts are not both the last one that it may make. Not to be held across an await.
    pub fn turn(&self, account: &str) -> Turn<'_> {
        let stripe = stripe(&self.turns, self.secret.text(account));
        // Nothing is behind the lock that a failed holder could have left half done.
        Turn(stripe.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says what time it is, ms: from then on events are too old by that and not by each other's times,
    /// so that one with a wrong time pushes nothing out.
    pub fn tick(&self, now: i64) {
        self.now.fetch_max(now, Ordering::Relaxed);
    }

    /// Keeps events as long as an account's own limits ask for, from now on.
    pub fn widen(&self, limit: &dyn Fn(usize) -> Option<i64>) {
        for plan in self.plans.iter() {
            self.widen_to(plan, plan.span_by(limit));
        }
    }

    fn span(&self, plan: &Plan) -> i64 {
        self.spans.get(plan.counter.place).map_or(0, |span| span.load(Ordering::Relaxed))
    }

    fn plan(&self, counter: &Counter) -> Result<&Plan, Unreadable> {
        let plan = self.plans.get(counter.place).filter(|plan| plan.counter.name == counter.name);
        plan.ok_or(Unreadable::Unknown)
    }

    fn widen_to(&self, plan: &Plan, span: i64) {
        if let Some(known) = self.spans.get(plan.counter.place)
            && plan.counter.window_ends()
            && known.load(Ordering::Relaxed) < span
        {
            known.fetch_max(span, Ordering::Relaxed);
        }
    }

    /// Takes one state of an event out of every counter and puts another one in. Each counter sees
    /// both at once.
    fn apply(&self, old: Option<&Event>, new: Option<&Event>) -> Result<u64, Unreadable> {
        let Some(event) = new.or(old) else { return Ok(0) };
        let clock = self.clock(event.at);
        let owner = event.text(Field::Account).map_or(PLATFORM, |account| self.secret.text(account));
        let keep = |place: usize| {
            self.spans.get(place).map_or(i64::MAX, |span| span.load(Ordering::Relaxed)).saturating_add(LATE)
        };
        let room = self.bounds.room();
        let setting = Setting { plans: &self.plans, room, keep: &keep, clock };
        let mut gone = 0;
        for plan in self.plans.of(event) {
            let state = |event: Option<&Event>| event.and_then(|e| Some((plan.key(e)?, plan.entry(e)?)));
            let (old, new) = (state(old), state(new));
            if old == new {
                continue;
            }
            let mut held = None;
            if let Some((key, entry)) = old {
                let mut shard = self.shard(key)?;
                shard.take_out(plan, key, &entry);
                held = Some((shard_number(key), shard));
            }
            if let Some((key, entry)) = new {
                let mut shard = match held.take() {
                    Some((number, shard)) if number == shard_number(key) => shard,
                    other => {
                        drop(other);
                        self.shard(key)?
                    }
                };
                for place in shard.insert(&setting, plan, key, owner, entry) {
                    gone += 1;
                    if let Some(evicted) = self.evicted.get(place) {
                        evicted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        self.tend(&setting);
        Ok(gone)
    }

    /// Writes a change down, if changes are: whoever makes one holds the journal before any other lock,
    /// and until it is made.
    fn write_down(&self, held: Option<&RwLockReadGuard<'_, ()>>, change: &Change<'_>) {
        if held.is_some() {
            self.journal.append(&change.bytes());
        }
    }

    fn clock(&self, at: i64) -> i64 {
        let told = self.now.load(Ordering::Relaxed);
        if told > i64::MIN { told } else { self.newest.fetch_max(at, Ordering::Relaxed).max(at) }
    }

    /// Drops what is too old from one shard after the other, also from those that nobody writes to;
    /// one that is in use has its turn later.
    fn tend(&self, setting: &Setting<'_>) {
        let next = self.tended.fetch_add(1, Ordering::Relaxed) % SHARDS;
        if let Some(mut shard) = self.shards.get(next).and_then(|shard| shard.try_lock().ok()) {
            shard.sweep(setting);
        }
    }

    fn shard(&self, key: Key) -> Result<MutexGuard<'_, Shard>, Unreadable> {
        let shard = self.shards.get(shard_number(key)).ok_or(Unreadable::Unknown)?;
        shard.lock().map_err(|_| Unreadable::Damaged)
    }

    fn attempts_of(&self, account: &str) -> Result<MutexGuard<'_, Attempts>, Unreadable> {
        stripe(&self.attempts, self.secret.text(account)).lock().map_err(|_| Unreadable::Damaged)
    }

    fn blocks_of(&self, account: &str) -> Result<MutexGuard<'_, Blocks>, Unreadable> {
        stripe(&self.blocks, self.secret.text(account)).lock().map_err(|_| Unreadable::Damaged)
    }
}

/// By other bits than the shard's table uses.
fn shard_number(key: Key) -> usize {
    usize::try_from(key.0[1]).unwrap_or(0) % SHARDS
}

#[expect(clippy::indexing_slicing, reason = "a remainder is below what it is of, and no lock set is empty")]
fn stripe<T>(locks: &[Mutex<T>], hash: u64) -> &Mutex<T> {
    &locks[usize::try_from(hash).unwrap_or(0) % locks.len()]
}
