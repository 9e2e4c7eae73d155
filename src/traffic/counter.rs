//! A counter as it was declared: which events it takes, what it counts together, over which window,
//! and what becomes of them.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::event::{Event, Fact};
use super::field::Field;

/// Statuses of attempts that came to nothing, and so are given back.
const GIVEN_BACK: [&str; 2] = ["FAILED", "CANCELLED"];

/// One counter.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Its name: `context.traffic.NAME`.
    pub name: Arc<str>,
    /// What it tells.
    pub doc: Arc<str>,
    /// Line in the file.
    pub line: usize,
    /// Its place among the counters of the bundle.
    pub place: usize,
    /// What it takes.
    pub events: Taken,
    /// Which of them; all must hold.
    pub filters: Vec<Filter>,
    /// What is counted together.
    pub key: Vec<Field>,
    /// Over what time.
    pub window: Window,
    /// What becomes of them.
    pub aggregate: Aggregate,
    /// Whether the attempt that is being decided counts itself.
    pub counts_this: bool,
    /// Whether it takes attempts that were refused, and no others.
    pub refused: bool,
    /// Nothing counts it, and no rule may read it.
    pub planned: bool,
}

/// Kinds of events that a counter takes.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Attempts at any action.
    pub attempts: bool,
    /// Events of these kinds.
    pub kinds: Vec<Arc<str>>,
}

/// A condition on one field.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The field.
    pub field: Field,
    /// What it must be.
    pub test: Test,
}

/// What a field must be.
#[derive(Debug, Clone)]
pub enum Test {
    /// One of these; `None` is a field that is not stated.
    OneOf(Vec<Option<Fact>>),
    /// Not that.
    Not(Box<Test>),
    /// A number of at least the limit at that place.
    AtLeast(usize),
    /// A number of at most the limit.
    AtMost(usize),
    /// A number below the limit.
    Below(usize),
    /// A text that begins with this.
    BeginsWith(Arc<str>),
}

/// Over what time a counter looks.
#[derive(Debug, Clone)]
pub enum Window {
    /// As long back as the limit at that place says.
    Sliding(usize),
    /// Since midnight in that zone.
    Day(TimeZone),
    /// What is going on at this moment, however long ago it began.
    Now,
}

/// What becomes of the events. Numbers are places of limits.
#[derive(Debug, Clone)]
pub enum Aggregate {
    /// How many.
    Count,
    /// The total of a field.
    Sum(Field),
    /// How many different values of a field.
    Distinct(Field),
    /// Some of them by all.
    Ratio {
        /// Which.
        part: Vec<Filter>,
        /// Added up instead of counted.
        sum: Option<Field>,
        /// The smallest whole that tells anything.
        min: Option<usize>,
        /// The smallest part that does.
        part_min: Option<usize>,
    },
    /// What one value of a field has by all.
    Share {
        /// The field.
        of: Field,
        /// Which value.
        which: Which,
        /// Added up instead of counted.
        sum: Option<Field>,
        /// The smallest whole that tells anything.
        min: Option<usize>,
    },
    /// The longest run of numbers with steps up to `gap`.
    Run {
        /// The field.
        of: Field,
        /// The longest step.
        gap: usize,
    },
    /// How many, and into how many classes of a width they fall.
    Classes {
        /// The field.
        of: Field,
        /// The width.
        width: usize,
    },
}

/// The value whose share is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that has most.
    Top,
    /// That of the present attempt.
    This,
}

// === impl Counter ===

impl Counter {
    /// Whether events of this kind can count, whatever else they state.
    pub fn takes(&self, event: &Event) -> bool {
        let attempt = event.is_attempt();
        let kind = (attempt && self.events.attempts) || self.events.kinds.contains(&event.kind);
        kind && (!attempt || event.refused == self.refused)
    }

    /// An attempt that failed or was cancelled is given back, unless the counter asks for it by name.
    pub fn given_back(&self, event: &Event) -> bool {
        let Some(status) = event.text(Field::Status).filter(|status| GIVEN_BACK.contains(status)) else {
            return false;
        };
        !self.filters.iter().any(|filter| filter.names(Field::Status, status))
    }

    /// The values of its key; none if the event does not state one of them.
    pub fn key_of(&self, event: &Event) -> Option<Box<[Fact]>> {
        self.key.iter().map(|field| event.get(*field).cloned()).collect()
    }

    /// Whether rules read it as a record of a part and a whole.
    pub const fn is_record(&self) -> bool {
        matches!(
            self.aggregate,
            Aggregate::Ratio { .. } | Aggregate::Share { .. } | Aggregate::Classes { .. }
        )
    }
}

// === impl Filter ===

impl Filter {
    fn names(&self, field: Field, text: &str) -> bool {
        let is = |fact: &Option<Fact>| matches!(fact, Some(Fact::Text(known)) if &**known == text);
        self.field == field && matches!(&self.test, Test::OneOf(facts) if facts.iter().any(is))
    }

    /// Whether it holds of an event at the instant `now`.
    ///
    /// # Errors
    /// When a limit cannot be had.
    pub fn holds<E>(
        &self,
        event: &Event,
        now: i64,
        limit: &dyn Fn(usize) -> Result<i64, E>,
    ) -> Result<bool, E> {
        if self.field == Field::AgeS {
            return self.test.holds(Some(&Fact::Number(now.saturating_sub(event.at))), limit);
        }
        self.test.holds(event.get(self.field), limit)
    }
}

// === impl Test ===

impl Test {
    fn holds<E>(&self, fact: Option<&Fact>, limit: &dyn Fn(usize) -> Result<i64, E>) -> Result<bool, E> {
        let number = match fact {
            Some(Fact::Number(number)) => Some(*number),
            Some(Fact::Flag(_) | Fact::Text(_)) | None => None,
        };
        Ok(match self {
            Self::OneOf(facts) => facts.iter().any(|known| known.as_ref() == fact),
            Self::Not(test) => !test.holds(fact, limit)?,
            Self::AtLeast(place) => compare(number, *place, limit)?.is_some_and(std::cmp::Ordering::is_ge),
            Self::AtMost(place) => compare(number, *place, limit)?.is_some_and(std::cmp::Ordering::is_le),
            Self::Below(place) => compare(number, *place, limit)?.is_some_and(std::cmp::Ordering::is_lt),
            Self::BeginsWith(text) => matches!(fact, Some(Fact::Text(known)) if known.starts_with(&**text)),
        })
    }
}

fn compare<E>(
    number: Option<i64>,
    place: usize,
    limit: &dyn Fn(usize) -> Result<i64, E>,
) -> Result<Option<std::cmp::Ordering>, E> {
    let Some(number) = number else { return Ok(None) };
    limit(place).map(|limit| Some(number.cmp(&limit)))
}
