//! Signals: typed facts about one request, each with one function, one path and one type.
//!
//! Rules read signals by path (`context.sender.owned`, `principal.status`); the bundle's schema is
//! checked against this registry when it is loaded. Whoever evaluates asks the registry for the
//! paths that it needs, so a signal that no rule reads is never computed. A signal that cannot be
//! had fails with a cause, and is to a rule an absent attribute.
//!
//! Four families have no function of their own because the bundle declares them:
//! `principal.limits.NAME`, `context.listed.NAME`, `context.lexicon.NAME` and `context.traffic.NAME`.

mod account;
mod content;
mod credentials;
mod destination;
mod dlt;
mod facts;
mod impersonation;
mod inbound;
mod label;
mod later;
mod link;
mod mail;
mod media;
mod number;
mod recipient;
mod records;
mod registry;
mod resale;
mod sender;
#[cfg(test)]
mod tests;
mod text;
mod traffic;
mod value;

use std::sync::Arc;

pub use facts::{Facts, Subject};
pub use text::SharedTexts;
pub use traffic::History;
pub use value::{Cause, Kind, Texts, Value};

use crate::bundle::{Counter, Limit, Limits};
use crate::lists::List;

/// One fact: where rules find it, what it is, and how it is had.
pub struct Signal {
    /// Path of the attribute.
    pub path: &'static str,
    /// Its type.
    pub kind: Kind,
    /// One sentence.
    pub doc: &'static str,
    /// Lists that its function reads by name.
    pub lists: &'static [&'static str],
    /// Whether its value tells of a person, so that it is never shown whole.
    pub private: bool,
    /// Whether it takes looking through a text, describing a number or comparing names.
    pub costly: bool,
    /// Whether it can fail.
    pub fails: bool,
    compute: for<'f, 'a> fn(&'f Facts<'a>) -> Result<Value<'f>, Cause>,
}

/// Builds a table of signals: a doc line, a path, a type (with `private` where the value tells of a
/// person and `costly` where it takes work), the lists it reads, and an expression over the facts `f`
/// that gives the value or a cause.
macro_rules! signals {
    ($($(#[doc = $doc:literal])+ $path:literal: $kind:ident $(($($mark:ident),+))? $([$($list:literal),+])? = |$f:ident| $body:expr;)+) => {
        pub(super) const SIGNALS: &[crate::signals::Signal] = &[$(crate::signals::Signal {
            path: $path,
            kind: crate::signals::Kind::$kind,
            doc: concat!($($doc),+),
            lists: &[$($($list),+)?],
            private: crate::signals::is_marked(&[$($(stringify!($mark)),+)?], "private"),
            costly: crate::signals::is_marked(&[$($(stringify!($mark)),+)?], "costly"),
            fails: crate::signals::value::fails(|$f| $body),
            compute: |$f| crate::signals::value::Provide::provide($body),
        }),+];
    };
}
pub(crate) use signals;

/// Whether a signal carries a mark.
pub(crate) const fn is_marked(marks: &[&str], mark: &str) -> bool {
    match marks {
        [] => false,
        [first, rest @ ..] => same(first.as_bytes(), mark.as_bytes()) || is_marked(rest, mark),
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([a, rest_of_a @ ..], [b, rest_of_b @ ..]) => *a == *b && same(rest_of_a, rest_of_b),
        _ => false,
    }
}

/// What gives the value of a path.
#[derive(Clone)]
pub enum Provider {
    /// A function of the registry.
    Signal(&'static Signal),
    /// A limit of the bundle or the account's own, by its place.
    Limit(usize),
    /// Whether another path's value is on a list.
    Listed {
        /// The list.
        list: Arc<str>,
        /// What is looked up.
        of: &'static Signal,
    },
    /// Whether the texts speak of what the lexicon at this place is about.
    Lexicon(crate::content::LexiconId),
    /// A number of a counter over past traffic.
    Counter {
        /// The counter.
        counter: Arc<Counter>,
        /// Which of its numbers.
        number: Number,
    },
}

/// Which number of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// The only one.
    Count,
    /// The part.
    Part,
    /// The whole.
    Of,
    /// Whether there are enough events to tell.
    Enough,
}

/// Every signal that has a function, by subject.
pub fn all() -> impl Iterator<Item = &'static Signal> {
    [
        account::SIGNALS,
        credentials::SIGNALS,
        destination::SIGNALS,
        sender::SIGNALS,
        number::SIGNALS,
        content::SIGNALS,
        resale::SIGNALS,
        records::SIGNALS,
        text::SIGNALS,
        label::SIGNALS,
        link::SIGNALS,
        media::SIGNALS,
        mail::SIGNALS,
        impersonation::SIGNALS,
        registry::SIGNALS,
        dlt::SIGNALS,
        recipient::SIGNALS,
        inbound::SIGNALS,
        traffic::SIGNALS,
    ]
    .into_iter()
    .flatten()
}

/// The signal at a path.
pub fn find(path: &str) -> Option<&'static Signal> {
    all().find(|signal| signal.path == path)
}

/// Where rules and obligations find limits.
const LIMITS: &str = "principal.limits.";

/// What gives the value of a path that an obligation's parameter names: a signal or a limit.
pub fn parameter(path: &str, limits: &Limits) -> Option<Provider> {
    match path.strip_prefix(LIMITS) {
        Some(name) => limits.place(name).map(Provider::Limit),
        None => find(path).map(Provider::Signal),
    }
}

// === impl Signal ===

impl Signal {
    /// Its value for this request.
    ///
    /// # Errors
    /// The cause, when what it needs cannot be had.
    pub fn compute<'f>(&self, facts: &'f Facts<'_>) -> Result<Value<'f>, Cause> {
        (self.compute)(facts)
    }
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}

// === impl Provider ===

impl Provider {
    /// The value of the path for this request.
    ///
    /// # Errors
    /// The cause, when what it needs cannot be had.
    pub fn value<'f>(&self, facts: &'f Facts<'_>) -> Result<Value<'f>, Cause> {
        match self {
            Self::Signal(signal) => signal.compute(facts),
            Self::Limit(place) => limit_at(facts, *place).map(Value::Long),
            Self::Listed { list, of } => listed(facts, list, of).map(Value::Bool),
            Self::Counter { counter, number } => facts.reading(counter).map(|reading| match number {
                Number::Count => Value::Long(reading.count),
                Number::Part => Value::Long(reading.part),
                Number::Of => Value::Long(reading.of),
                Number::Enough => Value::Bool(reading.enough),
            }),
            Self::Lexicon(place) => facts.content().map(|content| Value::Bool(content.speaks_of(*place))),
        }
    }
}

/// A limit that a signal names.
fn limit(facts: &Facts<'_>, name: &str) -> Result<i64, Cause> {
    limit_at(facts, facts.limits.place(name).ok_or(Cause::Rule)?)
}

fn limit_at(facts: &Facts<'_>, place: usize) -> Result<i64, Cause> {
    let account = facts.account()?;
    let limit: &Limit = facts.limits.at(place).ok_or(Cause::Rule)?;
    match account.account.limits.values.get(&*limit.name) {
        Some(own) => limit.own(*own).map_err(|_| Cause::Rule),
        None => Ok(limit.default),
    }
}

fn listed(facts: &Facts<'_>, name: &str, of: &Signal) -> Result<bool, Cause> {
    let list: &Arc<List> = facts.list(name)?;
    Ok(match of.compute(facts)? {
        Value::Text(text) => list.contains(&text),
        Value::Set(texts) => texts.iter().any(|text| list.contains(text)),
        Value::Bool(_) | Value::Long(_) => false,
    })
}
