//! A counter made ready: what of an event can be told when it happens is told then, once, and what
//! depends on an account's limits is left as numbers to be compared when the counter is read.

mod conditions;
mod plans;

use smallvec::SmallVec;

use super::aggregate::Asking;
use super::counter::{Aggregate, Counter, Which, Window};
use super::digest::{Key, Secret, Seed};
use super::entry::{Entry, UNSTATED};
use super::event::{Event, Fact};
use super::field::Field;
use conditions::{Conditions, compared_hold};
pub(super) use plans::Plans;

/// How many fields of its events a counter may compare with limits.
pub(super) const COMPARED_FIELDS: usize = 2;

/// A day of 25 hours, ms.
const LONGEST_DAY: i64 = 25 * 3_600_000;
/// What began longer ago than this and was never said to have ended is not going on, ms.
const LONGEST_NOW: i64 = 31 * 86_400_000;

/// A counter made ready.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) counter: Counter,
    pub(super) kind: Kind,
    seed: Seed,
    secret: Secret,
    taken: Conditions,
    part: Conditions,
    compared: SmallVec<[Field; COMPARED_FIELDS]>,
    /// The bundle's limits for those comparisons.
    pub(super) defaults: Limits,
    /// How long by the bundle an event can count, ms.
    pub(super) span: i64,
}

/// What is kept of a counter's events beside when they were and what they weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Totals alone.
    Totals,
    /// Which values there are.
    Distinct,
    /// What each value weighs.
    Share(Which),
    /// Numbers in their order.
    Run,
    /// What each class of values weighs.
    Classes,
}

/// Values of the limits that comparisons name, in their order: those of what is taken, then those of
/// the part.
pub(super) type Limits = SmallVec<[i64; COMPARED_FIELDS]>;

/// What is asked of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The first instant, ms.
    pub(super) from: i64,
    /// The last.
    pub(super) to: i64,
    /// What numbers are compared with.
    pub(super) limits: Limits,
    /// The longest step of a run, the width of a class.
    pub(super) step: i64,
    /// The instants whose events can be in the part, where that is less than the window.
    pub(super) part: Option<(i64, i64)>,
}

/// Why a counter cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncountable {
    /// Too many fields are compared with limits.
    #[error("compares more than two fields with limits")]
    Compared,
    /// Only a hash of it is kept.
    #[error("has a condition on `{0}`, of which only a hash is kept")]
    Private(Field),
    /// Ages have no other conditions.
    #[error("has a condition on `age_s` that is no comparison with a limit")]
    Age,
}

// === impl Plan ===

impl Plan {
    /// # Errors
    /// When the counter asks for more than can be kept of an event.
    pub(super) fn new(
        counter: &Counter,
        secret: Secret,
        limit: &dyn Fn(usize) -> Option<i64>,
    ) -> Result<Self, Uncountable> {
        let mut compared = SmallVec::new();
        let taken = Conditions::of(&counter.filters, &mut compared)?;
        let part = match &counter.aggregate {
            Aggregate::Ratio { part, .. } => Conditions::of(part, &mut compared)?,
            _ => Conditions::default(),
        };
        let kind = match &counter.aggregate {
            Aggregate::Count | Aggregate::Sum(_) | Aggregate::Ratio { .. } => Kind::Totals,
            Aggregate::Distinct(_) => Kind::Distinct,
            Aggregate::Share { which, .. } => Kind::Share(*which),
            Aggregate::Run { .. } => Kind::Run,
            Aggregate::Classes { .. } => Kind::Classes,
        };
        let bounds = taken.compared.iter().chain(&part.compared);
        let defaults = bounds.map(|(_, bound)| limit(bound.place).unwrap_or(0)).collect();
        let (seed, span) = (secret.seed(&counter.name), span(&counter.window, limit));
        Ok(Self { counter: counter.clone(), kind, seed, secret, taken, part, compared, defaults, span })
    }

    /// The key that an event has to the counter, if it states all of it.
    pub(super) fn key(&self, event: &Event) -> Option<Key> {
        let mut seed = self.seed;
        for field in &self.counter.key {
            seed = seed.with(event.hash(*field, self.secret)?);
        }
        Some(seed.key())
    }

    /// What is kept of an event, if the counter counts it.
    pub(super) fn entry(&self, event: &Event) -> Option<Entry> {
        if self.counter.given_back(event) || !self.taken.fixed_hold(event) {
            return None;
        }
        let part = matches!(self.counter.aggregate, Aggregate::Ratio { .. }) && self.part.fixed_hold(event);
        let value = self.value_of(event);
        if value.is_none() && matches!(self.kind, Kind::Distinct | Kind::Run) {
            return None;
        }
        let measure = self.measure(event);
        if measure == 0 && matches!(self.counter.aggregate, Aggregate::Sum(_)) {
            // It adds nothing now, and when it is amended it is looked at again.
            return None;
        }
        let number = |slot: usize| match self.compared.get(slot).and_then(|field| event.get(*field)) {
            Some(Fact::Number(number)) => *number,
            Some(Fact::Flag(_) | Fact::Text(_) | Fact::Hidden(..)) | None => UNSTATED,
        };
        let numbers = [number(0), number(1)];
        Some(Entry::new(event.at, measure, value.unwrap_or(0), numbers, part))
    }

    /// The value of an event that is counted apart.
    pub(super) fn value_of(&self, event: &Event) -> Option<u64> {
        match &self.counter.aggregate {
            Aggregate::Distinct(of) | Aggregate::Share { of, .. } => {
                event.hash(*of, self.secret).map(Secret::value)
            }
            Aggregate::Run { of, .. } => self.secret.number(event.get(*of)?).map(i64::cast_unsigned),
            Aggregate::Classes { of, .. } => Some(event.number(*of).cast_unsigned()),
            Aggregate::Count | Aggregate::Sum(_) | Aggregate::Ratio { .. } => None,
        }
    }

    fn sum(&self) -> Option<Field> {
        match &self.counter.aggregate {
            Aggregate::Sum(field) => Some(*field),
            Aggregate::Ratio { sum, .. } | Aggregate::Share { sum, .. } => *sum,
            _ => None,
        }
    }

    fn measure(&self, event: &Event) -> i64 {
        let amount = self.sum().map_or(1, |field| event.number(field));
        amount.saturating_mul(event.weight)
    }

    /// What a total of measures is in the unit that rules read.
    pub(super) fn total(&self, measures: i128) -> i64 {
        let total = measures / self.sum().map_or(1, Field::divisor);
        i64::try_from(total).unwrap_or(if total > 0 { i64::MAX } else { i64::MIN })
    }

    /// What is asked at an instant with an account's limits; none if the day cannot be told.
    ///
    /// # Errors
    /// When a limit cannot be had.
    pub(super) fn ask<E>(&self, asking: &Asking<'_, E>) -> Result<Option<Asked>, E> {
        let Some(window) = self.counter.window.at(asking.now, asking.limit)? else { return Ok(None) };
        let (mut from, mut to) = (*window.start(), *window.end());
        self.taken.narrow(&mut from, &mut to, asking)?;
        let mut limits = Limits::new();
        for (_, bound) in self.taken.compared.iter().chain(&self.part.compared) {
            limits.push((asking.limit)(bound.place)?);
        }
        let part = if self.part.ages.is_empty() {
            None
        } else {
            let (mut first, mut last) = (from, to);
            self.part.narrow(&mut first, &mut last, asking)?;
            Some((first, last))
        };
        let step = match &self.counter.aggregate {
            Aggregate::Run { gap: place, .. } | Aggregate::Classes { width: place, .. } => {
                (asking.limit)(*place)?
            }
            _ => 0,
        };
        Ok(Some(Asked { from, to, limits, step, part }))
    }

    /// Whether an entry counts, whenever it was.
    pub(super) fn admits(&self, entry: &Entry, limits: &[i64]) -> bool {
        entry.is_frozen() || compared_hold(&self.taken.compared, entry, limits)
    }

    /// What of an entry's measure is in the part.
    pub(super) fn part(&self, entry: &Entry, asked: &Asked) -> i64 {
        if asked.part.is_some_and(|(first, last)| entry.at < first || entry.at > last) {
            return 0;
        }
        self.part_of(entry, &asked.limits)
    }

    /// The same without looking at when it was.
    pub(super) fn part_of(&self, entry: &Entry, limits: &[i64]) -> i64 {
        let limits = limits.get(self.taken.compared.len()..).unwrap_or_default();
        if entry.is_frozen() {
            entry.frozen_part()
        } else if entry.is_part() && compared_hold(&self.part.compared, entry, limits) {
            entry.measure
        } else {
            0
        }
    }

    /// The class that a value falls into.
    pub(super) fn class(value: u64, width: i64) -> Option<u64> {
        value.cast_signed().checked_div_euclid(width).map(i64::cast_unsigned)
    }

    /// How long after it an event can still count, by an account's limits, ms.
    pub(super) fn span_by(&self, limit: &dyn Fn(usize) -> Option<i64>) -> i64 {
        span(&self.counter.window, limit)
    }
}

fn span(window: &Window, limit: &dyn Fn(usize) -> Option<i64>) -> i64 {
    match window {
        Window::Sliding(place) => limit(*place).unwrap_or(0),
        Window::Day(_) => LONGEST_DAY,
        Window::Now => LONGEST_NOW,
    }
}
