//! One of several parts of the memory, each with its own lock: keys, what is kept by them, and whose
//! they are.
//!
//! A key belongs to the account that wrote it, or to the platform once two accounts have. When there
//! is no more room, whoever has most gives way, with the keys that it wrote to longest ago: an
//! account that writes to a million numbers loses its own first keys and nobody else's.

use hashbrown::hash_table::Entry as Place;
use hashbrown::{HashMap, HashTable};

use super::digest::Key;
use super::entry::Entry;
use super::log::Log;
use super::plan::{Plan, Plans};
use super::slots::Slots;

/// What a key costs beside its entries, in the size of one: measured, see `docs/performance.md`.
pub(super) const KEY_CELLS: usize = 3;
/// How many keys are looked at for each new one, so that those that are over do not pile up.
const SWEPT: usize = 3;
/// The owner of keys that several accounts wrote.
pub(super) const PLATFORM: u64 = 0;

/// How much one shard may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) cells_of_account: usize,
    pub(super) cells_of_all: usize,
    pub(super) keys_of_counter: usize,
}

/// What is the same for all shards while one is written.
pub(super) struct Setting<'m> {
    pub(super) plans: &'m Plans,
    pub(super) room: Room,
    /// How long the events of the counter at a place are kept, ms.
    pub(super) keep: &'m dyn Fn(usize) -> i64,
    /// The newest instant known, ms.
    pub(super) clock: i64,
}

/// Keys and what is kept by them.
#[derive(Debug, Default)]
pub(super) struct Shard {
    places: HashTable<u32>,
    slots: Slots<Slot>,
    owners: HashMap<u64, usize>,
    keys: Vec<usize>,
    cells: usize,
    hand: usize,
    since: Option<Vec<Since>>,
}

/// A change after the state was cut.
#[derive(Debug)]
pub(super) struct Since {
    pub(super) counter: usize,
    pub(super) key: Key,
    pub(super) owner: u64,
    pub(super) entry: Entry,
    pub(super) added: bool,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: Key,
    pub(super) owner: u64,
    pub(super) log: Log,
    pub(super) written: i64,
    pub(super) place: u32,
    cells: u32,
}

// === impl Shard ===

impl Shard {
    pub(super) fn find(&mut self, key: Key) -> Option<&mut Log> {
        let slots = &self.slots;
        let same = |place: &u32| slot(slots, *place).is_some_and(|slot| slot.key == key);
        let place = *self.places.find(hash(key), same)?;
        Some(&mut self.slots.get_mut(usize::try_from(place).ok()?)?.log)
    }

    /// Adds an entry, then makes room. Returns the places of counters that lost a key by it.
    pub(super) fn insert(
        &mut self,
        setting: &Setting<'_>,
        plan: &Plan,
        key: Key,
        owner: u64,
        entry: Entry,
    ) -> Vec<usize> {
        self.note(plan, key, owner, entry, true);
        let before = self.keys();
        let place = self.slot_of(plan, key, owner);
        let is_new = self.keys() > before;
        if let Some(slot) = self.slots.get_mut(place) {
            slot.written = slot.written.max(entry.at);
            slot.log.expire(plan, setting.clock.saturating_sub((setting.keep)(plan.counter.place)));
            slot.log.insert(plan, entry);
            if slot.owner != owner && slot.owner != PLATFORM {
                let (old, cells) = (std::mem::replace(&mut slot.owner, PLATFORM), slot.cells);
                self.owe(old, cells, 0);
                self.owe(PLATFORM, 0, cells);
            }
        }
        self.settle(place);
        if is_new {
            self.sweep(setting);
        }
        self.make_room(setting, place)
    }

    /// Takes an entry out.
    pub(super) fn take_out(&mut self, plan: &Plan, key: Key, entry: &Entry) {
        let Some(log) = self.find(key) else { return };
        log.remove(plan, entry);
        self.note(plan, key, PLATFORM, *entry, false);
    }

    pub(super) fn keys(&self) -> usize {
        self.places.len()
    }

    pub(super) fn entries(&self) -> usize {
        self.slots().map(|slot| slot.log.len()).sum()
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().map(|(_, slot)| slot)
    }

    /// Puts back a key that was saved.
    pub(super) fn restore(&mut self, plan: &Plan, key: Key, owner: u64, log: Log) {
        let place = self.slot_of(plan, key, owner);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.written = log.iter().next_back().map_or(0, |entry| entry.at);
            slot.log = log;
        }
        self.settle(place);
    }

    /// Puts back an entry that was taken out after the state was cut.
    pub(super) fn put_back(&mut self, plan: &Plan, key: Key, owner: u64, entry: Entry) {
        let place = self.slot_of(plan, key, owner);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.written = slot.written.max(entry.at);
            slot.log.insert(plan, entry);
        }
        self.settle(place);
    }

    /// From now on changes are kept, so that whoever copies the shard later can undo them.
    pub(super) fn cut(&mut self) {
        self.since = Some(Vec::new());
    }

    /// What changed since the cut; it is over.
    pub(super) fn since_the_cut(&mut self) -> Vec<Since> {
        self.since.take().unwrap_or_default()
    }

    fn note(&mut self, plan: &Plan, key: Key, owner: u64, entry: Entry, added: bool) {
        if let Some(since) = &mut self.since {
            since.push(Since { counter: plan.counter.place, key, owner, entry, added });
        }
    }

    fn slot_of(&mut self, plan: &Plan, key: Key, owner: u64) -> usize {
        let slots = &self.slots;
        let same = |place: &u32| slot(slots, *place).is_some_and(|slot| slot.key == key);
        let rehash = |place: &u32| slot(slots, *place).map_or(0, |slot| hash(slot.key));
        let vacant = match self.places.entry(hash(key), same, rehash) {
            Place::Occupied(known) => return usize::try_from(*known.get()).unwrap_or(usize::MAX),
            Place::Vacant(vacant) => vacant,
        };
        let counter = u32::try_from(plan.counter.place).unwrap_or(u32::MAX);
        let new = Slot { key, owner, log: Log::default(), written: i64::MIN, place: counter, cells: 0 };
        let place = self.slots.insert(new).unwrap_or(u32::MAX);
        vacant.insert(place);
        if self.keys.len() <= plan.counter.place {
            self.keys.resize(plan.counter.place + 1, 0);
        }
        if let Some(keys) = self.keys.get_mut(plan.counter.place) {
            *keys += 1;
        }
        usize::try_from(place).unwrap_or(usize::MAX)
    }

    /// Brings what a key costs up to date.
    fn settle(&mut self, place: usize) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let cells = u32::try_from(KEY_CELLS + slot.log.cells()).unwrap_or(u32::MAX);
        let (owner, old) = (slot.owner, std::mem::replace(&mut slot.cells, cells));
        self.owe(owner, old, cells);
    }

    fn owe(&mut self, owner: u64, old: u32, new: u32) {
        let (old, new) = (usize::try_from(old).unwrap_or(0), usize::try_from(new).unwrap_or(0));
        self.cells = (self.cells + new).saturating_sub(old);
        let cells = self.owners.entry(owner).or_default();
        *cells = (*cells + new).saturating_sub(old);
        if *cells == 0 {
            self.owners.remove(&owner);
        }
    }

    fn remove(&mut self, place: usize) {
        let Some(slot) = self.slots.take(place) else { return };
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        if let Ok(known) = self.places.find_entry(hash(slot.key), |known| *known == number) {
            known.remove();
        }
        self.owe(slot.owner, slot.cells, 0);
        if let Some(keys) = self.keys.get_mut(usize::try_from(slot.place).unwrap_or(usize::MAX)) {
            *keys = keys.saturating_sub(1);
        }
    }

    /// Looks at a few keys and drops what is too old to count.
    pub(super) fn sweep(&mut self, setting: &Setting<'_>) {
        for _ in 0..SWEPT {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
            let Some(slot) = self.slots.get_mut(self.hand) else { continue };
            let counter = usize::try_from(slot.place).unwrap_or(usize::MAX);
            let Some(plan) = setting.plans.get(counter) else { continue };
            let before = setting.clock.saturating_sub((setting.keep)(counter));
            if slot.log.expire(plan, before) == 0 && !slot.log.is_empty() {
                continue;
            }
            let (hand, empty) = (self.hand, slot.log.is_empty());
            self.settle(hand);
            if empty {
                self.remove(hand);
            }
        }
    }

    fn make_room(&mut self, setting: &Setting<'_>, written: usize) -> Vec<usize> {
        let Some(slot) = self.slots.get(written) else { return Vec::new() };
        let (owner, counter) = (slot.owner, usize::try_from(slot.place).unwrap_or(usize::MAX));
        let has = self.owners.get(&owner).copied().unwrap_or(0);
        let may = setting.room.of(owner);
        let mut evicted = Vec::new();
        if has > may {
            self.evict(&HashMap::from([(owner, has - lowered(may))]), None, written, &mut evicted);
        }
        if self.cells > setting.room.cells_of_all {
            let too_much = self.cells - lowered(setting.room.cells_of_all);
            let from = levelled(self.owners.iter().map(|(owner, cells)| (*owner, *cells)), too_much);
            self.evict(&from, None, written, &mut evicted);
        }
        let keys = self.keys.get(counter).copied().unwrap_or(0);
        if keys > setting.room.keys_of_counter {
            let too_much = keys - lowered(setting.room.keys_of_counter);
            let mut owners: HashMap<u64, usize> = HashMap::new();
            for slot in self.slots().filter(|slot| usize::try_from(slot.place) == Ok(counter)) {
                *owners.entry(slot.owner).or_default() += 1;
            }
            let from = levelled(owners.into_iter(), too_much);
            self.evict(&from, Some(counter), written, &mut evicted);
        }
        evicted
    }

    /// Evicts of each owner so much, the keys first that were written longest ago: cells, or where it
    /// is one counter that has too much, keys.
    fn evict(
        &mut self,
        from: &HashMap<u64, usize>,
        counter: Option<usize>,
        but: usize,
        evicted: &mut Vec<usize>,
    ) {
        let mut left = from.clone();
        let mut candidates: Vec<(i64, usize, u64, usize, usize)> = Vec::new();
        let given = |(place, slot): &(usize, &Slot)| *place != but && left.contains_key(&slot.owner);
        for (place, slot) in self.slots.iter().filter(given) {
            let of = usize::try_from(slot.place).unwrap_or(usize::MAX);
            if counter.is_none_or(|counter| counter == of) {
                let cost = counter.map_or(usize::try_from(slot.cells).unwrap_or(0), |_| 1);
                candidates.push((slot.written, place, slot.owner, of, cost));
            }
        }
        candidates.sort_unstable();
        for (_, place, owner, of, cost) in candidates {
            let Some(much) = left.get_mut(&owner).filter(|much| **much > 0) else { continue };
            *much = much.saturating_sub(cost);
            self.remove(place);
            evicted.push(of);
        }
    }
}

// === impl Room ===

impl Room {
    /// The platform's share is that of several accounts.
    const fn of(self, owner: u64) -> usize {
        if owner == PLATFORM { self.cells_of_all / 2 } else { self.cells_of_account }
    }
}

/// Room is made for a while, not for one entry.
const fn lowered(cap: usize) -> usize {
    cap - cap / 8
}

/// What each has to give so that all together give so much: those with most, down to one level.
fn levelled(owners: impl Iterator<Item = (u64, usize)>, too_much: usize) -> HashMap<u64, usize> {
    let mut owners: Vec<(usize, u64)> = owners.map(|(owner, has)| (has, owner)).collect();
    owners.sort_unstable_by(|a, b| b.cmp(a));
    let mut sum = 0;
    let mut level = 0;
    for (nth, (has, _)) in owners.iter().enumerate() {
        sum += has;
        let next = owners.get(nth + 1).map_or(0, |(has, _)| *has);
        level = sum.saturating_sub(too_much) / (nth + 1);
        if level >= next {
            break;
        }
    }
    owners.into_iter().filter(|(has, _)| *has > level).map(|(has, owner)| (owner, has - level)).collect()
}

fn slot(slots: &Slots<Slot>, place: u32) -> Option<&Slot> {
    slots.get(usize::try_from(place).ok()?)
}

/// Keys are hashes already.
const fn hash(key: Key) -> u64 {
    key.0[0]
}
