//! One thing that happened: an attempt at an action, or an event of its own such as a complaint.
//!
//! An event is a bag of named facts, so that a counter can be declared over any of them. What an
//! event does not state is unknown, which is a value of its own to a filter and no value to a key.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::digest::Secret;
use super::field::Field;
use crate::domain::ActionKind;

/// What a field of an event holds. Times are milliseconds and money is micro-USD.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(SmolStr),
    /// A text of which only its keyed hash is known any more; and of a number, how far it is from a
    /// secret one, so that runs of numbers are still seen.
    Hidden([u64; 2], Option<i64>),
}

/// One thing that happened.
#[derive(Clone)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// What: an action, or an event of its own.
    pub kind: SmolStr,
    /// It was refused, and so did not happen.
    pub refused: bool,
    /// How many it stands for in counts and sums.
    pub weight: i64,
    /// What an outcome will name it by; what has none is complete as it is.
    pub id: Option<Arc<str>>,
    // INVARIANT: each field once.
    facts: Vec<(Field, Fact)>,
    hashes: RefCell<Hashes>,
}

/// Hashes of facts under a secret: a dozen counters ask for the same ones.
#[derive(Clone, Default)]
struct Hashes {
    secret: Option<Secret>,
    known: SmallVec<[(Field, [u64; 2]); 8]>,
}

/// Events hold numbers of people: only what happened is shown.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event {{ {} at {}, .. }}", self.kind, self.at)
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        let Self { at, kind, refused, weight, id, facts, hashes: _ } = self;
        *at == other.at
            && *kind == other.kind
            && *refused == other.refused
            && *weight == other.weight
            && *id == other.id
            && *facts == other.facts
    }
}

impl Eq for Event {}

// === impl Event ===

impl Event {
    /// Something that happened at an instant, with nothing known of it yet.
    pub fn new(kind: &str, at: i64) -> Self {
        Self {
            at,
            kind: kind.into(),
            refused: false,
            weight: 1,
            id: None,
            // As many as an attempt states, so that none is moved.
            facts: Vec::with_capacity(20),
            hashes: RefCell::default(),
        }
    }

    /// States a field; what was stated before is replaced.
    pub fn set(&mut self, field: Field, fact: Fact) {
        self.hashes.get_mut().known.retain(|(known, _)| *known != field);
        match self.facts.iter_mut().find(|(known, _)| *known == field) {
            Some((_, old)) => *old = fact,
            None => self.facts.push((field, fact)),
        }
    }

    /// States a field with a text, unless the text is empty.
    pub fn set_text(&mut self, field: Field, text: &str) {
        if !text.is_empty() {
            self.set(field, Fact::Text(text.into()));
        }
    }

    /// What a field holds, if it is stated.
    pub fn get(&self, field: Field) -> Option<&Fact> {
        self.facts.iter().find(|(known, _)| *known == field).map(|(_, fact)| fact)
    }

    /// A text field.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.get(field) {
            Some(Fact::Text(text)) => Some(text),
            Some(Fact::Flag(_) | Fact::Number(_) | Fact::Hidden(..)) | None => None,
        }
    }

    /// A field as a number; one that is not stated adds nothing.
    pub fn number(&self, field: Field) -> i64 {
        match self.get(field) {
            Some(Fact::Number(number)) => *number,
            Some(Fact::Flag(_) | Fact::Text(_) | Fact::Hidden(..)) | None => 0,
        }
    }

    /// The hash of what a field holds, if it is stated.
    pub(super) fn hash(&self, field: Field, secret: Secret) -> Option<[u64; 2]> {
        let mut hashes = self.hashes.borrow_mut();
        if hashes.secret != Some(secret) {
            *hashes = Hashes { secret: Some(secret), known: SmallVec::new() };
        }
        if let Some((_, hash)) = hashes.known.iter().find(|(known, _)| *known == field) {
            return Some(*hash);
        }
        let hash = secret.digest(self.get(field)?);
        hashes.known.push((field, hash));
        Some(hash)
    }

    /// Everything that is stated.
    pub(super) fn facts(&self) -> impl ExactSizeIterator<Item = &(Field, Fact)> {
        self.facts.iter()
    }

    /// Whether it is an attempt at one of the actions.
    pub fn is_attempt(&self) -> bool {
        self.kind.parse::<ActionKind>().is_ok()
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fact")
    }
}
