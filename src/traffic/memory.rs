//! Past traffic, by counter and key: what is recorded, what became of it, and what a counter says.
//!
//! Keys are spread over shards with a lock each, so that requests wait for each other only where
//! they count the same things. Bounded in every way; what has to go is counted, and goes first from
//! whoever has most. An account that overflows its share reads low where its own oldest keys were,
//! and nobody else does.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard};

use super::aggregate::{Asking, Reading, Smallest};
use super::attempts::{Attempts, Most};
use super::blocks::{Block, Blocks};
use super::counter::{Counter, Window};
use super::digest::{Key, Secret};
use super::event::Event;
use super::field::Field;
use super::journal::{Journal, Waiting};
use super::log::{Log, View};
use super::plan::{Plan, Plans};
use super::segments::Malformed;
use super::segments::image::{self, Change, Changed};
use super::shard::{KEY_CELLS, PLATFORM, Room, Setting, Shard};
use crate::domain::Decision;

/// The duty that opens a block.
const BLOCK_PREFIX: &str = "BLOCK_PREFIX";
/// Locks over keys. Many more than cores, so that two seldom want the same one.
const SHARDS: usize = 16;
/// Locks over attempts and blocks.
const STRIPES: usize = 16;
/// Locks over accounts that are being decided on.
const TURNS: usize = 256;
/// Events may come so much later than others, ms.
const LATE: i64 = 120_000;
/// Most instants that [`Memory::leaving`] tells.
const MOST_INSTANTS: usize = 16_384;

/// Kinds of parts of an image.
const SPANS: u8 = 1;
const KEYS: u8 = 2;
const ATTEMPTS: u8 = 3;
/// Changes, in an image or after it.
pub(super) const CHANGES: u8 = 4;

/// How much is kept. A cell is 48 bytes: an entry is one, or two in a key with more than 24, and a
/// key costs three more.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Cells of one account.
    pub cells_of_account: usize,
    /// Cells of all accounts.
    pub cells_of_all: usize,
    /// Keys of one counter.
    pub keys_of_counter: usize,
    /// Attempts of one account of which it may yet be told what became of them.
    pub attempts_of_account: usize,
    /// Such attempts of all accounts.
    pub attempts_of_all: usize,
    /// Prefix blocks of one account.
    pub blocks: usize,
}

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

/// Past traffic.
pub struct Memory {
    plans: Plans,
    secret: Secret,
    bounds: Bounds,
    shards: Vec<Mutex<Shard>>,
    attempts: Vec<Mutex<Attempts>>,
    blocks: Vec<Mutex<Blocks>>,
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

impl Default for Bounds {
    fn default() -> Self {
        Self {
            cells_of_account: 3 << 20,
            cells_of_all: 12 << 20,
            keys_of_counter: 2 << 20,
            attempts_of_account: 1 << 15,
            attempts_of_all: 1 << 18,
            blocks: 1_024,
        }
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
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
            now: AtomicI64::new(i64::MIN),
            newest: AtomicI64::new(i64::MIN),
            tended: AtomicUsize::new(0),
            evicted: counters.iter().map(|_| AtomicU64::new(0)).collect(),
            evicted_attempts: AtomicU64::new(0),
            journal: Journal::default(),
        }
    }

    /// Keeps an event by the keys of every counter that counts it; an attempt with an id, so that
    /// it can be completed. Returns how many keys and attempts had to go.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn record(&self, event: Event) -> Result<u64, Unreadable> {
        let held = self.journal.change();
        self.write_down(held.as_ref(), || Change::Record(&event));
        self.keep(event)
    }

    fn keep(&self, event: Event) -> Result<u64, Unreadable> {
        let evicted = self.apply(None, Some(&event))?;
        Ok(evicted + self.await_outcome(event)?)
    }

    fn await_outcome(&self, event: Event) -> Result<u64, Unreadable> {
        let Some(id) = event.id.clone().filter(|_| !event.refused) else { return Ok(0) };
        let event = Arc::new(event);
        let account = event.text(Field::Account).unwrap_or_default();
        let most = self.bounds.attempts();
        let gone = self.attempts_of(account)?.keep(account, &id, event.clone(), most);
        self.evicted_attempts.fetch_add(gone, Ordering::Relaxed);
        Ok(gone)
    }

    /// Keeps an attempt with what was decided of it, and opens the block that the decision asks for.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn remember(&self, mut attempt: Event, decision: &Decision) -> Result<(), Unreadable> {
        if let Some(reason) = decision.violations.first() {
            attempt.refused = true;
            attempt.set_text(Field::Reason, &reason.code);
        }
        let blocks = decision.obligations.iter().filter(|duty| &*duty.kind == BLOCK_PREFIX);
        for duty in blocks {
            let life = duty.parameters.get("ttl").and_then(|ttl| ttl.parse::<i64>().ok());
            if let (Some(prefix), Some(life), Some(account)) =
                (duty.parameters.get("prefix"), life, attempt.text(Field::Account))
            {
                self.block(account, prefix, attempt.at, attempt.at.saturating_add(life))?;
            }
        }
        self.record(attempt).map(drop)
    }

    /// Completes the attempt that an account made under an id: it is taken out of its counters,
    /// changed, and put back where it then counts. `change` may alter everything but whose it is,
    /// and must not use the memory itself.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn amend(
        &self,
        account: &str,
        id: &str,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        self.amend_one(account, &|attempts| attempts.named(account, id), change)
    }

    /// As [`Self::amend`], for the last message of the account to a recipient.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn amend_last(
        &self,
        account: &str,
        recipient: &str,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        self.amend_one(account, &|attempts| attempts.last_to(account, recipient), change)
    }

    fn amend_one(
        &self,
        account: &str,
        find: &dyn Fn(&Attempts) -> Option<&Arc<Event>>,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        let held = self.journal.change();
        // Held throughout: two outcomes of one attempt follow each other.
        let mut attempts = self.attempts_of(account)?;
        let Some(old) = find(&attempts).cloned() else { return Ok(Amended::Unknown) };
        let Some(id) = &old.id else { return Ok(Amended::Unknown) };
        let mut new = (*old).clone();
        change(&mut new);
        if new == *old {
            return Ok(Amended::Done);
        }
        self.write_down(held.as_ref(), || Change::Amend(&old, &new));
        self.apply(Some(&old), Some(&new))?;
        attempts.replace(account, id, Arc::new(new));
        Ok(Amended::Done)
    }

    /// Stops traffic of an account to a prefix until an instant, ms.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn block(&self, account: &str, prefix: &str, now: i64, until: i64) -> Result<(), Unreadable> {
        let held = self.journal.change();
        let mut blocks = self.blocks_of(account)?;
        self.write_down(held.as_ref(), || Change::Block { account, prefix, now, until });
        blocks.open(account, prefix, now, until, self.bounds.blocks);
        Ok(())
    }

    /// Lifts a block; whether there was one.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn unblock(&self, account: &str, prefix: &str) -> Result<bool, Unreadable> {
        let held = self.journal.change();
        let mut blocks = self.blocks_of(account)?;
        self.write_down(held.as_ref(), || Change::Unblock { account, prefix });
        Ok(blocks.lift(account, prefix))
    }

    /// The blocks of an account, also those that are over.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn blocks(&self, account: &str) -> Result<Vec<Block>, Unreadable> {
        Ok(self.blocks_of(account)?.of(account).cloned().collect())
    }

    /// Until when, ms, traffic of the account to a number is stopped, if it is.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn blocked_until(&self, account: &str, number: &str, now: i64) -> Result<Option<i64>, Unreadable> {
        Ok(self.blocks_of(account)?.until(account, number, now))
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

    /// The instants, ms, ascending, at which what a counter counts for this key changes by time
    /// alone; the first 16,384 of them.
    ///
    /// # Errors
    /// When the memory cannot tell, or a limit cannot be had.
    pub fn leaving<E: From<Unreadable>>(
        &self,
        counter: &Counter,
        asking: &Asking<'_, E>,
    ) -> Result<Vec<i64>, E> {
        let plan = self.plan(counter)?;
        let Some(key) = plan.key(asking.present) else { return Ok(Vec::new()) };
        let asked = plan.ask(asking)?.ok_or(Unreadable::Unknown)?;
        let (back, forth) = (asking.now.saturating_sub(asked.from), asking.now.saturating_sub(asked.to));
        if let Window::Day(zone) = &plan.counter.window {
            return Ok(super::window::next_midnight(asking.now, zone).into_iter().collect());
        }
        let mut shard = self.shard(key)?;
        let Some(log) = shard.find(key) else { return Ok(Vec::new()) };
        let mut instants = Vec::new();
        for entry in log.iter().filter(|entry| entry.at >= asked.from && plan.admits(entry, &asked.limits)) {
            if entry.at > asked.to {
                instants.push(entry.at.saturating_add(forth));
            }
            if plan.counter.window_ends() {
                instants.push(entry.at.saturating_add(back).saturating_add(1));
            }
            if let Some((first, last)) = asked.part {
                instants.push(entry.at.saturating_add(asking.now.saturating_sub(first)).saturating_add(1));
                instants.push(entry.at.saturating_add(asking.now.saturating_sub(last)));
            }
        }
        drop(shard);
        instants.retain(|at| *at > asking.now);
        instants.sort_unstable();
        instants.dedup();
        instants.truncate(MOST_INSTANTS);
        Ok(instants)
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

    /// From now on every change is written down until it is taken.
    pub(super) fn begin_journal(&self) {
        self.journal.begin();
    }

    /// What changed since this was asked last.
    pub(super) fn take_changes(&self) -> Waiting {
        self.journal.take()
    }

    /// Cuts the state from what comes after it: what changed before, and from then on
    /// [`Memory::image`] is of the state at the cut.
    pub(super) fn cut(&self) -> Waiting {
        let _cut = self.journal.cut();
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).cut();
        }
        self.journal.take()
    }

    /// The state at the cut, one part after the other; each is locked only while it is copied. What
    /// of attempts and blocks changed since is in the parts too, and repeating those changes is
    /// harmless.
    pub(super) fn image(&self) -> impl Iterator<Item = Vec<u8>> {
        let spans = self.plans.iter().map(|plan| (&*plan.counter.name, self.span(plan)));
        let spans = std::iter::once(kind(SPANS, image::of_spans(spans)));
        let shards = self.shards.iter().map(|shard| {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            kind(KEYS, image::of_shard(&mut shard, &self.plans))
        });
        let attempts = self.attempts.iter().map(|attempts| {
            let attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
            kind(ATTEMPTS, image::of_attempts(attempts.iter().map(|event| &**event), self.secret))
        });
        let blocks = self.blocks.iter().map(|blocks| {
            let blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            let changes = blocks.iter().map(|(account, block)| {
                let (prefix, until) = (&*block.prefix, block.until);
                Change::Block { account, prefix, now: i64::MIN, until }.bytes(self.secret)
            });
            kind(CHANGES, changes.flatten().collect())
        });
        spans.chain(shards).chain(attempts).chain(blocks)
    }

    /// Takes in one part of an image, or changes, in the order in which they were written.
    ///
    /// # Errors
    /// When it is malformed; what came before the fault is taken in.
    pub(super) fn take_in(&self, part: &[u8]) -> Result<(), Malformed> {
        let (kind, part) = part.split_first().ok_or(Malformed)?;
        match *kind {
            SPANS => {
                for span in image::spans(part) {
                    let (name, span) = span?;
                    if let Some(plan) = self.plans.named(name) {
                        self.widen_to(plan, span);
                    }
                }
            }
            KEYS => self.take_in_keys(part)?,
            ATTEMPTS => {
                for event in image::attempts(part) {
                    self.await_outcome(event?).map_err(|_| Malformed)?;
                }
            }
            CHANGES => {
                for change in image::changes(part) {
                    self.repeat(change?).map_err(|_| Malformed)?;
                }
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Every part is of one shard; there may be another number of shards by now.
    fn take_in_keys(&self, part: &[u8]) -> Result<(), Malformed> {
        image::to_shards(part, &self.plans, &|key| {
            let shard = self.shards.get(shard_number(key))?;
            Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn repeat(&self, change: Changed) -> Result<(), Unreadable> {
        match change {
            Changed::Record(event) => self.keep(event).map(drop),
            Changed::Amend(old, new) => {
                self.apply(Some(&old), Some(&new))?;
                let account = new.text(Field::Account).unwrap_or_default().to_owned();
                if let Some(id) = new.id.clone() {
                    self.attempts_of(&account)?.replace(&account, &id, Arc::new(new));
                }
                Ok(())
            }
            Changed::Block { account, prefix, now, until } => {
                self.blocks_of(&account)?.open(&account, &prefix, now, until, self.bounds.blocks);
                Ok(())
            }
            Changed::Unblock { account, prefix } => {
                self.blocks_of(&account)?.lift(&account, &prefix);
                Ok(())
            }
        }
    }

    fn span(&self, plan: &Plan) -> i64 {
        self.spans.get(plan.counter.place).map_or(0, |span| span.load(Ordering::Relaxed))
    }

    /// How many keys there are, without looking at them.
    #[cfg(test)]
    pub(super) fn stats_of_keys(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).keys()).sum()
    }

    fn evicted_of(&self, plan: &Plan) -> u64 {
        self.evicted.get(plan.counter.place).map_or(0, |gone| gone.load(Ordering::Relaxed))
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
    fn write_down<'c>(&self, held: Option<&RwLockReadGuard<'_, ()>>, change: impl FnOnce() -> Change<'c>) {
        if held.is_some() {
            self.journal.append(&change().bytes(self.secret));
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

/// A part with its kind before it.
fn kind(kind: u8, mut part: Vec<u8>) -> Vec<u8> {
    part.insert(0, kind);
    part
}

/// By other bits than the shard's table uses.
fn shard_number(key: Key) -> usize {
    usize::try_from(key.0[1]).unwrap_or(0) % SHARDS
}

#[expect(clippy::indexing_slicing, reason = "a remainder is below what it is of, and no lock set is empty")]
fn stripe<T>(locks: &[Mutex<T>], hash: u64) -> &Mutex<T> {
    &locks[usize::try_from(hash).unwrap_or(0) % locks.len()]
}

// === impl Bounds ===

impl Bounds {
    /// What one shard may have: its part, and never less than it takes to keep anything.
    fn room(self) -> Room {
        let part = |all: usize| all.div_ceil(SHARDS).max(4 * KEY_CELLS);
        Room {
            cells_of_account: part(self.cells_of_account),
            cells_of_all: part(self.cells_of_all),
            keys_of_counter: self.keys_of_counter.div_ceil(SHARDS).max(1),
        }
    }

    const fn attempts(self) -> Most {
        Most { of_account: self.attempts_of_account, of_all: self.attempts_of_all.div_ceil(STRIPES) }
    }
}
