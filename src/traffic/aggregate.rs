//! From the events of one key in one window to whole numbers.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::counter::{Aggregate, Filter, Which};
use super::event::{Event, Fact};
use super::field::Field;

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

// === impl Aggregate ===

impl Aggregate {
    /// Puts events together.
    ///
    /// # Errors
    /// When a limit cannot be had.
    pub fn of<E>(&self, events: &[&Event], asking: &Asking<'_, E>) -> Result<Reading, E> {
        match self {
            Self::Count => Ok(Reading::single(total(events.iter().copied(), None))),
            Self::Sum(field) => Ok(Reading::single(total(events.iter().copied(), Some(*field)))),
            Self::Distinct(field) => Ok(Reading::single(distinct(events, *field))),
            Self::Ratio { part, sum, min, part_min } => {
                let some = filtered(events, part, asking)?;
                let (part, of) = (total(some.into_iter(), *sum), total(events.iter().copied(), *sum));
                let enough =
                    reaches(of, *min, asking)? && (part_min.is_none() || reaches(part, *part_min, asking)?);
                Ok(Reading { part, of, enough, ..Reading::default() })
            }
            Self::Share { of: field, which, sum, min } => {
                let of = total(events.iter().copied(), *sum);
                let part = match which {
                    Which::Top => top(events, *field, *sum),
                    Which::This => of_value(events, *field, asking.present.get(*field), *sum),
                };
                Ok(Reading { part, of, enough: reaches(of, *min, asking)?, ..Reading::default() })
            }
            Self::Run { of, gap } => Ok(Reading::single(longest_run(events, *of, (asking.limit)(*gap)?))),
            Self::Classes { of, width } => {
                let part = classes(events, *of, (asking.limit)(*width)?);
                Ok(Reading { part, of: total(events.iter().copied(), None), enough: true, count: 0 })
            }
        }
    }
}

// === impl Reading ===

impl Reading {
    fn single(count: i64) -> Self {
        Self { count, enough: true, ..Self::default() }
    }
}

fn reaches<E>(number: i64, min: Option<usize>, asking: &Asking<'_, E>) -> Result<bool, E> {
    // A part of nothing is no part at all.
    Ok(number > 0 && min.map(asking.limit).transpose()?.is_none_or(|min| number >= min))
}

fn filtered<'e, E>(
    events: &[&'e Event],
    filters: &[Filter],
    asking: &Asking<'_, E>,
) -> Result<Vec<&'e Event>, E> {
    let mut kept = Vec::new();
    for event in events {
        if hold(filters, event, asking)? {
            kept.push(*event);
        }
    }
    Ok(kept)
}

/// Whether all filters hold of an event.
///
/// # Errors
/// When a limit cannot be had.
pub fn hold<E>(filters: &[Filter], event: &Event, asking: &Asking<'_, E>) -> Result<bool, E> {
    for filter in filters {
        if !filter.holds(event, asking.now, asking.limit)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The weight of events, or of what a field of theirs holds. A sum too large to be held stays at the
/// largest that can: no limit is above it.
fn total<'e>(events: impl Iterator<Item = &'e Event>, sum: Option<Field>) -> i64 {
    let amount = |event: &Event| sum.map_or(1, |field| i128::from(event.number(field)));
    let total: i128 = events.map(|event| amount(event).saturating_mul(i128::from(event.weight))).sum();
    let total = total / sum.map_or(1, Field::divisor);
    i64::try_from(total).unwrap_or(i64::MAX)
}

fn distinct(events: &[&Event], field: Field) -> i64 {
    let values: HashSet<&Fact> = events.iter().filter_map(|event| event.get(field)).collect();
    i64::try_from(values.len()).unwrap_or(i64::MAX)
}

fn top(events: &[&Event], field: Field, sum: Option<Field>) -> i64 {
    let mut by_value: HashMap<&Fact, Vec<&Event>> = HashMap::new();
    for event in events {
        if let Some(value) = event.get(field) {
            by_value.entry(value).or_default().push(event);
        }
    }
    by_value.into_values().map(|events| total(events.into_iter(), sum)).max().unwrap_or(0)
}

fn of_value(events: &[&Event], field: Field, value: Option<&Fact>, sum: Option<Field>) -> i64 {
    let Some(value) = value else { return 0 };
    total(events.iter().copied().filter(|event| event.get(field) == Some(value)), sum)
}

/// The most numbers in a row of which each is at most `gap` above the one before it.
fn longest_run(events: &[&Event], field: Field, gap: i64) -> i64 {
    let digits = |event: &&Event| event.text(field)?.strip_prefix('+')?.parse::<i64>().ok();
    let numbers: BTreeSet<i64> = events.iter().filter_map(digits).collect();
    let (mut longest, mut run, mut last) = (0, 0, None::<i64>);
    for number in numbers {
        let goes_on = last.is_some_and(|last| number.saturating_sub(last) <= gap);
        run = if goes_on { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(number);
    }
    longest
}

fn classes(events: &[&Event], field: Field, width: i64) -> i64 {
    let class = |event: &&Event| event.number(field).checked_div_euclid(width);
    let classes: BTreeSet<i64> = events.iter().filter_map(class).collect();
    i64::try_from(classes.len()).unwrap_or(i64::MAX)
}
