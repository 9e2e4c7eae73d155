//! Reads fields and collects what is malformed, each under the path of its field.
//!
//! A reader never stops at a violation: it stands in the empty value and goes on, and whoever
//! finishes asks it whether anything was found.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;
use jiff::Timestamp;

use super::enums::Closed;
use crate::domain::{AccountId, FieldViolation, Fixed, InvalidId, KeyId, MAX_COUNTRIES, MAX_LINE, RequestId};
use crate::serve::status::Refusal;

/// Most violations that one message is told; what is beyond is dropped.
pub const MAX_VIOLATIONS: usize = 100;

/// Collects violations under a path.
#[derive(Default)]
pub(super) struct Reader {
    path: String,
    found: Vec<FieldViolation>,
}

/// Whether a field holds a named id.
pub(super) trait Id: Sized {
    fn checked(text: &str) -> Result<Self, InvalidId>;
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl Id for $id {
            fn checked(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    )+};
}
ids!(AccountId, RequestId, KeyId);

// === impl Reader: paths ===

impl Reader {
    /// Notes that the field is malformed; an empty name means the message that is being read.
    pub(super) fn refuse(&mut self, field: &str, description: impl Into<String>) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(FieldViolation::new(self.at(field), description));
        }
    }

    /// Reads a message below this one.
    pub(super) fn within<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.at(field);
        let outer = std::mem::replace(&mut self.path, outer);
        let value = read(self);
        self.path = outer;
        value
    }

    /// Reads a message below this one, if it is there.
    pub(super) fn part<M, T>(
        &mut self,
        field: &str,
        message: Option<M>,
        read: impl FnOnce(&mut Self, M) -> T,
    ) -> Option<T> {
        message.map(|message| self.within(field, |r| read(r, message)))
    }

    /// Reads each of a list; beyond `max` nothing is read.
    pub(super) fn each<M, T, C: FromIterator<T>>(
        &mut self,
        field: &str,
        items: Vec<M>,
        max: usize,
        mut read: impl FnMut(&mut Self, M) -> T,
    ) -> C {
        self.at_most(field, items.len(), max);
        let items = items.into_iter().take(max).enumerate();
        items.map(|(place, item)| self.within(&format!("{field}[{place}]"), |r| read(r, item))).collect()
    }

    /// Each value of a map. Names can tell of people, so paths do not spell them; they are read in
    /// order, so that the same message is refused with the same words.
    pub(super) fn map<M, T, C: FromIterator<(String, T)>>(
        &mut self,
        field: &str,
        entries: HashMap<String, M>,
        max: usize,
        mut read: impl FnMut(&mut Self, M) -> T,
    ) -> C {
        self.at_most(field, entries.len(), max);
        let entries: BTreeMap<String, M> = entries.into_iter().collect();
        let entries = entries.into_iter().take(max);
        entries
            .map(|(name, value)| self.within(field, |r| (r.named("", name, MAX_LINE), read(r, value))))
            .collect()
    }

    /// A list as it is; beyond `max` nothing is kept.
    pub(super) fn some(&mut self, field: &str, mut texts: Vec<String>, max: usize) -> Vec<String> {
        self.at_most(field, texts.len(), max);
        texts.truncate(max);
        texts
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was found.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.found.is_empty() { Ok(()) } else { Err(Refusal::InvalidFields(self.found)) }
    }

    /// Adds what another check found. A field that is known to be malformed was left empty, so that
    /// it is missing too is not worth saying.
    pub(super) fn add(&mut self, others: Vec<FieldViolation>) {
        let known = self.found.len();
        for other in others {
            let path = self.at(&other.field);
            let missing = other.description == "is required";
            if !self.found.iter().take(known).any(|v| is_at(&v.field, &path, missing)) {
                self.refuse(&other.field, other.description);
            }
        }
    }

    fn at(&self, field: &str) -> String {
        match (self.path.as_str(), field) {
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        }
    }

    fn at_most(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.refuse(field, format!("must have at most {max} entries"));
        }
    }
}

/// Whether `found` is the field at `path` or, `below` it, a part of it; places in lists do not matter.
fn is_at(found: &str, path: &str, below: bool) -> bool {
    let found = without_places(found);
    found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || (below && rest.starts_with('.')))
}

fn without_places(path: &str) -> String {
    path.split('[').map(|piece| piece.split_once(']').map_or(piece, |(_, rest)| rest)).collect()
}

// === impl Reader: values ===

impl Reader {
    /// A value of a closed vocabulary; `None` for UNSPECIFIED.
    pub(super) fn choice<E: Closed>(&mut self, field: &str, number: i32) -> Option<E> {
        if let Ok(wire) = E::Wire::try_from(number) {
            return E::from_wire(wire);
        }
        self.refuse(field, "is a value that this server does not know");
        None
    }

    /// A value that must be given.
    pub(super) fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.refuse(field, "is required");
        }
        value
    }

    /// A value of a closed vocabulary that must be given.
    pub(super) fn required_choice<E: Closed>(&mut self, field: &str, number: i32) -> Option<E> {
        match E::Wire::try_from(number) {
            Ok(wire) => self.required(field, E::from_wire(wire)),
            Err(_) => self.choice(field, number),
        }
    }

    /// An id; `None` when it is empty.
    pub(super) fn id<I: Id>(&mut self, field: &str, text: &str) -> Option<I> {
        if text.is_empty() { None } else { self.required_id(field, text) }
    }

    /// An id that must be given.
    pub(super) fn required_id<I: Id>(&mut self, field: &str, text: &str) -> Option<I> {
        match I::checked(text) {
            Ok(id) => Some(id),
            Err(InvalidId::Empty) => self.required(field, None),
            Err(error) => {
                self.refuse(field, error.to_string());
                None
            }
        }
    }

    /// An instant.
    pub(super) fn instant(&mut self, field: &str, at: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let prost_types::Timestamp { seconds, nanos } = at?;
        let nanos = Some(nanos).filter(|nanos| (0..1_000_000_000).contains(nanos));
        let instant = nanos.and_then(|nanos| Timestamp::new(seconds, nanos).ok());
        if instant.is_none() {
            self.refuse(field, "must be a time between the years 1 and 9999");
        }
        instant
    }

    /// An exact amount.
    pub(super) fn amount(&mut self, field: &str, value: f64) -> Fixed {
        Fixed::from_f64(value).unwrap_or_else(|error| {
            self.refuse(field, error.to_string());
            Fixed::ZERO
        })
    }

    /// A whole number that is not negative.
    pub(super) fn natural(&mut self, field: &str, value: i64) -> i64 {
        if value < 0 {
            self.refuse(field, "must not be negative");
        }
        value
    }

    /// A text of at most `max` bytes.
    pub(super) fn text(&mut self, field: &str, text: String, max: usize) -> String {
        if text.len() > max {
            self.refuse(field, format!("must be at most {max} bytes"));
            return String::new();
        }
        text
    }

    /// A line of text.
    pub(super) fn line(&mut self, field: &str, text: String) -> String {
        self.text(field, text, MAX_LINE)
    }

    /// A text that must be given.
    pub(super) fn named(&mut self, field: &str, text: String, max: usize) -> String {
        if text.is_empty() {
            self.refuse(field, "is required");
        }
        self.text(field, text, max)
    }

    /// Texts of at most `bytes` bytes.
    pub(super) fn texts<C: FromIterator<String>>(
        &mut self,
        field: &str,
        texts: Vec<String>,
        max: usize,
        bytes: usize,
    ) -> C {
        self.each(field, texts, max, |r, text| r.named("", text, bytes))
    }

    /// Countries: two capital letters each.
    pub(super) fn countries<C: FromIterator<String>>(&mut self, field: &str, codes: Vec<String>) -> C {
        self.each(field, codes, MAX_COUNTRIES, |r, code| {
            if code.is_empty() {
                r.refuse("", "is required");
            }
            r.country("", code)
        })
    }

    /// A country, or none.
    pub(super) fn country(&mut self, field: &str, code: String) -> String {
        let shaped = code.is_empty() || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()));
        if !shaped {
            self.refuse(field, "must be a two-letter country code");
        }
        code
    }

    /// Networks such as `203.0.113.0/24`.
    pub(super) fn networks(&mut self, field: &str, texts: Vec<String>, max: usize) -> Vec<IpNet> {
        let networks: Vec<Option<IpNet>> = self.each(field, texts, max, |r, text| {
            let network = text.parse().ok();
            if network.is_none() {
                r.refuse("", "must be a network such as `203.0.113.0/24`");
            }
            network
        });
        networks.into_iter().flatten().collect()
    }

    /// Values of a closed vocabulary, each of which must be given.
    pub(super) fn choices<E: Closed, C: FromIterator<E>>(&mut self, field: &str, numbers: Vec<i32>) -> C {
        let max = usize::from(u8::MAX);
        let values: Vec<Option<E>> =
            self.each(field, numbers, max, |r, number| r.required_choice("", number));
        values.into_iter().flatten().collect()
    }
}

/// An empty text is one that was not given.
pub(super) fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
