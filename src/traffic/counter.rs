//! A counter as it was declared: which events it takes, what it counts together, over which window,
//! and what becomes of them.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::digest::Secret;
use super::event::{Event, Fact};
use super::field::Field;
use super::plan::{Plan, Uncountable};

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
    /// A text that begins with one of these.
    BeginsWith(Vec<Arc<str>>),
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
        let kind =
            (attempt && self.events.attempts) || self.events.kinds.iter().any(|kind| **kind == *event.kind);
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

    /// Whether everything that it asks of events can be kept of them.
    ///
    /// # Errors
    /// What cannot.
    pub fn countable(&self) -> Result<(), Uncountable> {
        Plan::new(self, Secret::random(), &|_| None).map(drop)
    }

    /// Whether events are too old for it after a while.
    pub const fn window_ends(&self) -> bool {
        !matches!(self.window, Window::Now)
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
}

// === impl Test ===

impl Test {
    /// Whether it asks only if the field is stated.
    pub(super) fn is_of_presence(&self) -> bool {
        match self {
            Self::OneOf(facts) => facts.iter().all(Option::is_none),
            Self::Not(test) => test.is_of_presence(),
            Self::AtLeast(_) | Self::AtMost(_) | Self::Below(_) | Self::BeginsWith(_) => false,
        }
    }

    /// Whether it holds of a field, whatever limits are: a comparison holds of nothing.
    pub(super) fn holds_of(&self, fact: Option<&Fact>) -> bool {
        match self {
            Self::OneOf(facts) => facts.iter().any(|known| known.as_ref() == fact),
            Self::Not(test) => !test.holds_of(fact),
            Self::AtLeast(_) | Self::AtMost(_) | Self::Below(_) => false,
            Self::BeginsWith(texts) => {
                matches!(fact, Some(Fact::Text(known)) if texts.iter().any(|text| known.starts_with(&**text)))
            }
        }
    }
}
