//! Where events are kept: by counter and key, oldest first, so that a reading looks at no others.
//!
//! Bounded by a cap for each account and one for all; the oldest go first and are counted. The cap
//! for one account is a fraction of the whole, so that one account alone cannot push out the rest.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use super::aggregate::{Asking, Reading, hold};
use super::counter::Counter;
use super::event::{Event, Fact};
use super::field::Field;
use crate::domain::Decision;

/// The duty that opens a block.
const BLOCK_PREFIX: &str = "BLOCK_PREFIX";

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Events of one account.
    pub of_account: usize,
    /// Events of all accounts.
    pub of_all: usize,
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

/// When an event was, and which of several at that instant.
type Place = (i64, u64);
/// What is counted together.
type Key = (usize, Box<[Fact]>);

/// Events of past traffic.
#[derive(Debug)]
pub struct Memory {
    counters: Arc<[Counter]>,
    bounds: Bounds,
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    evicted: u64,
    all: BTreeMap<Place, Arc<Event>>,
    accounts: HashMap<Arc<str>, BTreeMap<Place, Arc<Event>>>,
    keys: HashMap<Key, BTreeMap<Place, Arc<Event>>>,
    blocks: HashMap<Arc<str>, VecDeque<Block>>,
}

/// A prefix that nothing goes to for a while.
#[derive(Debug)]
struct Block {
    prefix: Arc<str>,
    until: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { of_account: 65_536, of_all: 524_288, blocks: 1_024 }
    }
}

// === impl Memory ===

impl Memory {
    /// A memory that holds nothing yet.
    pub fn new(counters: Arc<[Counter]>, bounds: Bounds) -> Self {
        Self { counters, bounds, kept: RwLock::default() }
    }

    /// Keeps an event, by the keys of every counter that could take it. Returns how many had to go.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn record(&self, event: Event) -> Result<u64, Unreadable> {
        let mut kept = self.kept.write().map_err(|_| Unreadable::Damaged)?;
        let before = kept.evicted;
        let account: Option<Arc<str>> = event.text(Field::Account).map(Into::into);
        kept.add(&self.counters, event);
        kept.shrink(&self.counters, account.as_deref(), self.bounds);
        Ok(kept.evicted - before)
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

    /// Stops traffic of an account to a prefix until an instant, ms.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn block(&self, account: &str, prefix: &str, now: i64, until: i64) -> Result<(), Unreadable> {
        let mut kept = self.kept.write().map_err(|_| Unreadable::Damaged)?;
        let blocks = kept.blocks.entry(account.into()).or_default();
        // Each holds for its own time: one that ends sooner does not lift one that ends later.
        let same = blocks.iter().filter(|block| &*block.prefix == prefix).map(|block| block.until);
        let until = same.fold(until, i64::max);
        blocks.retain(|block| block.until > now && &*block.prefix != prefix);
        blocks.push_back(Block { prefix: prefix.into(), until });
        while blocks.len() > self.bounds.blocks {
            blocks.pop_front();
        }
        Ok(())
    }

    /// Until when, ms, traffic of the account to a number is stopped, if it is.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn blocked_until(&self, account: &str, number: &str, now: i64) -> Result<Option<i64>, Unreadable> {
        let kept = self.kept.read().map_err(|_| Unreadable::Damaged)?;
        let blocks = kept.blocks.get(account).into_iter().flatten();
        let open = blocks.filter(|block| block.until > now && number.starts_with(&*block.prefix));
        Ok(open.map(|block| block.until).max())
    }

    /// What a counter says of the attempt that is being decided.
    ///
    /// # Errors
    /// When the memory cannot tell, or a limit cannot be had.
    pub fn read<E: From<Unreadable>>(&self, counter: &Counter, asking: &Asking<'_, E>) -> Result<Reading, E> {
        if self.counters.get(counter.place).is_none_or(|known| known.name != counter.name) {
            return Err(Unreadable::Unknown.into());
        }
        let Some(key) = counter.key_of(asking.present) else { return Ok(Reading::default()) };
        let Some(window) = counter.window.at(asking.now, asking.limit)? else {
            return Err(Unreadable::Unknown.into());
        };
        let kept = self.kept.read().map_err(|_| Unreadable::Damaged)?;
        let (from, to) = ((*window.start(), 0), (*window.end(), u64::MAX));
        let past =
            kept.keys.get(&(counter.place, key)).into_iter().flat_map(|events| events.range(from..=to));
        let mut events = Vec::new();
        let this = (counter.counts_this && counter.takes(asking.present)).then_some(asking.present);
        for event in past.map(|(_, event)| &**event).chain(this) {
            if !counter.given_back(event) && hold(&counter.filters, event, asking)? {
                events.push(event);
            }
        }
        counter.aggregate.of(&events, asking)
    }

    /// How many events are kept, and how many had to go.
    pub fn size(&self) -> (usize, u64) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.all.len(), kept.evicted)
    }
}

// === impl Kept ===

impl Kept {
    fn add(&mut self, counters: &[Counter], event: Event) {
        let place = (event.at, self.next);
        self.next += 1;
        let event = Arc::new(event);
        for counter in counters.iter().filter(|counter| counter.takes(&event)) {
            if let Some(key) = counter.key_of(&event) {
                self.keys.entry((counter.place, key)).or_default().insert(place, event.clone());
            }
        }
        if let Some(account) = event.text(Field::Account) {
            self.accounts.entry(account.into()).or_default().insert(place, event.clone());
        }
        self.all.insert(place, event);
    }

    fn shrink(&mut self, counters: &[Counter], account: Option<&str>, bounds: Bounds) {
        while let Some(place) = account.and_then(|account| self.too_many(account, bounds)) {
            self.remove(counters, place);
        }
        while self.all.len() > bounds.of_all {
            let Some(place) = self.all.keys().next().copied() else { return };
            self.remove(counters, place);
        }
    }

    /// The oldest event of an account that has more than it may.
    fn too_many(&self, account: &str, bounds: Bounds) -> Option<Place> {
        let events = self.accounts.get(account).filter(|events| events.len() > bounds.of_account)?;
        events.keys().next().copied()
    }

    fn remove(&mut self, counters: &[Counter], place: Place) {
        let Some(event) = self.all.remove(&place) else { return };
        self.evicted += 1;
        for counter in counters.iter().filter(|counter| counter.takes(&event)) {
            let Some(key) = counter.key_of(&event) else { continue };
            let key = (counter.place, key);
            if let Some(events) = self.keys.get_mut(&key) {
                events.remove(&place);
                if events.is_empty() {
                    self.keys.remove(&key);
                }
            }
        }
        if let Some(account) = event.text(Field::Account)
            && let Some(events) = self.accounts.get_mut(account)
        {
            events.remove(&place);
            if events.is_empty() {
                self.accounts.remove(account);
            }
        }
    }
}
