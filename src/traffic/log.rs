//! The entries of one key, oldest first, and where in them the window last asked for begins and
//! ends: asking again moves both ends, so that a reading costs what came and went since the last one
//! and not what the window holds.

use std::collections::VecDeque;

use super::entry::Entry;
use super::freeze::{self, EXACT};
use super::plan::{Asked, Kind, Plan};
use super::tally::Tally;

/// Up to so many entries are looked through each time.
const FEW: usize = 24;

/// So many entries are looked at before they are searched.
const NEAR: usize = 8;

/// The entries of one key.
#[derive(Debug, Default)]
pub(super) struct Log {
    // INVARIANT: by `at`, ascending.
    entries: VecDeque<Entry>,
    more: Option<Box<More>>,
}

/// What only a long log needs.
#[derive(Debug, Default)]
struct More {
    cursor: Option<Cursor>,
    /// Old entries are merged when there are so many.
    merge_at: usize,
    /// Values are kept whose hash ends with so many zeros.
    level: u32,
}

#[derive(Debug)]
struct Cursor {
    asked: Asked,
    // INVARIANT: begin <= end <= entries.len(); the tally is of the entries between them.
    begin: usize,
    end: usize,
    tally: Tally,
}

/// What a window holds.
pub(super) struct View<'t> {
    /// All measures, with the right part of entries across its ends.
    pub(super) whole: i128,
    /// Those of the part.
    pub(super) part: i128,
    /// The values.
    pub(super) tally: &'t mut Tally,
    /// Values are those whose hash ends with so many zeros.
    pub(super) level: u32,
}

// === impl Log ===

impl Log {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it costs, in entries.
    pub(super) fn cells(&self) -> usize {
        // A cursor's values cost about as much as the entries that have them.
        let cursor = self.more.as_ref().and_then(|more| more.cursor.as_ref());
        self.entries.len() << u32::from(cursor.is_some_and(|cursor| cursor.tally.has_values()))
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn level(&self) -> u32 {
        self.more.as_ref().map_or(0, |more| more.level)
    }

    /// Puts back what was saved.
    pub(super) fn restored(entries: VecDeque<Entry>, level: u32) -> Self {
        let more = (level > 0 || entries.len() > FEW)
            .then(|| Box::new(More { cursor: None, merge_at: entries.len() + EXACT, level }));
        Self { entries, more }
    }

    /// Adds an entry at its time.
    pub(super) fn insert(&mut self, plan: &Plan, entry: Entry) {
        if !freeze::sampled(plan.kind, &entry, self.level()) {
            return;
        }
        // Most come in order.
        let last = self.entries.back().is_none_or(|last| last.at <= entry.at);
        let place =
            if last { self.len() } else { self.entries.partition_point(|known| known.at <= entry.at) };
        if self.entries.is_empty() {
            self.entries.reserve_exact(1);
        }
        self.entries.insert(place, entry);
        if let Some(cursor) = self.cursor() {
            cursor.inserted(plan, place, &entry);
        }
        if self.entries.len() >= self.merge_at() {
            self.merge(plan);
        }
    }

    fn merge_at(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.merge_at).max(EXACT + freeze::BATCH)
    }

    /// Takes one entry out that is like this one, from among several merged ones if need be.
    pub(super) fn remove(&mut self, plan: &Plan, entry: &Entry) {
        let begin = self.entries.partition_point(|known| known.at < entry.at);
        let alike = self.entries.iter().skip(begin).take_while(|known| known.at == entry.at);
        if let Some(nth) = alike.enumerate().find(|(_, known)| *known == entry).map(|(nth, _)| nth) {
            self.entries.remove(begin + nth);
            if let Some(cursor) = self.cursor() {
                cursor.removed(plan, begin + nth, entry);
            }
        } else if let Some(merged) =
            self.entries.iter_mut().skip(begin).find(|known| {
                known.is_frozen() && (plan.kind == Kind::Totals || known.value() == entry.value())
            })
        {
            // What it had in the part is not known any more; what it had in the whole is.
            if plan.kind == Kind::Totals {
                merged.lessen(entry.measure, if entry.is_part() { entry.measure } else { 0 });
            } else {
                merged.measure = merged.measure.saturating_sub(entry.measure);
            }
            self.forget_cursor();
        }
    }

    /// Drops what is older than an instant; how many there were.
    pub(super) fn expire(&mut self, plan: &Plan, before: i64) -> usize {
        let mut gone = 0;
        while let Some(entry) = self.entries.front().copied().filter(|entry| entry.at < before) {
            self.entries.pop_front();
            if let Some(cursor) = self.cursor() {
                cursor.removed(plan, 0, &entry);
            }
            gone += 1;
        }
        if gone > 0 && self.entries.capacity() > 4 * self.entries.len().max(4) {
            self.entries.shrink_to(2 * self.entries.len());
        }
        gone
    }

    /// Reads a window.
    pub(super) fn window<R>(&mut self, plan: &Plan, asked: &Asked, read: impl FnOnce(View<'_>) -> R) -> R {
        let level = self.level();
        let ends = self.ends(asked);
        let (mut whole, mut part) = self.across(plan, asked, ends);
        // A part with a window of its own is looked through: no counter of the bundle has one.
        if (self.entries.len() <= FEW && self.more.is_none()) || asked.part.is_some() {
            let mut tally = Tally::new(plan.kind);
            for entry in self.entries.range(ends.0..ends.1) {
                tally.add(plan, entry, asked);
            }
            whole += tally.whole;
            part += tally.part;
            return read(View { whole, part, tally: &mut tally, level });
        }
        let more = self.more.get_or_insert_default();
        let cursor = more.cursor.get_or_insert_with(|| Cursor::new(plan, asked));
        cursor.move_to(plan, asked, &self.entries, ends);
        whole += cursor.tally.whole;
        part += cursor.tally.part;
        read(View { whole, part, tally: &mut cursor.tally, level })
    }

    /// Where the window begins and ends: mostly near to where it last did.
    fn ends(&self, asked: &Asked) -> (usize, usize) {
        let cursor = self.more.as_ref().and_then(|more| more.cursor.as_ref());
        let (begin, end) = cursor.map_or((0, 0), |cursor| (cursor.begin, cursor.end));
        let begin = self.point(begin, |entry| entry.at < asked.from);
        let end = self.point(end, |entry| entry.at <= asked.to);
        (begin, end.max(begin))
    }

    /// How many entries are before a point, looked for from a place near it.
    fn point(&self, near: usize, before: impl Fn(&Entry) -> bool) -> usize {
        let is_before = |place: usize| self.entries.get(place).is_some_and(&before);
        let found = (near..near.saturating_add(NEAR)).find(|place| !is_before(*place));
        match found {
            Some(place) if place > near || near == 0 || is_before(near - 1) => place,
            Some(_) | None => self.entries.partition_point(before),
        }
    }

    /// What merged entries that lie across the ends of the window have in it, less what they count
    /// for as a whole.
    fn across(&self, plan: &Plan, asked: &Asked, (begin, end): (usize, usize)) -> (i128, i128) {
        let (mut whole, mut part) = (0, 0);
        if self.more.is_none() || plan.kind != Kind::Totals {
            return (whole, part);
        }
        let mut correct = |entry: &Entry, counted: bool| {
            if !entry.is_frozen() || entry.first() > asked.to || (counted && entry.first() >= asked.from) {
                return;
            }
            let share = entry.share(asked.from, asked.to);
            let counted = i128::from(counted);
            whole += share.of(entry.measure) - counted * i128::from(entry.measure);
            part += share.of(entry.frozen_part()) - counted * i128::from(entry.frozen_part());
        };
        if begin < end
            && let Some(entry) = self.entries.get(begin)
        {
            correct(entry, true);
        }
        if let Some(entry) = self.entries.get(end) {
            correct(entry, false);
        }
        (whole, part)
    }

    /// Merges by the limits last asked with: what a comparison made of an old entry is kept.
    fn merge(&mut self, plan: &Plan) {
        let more = self.more.get_or_insert_default();
        let limits = more.cursor.take().map_or_else(|| plan.defaults.clone(), |cursor| cursor.asked.limits);
        let entries = std::mem::take(&mut self.entries);
        (self.entries, more.level) = freeze::merged(plan, entries, &limits, more.level);
        let kept = self.entries.len();
        more.merge_at = kept + freeze::BATCH.max(kept / 8);
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        self.more.as_mut()?.cursor.as_mut()
    }

    fn forget_cursor(&mut self) {
        if let Some(more) = &mut self.more {
            more.cursor = None;
        }
    }
}

// === impl Cursor ===

impl Cursor {
    fn new(plan: &Plan, asked: &Asked) -> Self {
        Self { asked: asked.clone(), begin: 0, end: 0, tally: Tally::new(plan.kind) }
    }

    fn move_to(
        &mut self,
        plan: &Plan,
        asked: &Asked,
        entries: &VecDeque<Entry>,
        (begin, end): (usize, usize),
    ) {
        let same = self.asked.limits == asked.limits && self.asked.step == asked.step;
        let moved = begin.abs_diff(self.begin) + end.abs_diff(self.end);
        if !same || moved > end - begin {
            *self = Self { begin, end, ..Self::new(plan, asked) };
            for entry in entries.range(begin..end) {
                self.tally.add(plan, entry, asked);
            }
            return;
        }
        // The two windows overlap, because less moved than the new one holds.
        for entry in entries.range(begin.min(self.begin)..self.begin) {
            self.tally.add(plan, entry, asked);
        }
        for entry in entries.range(self.end.min(end)..end) {
            self.tally.add(plan, entry, asked);
        }
        for entry in entries.range(self.begin.min(begin)..begin) {
            self.tally.take_out(plan, entry, asked);
        }
        for entry in entries.range(end.min(self.end)..self.end) {
            self.tally.take_out(plan, entry, asked);
        }
        (self.begin, self.end) = (begin, end);
        self.asked.from = asked.from;
        self.asked.to = asked.to;
    }

    fn inserted(&mut self, plan: &Plan, place: usize, entry: &Entry) {
        if place < self.begin {
            self.begin += 1;
            self.end += 1;
        } else if place < self.end {
            self.tally.add(plan, entry, &self.asked);
            self.end += 1;
        }
    }

    fn removed(&mut self, plan: &Plan, place: usize, entry: &Entry) {
        if place < self.begin {
            self.begin -= 1;
            self.end -= 1;
        } else if place < self.end {
            self.tally.take_out(plan, entry, &self.asked);
            self.end -= 1;
        }
    }
}
