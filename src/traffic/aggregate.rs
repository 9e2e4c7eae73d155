//! From the totals of one key in one window to whole numbers.

use super::counter::{Aggregate, Which};
use super::entry::Entry;
use super::event::Event;
use super::log::View;
use super::plan::{Asked, Plan};

/// What a counter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// How many, how much, or how long a run.
    pub count: i64,
    /// The part of a ratio or share; the number of classes.
    pub part: i64,
    /// The whole.
    pub of: i64,
    /// Whether there are enough of them to tell anything.
    pub enough: bool,
}

/// What an aggregate may ask for beside the events.
pub struct Asking<'a, E> {
    /// The attempt that is being decided.
    pub present: &'a Event,
    /// The instant, ms.
    pub now: i64,
    /// The value of the limit at a place.
    pub limit: &'a dyn Fn(usize) -> Result<i64, E>,
}

/// The smallest whole and the smallest part that tell anything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Smallest {
    whole: Option<i64>,
    part: Option<i64>,
}

// === impl Smallest ===

impl Smallest {
    /// # Errors
    /// When a limit cannot be had.
    pub(super) fn of<E>(aggregate: &Aggregate, asking: &Asking<'_, E>) -> Result<Self, E> {
        let limit = |place: &Option<usize>| place.map(asking.limit).transpose();
        Ok(match aggregate {
            Aggregate::Ratio { min, part_min, .. } => Self { whole: limit(min)?, part: limit(part_min)? },
            Aggregate::Share { min, .. } => Self { whole: limit(min)?, part: None },
            _ => Self::default(),
        })
    }
}

// === impl Plan ===

impl Plan {
    /// Puts together what a window holds and, where it counts itself, the present attempt.
    /// `this` is its value, whether it counts or not.
    pub(super) fn reading(
        &self,
        view: View<'_>,
        present: Option<&Entry>,
        this: Option<u64>,
        asked: &Asked,
        smallest: Smallest,
    ) -> Reading {
        let View { whole, part, tally, level } = view;
        let whole = self.total(whole + present.map_or(0, |entry| i128::from(entry.measure)));
        match &self.counter.aggregate {
            Aggregate::Count | Aggregate::Sum(_) => Reading::single(whole),
            Aggregate::Distinct(_) => {
                let more = present.is_some_and(|entry| tally.weight(entry.value()).is_none());
                // Each that is kept stands for as many as there are for it.
                let known = i64::try_from(tally.distinct()).unwrap_or(i64::MAX).saturating_mul(1 << level);
                Reading::single(known.saturating_add(i64::from(more)))
            }
            Aggregate::Ratio { min, part_min, .. } => {
                let more = present.map_or(0, |entry| i128::from(self.part(entry, asked)));
                let part = self.total(part + more);
                let of_whole = reaches(whole, min.is_some(), smallest.whole);
                let enough = of_whole && (part_min.is_none() || reaches(part, true, smallest.part));
                Reading { part, of: whole, enough, ..Reading::default() }
            }
            Aggregate::Share { which, min, .. } => {
                let weight = |value: u64| tally.weight(value).unwrap_or(0);
                let mine = present.map_or(0, |entry| i128::from(entry.measure));
                let part = match which {
                    Which::This => this.map_or(0, |value| weight(value) + mine),
                    Which::Top => {
                        let own = present.filter(|entry| entry.value() != 0);
                        own.map_or(0, |entry| weight(entry.value()) + mine).max(tally.top())
                    }
                };
                let enough = reaches(whole, min.is_some(), smallest.whole);
                Reading { part: self.total(part), of: whole, enough, ..Reading::default() }
            }
            Aggregate::Run { .. } => {
                let number = present.map(|entry| entry.value().cast_signed());
                Reading::single(tally.run(asked.step, number))
            }
            Aggregate::Classes { .. } => {
                let class = present.and_then(|entry| Self::class(entry.value(), asked.step));
                let more = class.is_some_and(|class| tally.weight(class).is_none());
                let part = tally.distinct() + usize::from(more);
                let part = i64::try_from(part).unwrap_or(i64::MAX);
                Reading { part, of: whole, enough: true, count: 0 }
            }
        }
    }
}

// === impl Reading ===

impl Reading {
    const fn single(count: i64) -> Self {
        Self { count, part: 0, of: 0, enough: true }
    }
}

fn reaches(number: i64, asked: bool, min: Option<i64>) -> bool {
    // A part of nothing is no part at all.
    number > 0 && (!asked || min.is_some_and(|min| number >= min))
}
