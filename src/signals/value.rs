//! Values of signals, and why there may be none.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use super::Facts;

/// The type of a signal, as the schema spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// `Bool`.
    Bool,
    /// `Long`: whole numbers.
    Long,
    /// `String`.
    #[serde(rename = "String")]
    Text,
    /// `Set<String>`.
    #[serde(rename = "Set<String>")]
    Set,
}

impl Kind {
    /// As the schema spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "Bool",
            Self::Long => "Long",
            Self::Text => "String",
            Self::Set => "Set<String>",
        }
    }
}

/// A signal's value; texts are borrowed from the request or the account where they can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'f> {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A text; empty where there is none.
    Text(Cow<'f, str>),
    /// A set of texts.
    Set(Texts<'f>),
}

/// A set of texts, borrowed where it can be, so that most signals need not allocate.
#[derive(Debug, Clone)]
pub enum Texts<'f> {
    /// None.
    None,
    /// One text.
    One(Cow<'f, str>),
    /// Names that the code knows.
    Names(&'static [&'static str]),
    /// A set that the request, the account or a list holds.
    Held(&'f BTreeSet<String>),
    /// Others; the same text may stand in it twice.
    Many(Vec<Cow<'f, str>>),
}

// === impl Texts ===

impl Texts<'_> {
    /// The texts, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let one = if let Self::One(text) = self { Some(&**text) } else { None };
        let names = if let Self::Names(names) = self { *names } else { &[] };
        let held = if let Self::Held(held) = self { Some(*held) } else { None };
        let many = if let Self::Many(many) = self { many.as_slice() } else { &[] };
        let held = held.into_iter().flatten().map(String::as_str);
        one.into_iter().chain(names.iter().copied()).chain(held).chain(many.iter().map(|text| &**text))
    }

    /// Whether `text` is one of them.
    pub fn contains(&self, text: &str) -> bool {
        match self {
            Self::None => false,
            Self::One(one) => one == text,
            Self::Names(names) => names.contains(&text),
            Self::Held(held) => held.contains(text),
            Self::Many(many) => many.iter().any(|one| one == text),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::One(_) => false,
            Self::Names(names) => names.is_empty(),
            Self::Held(held) => held.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }
}

impl PartialEq for Texts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().all(|text| other.contains(text)) && other.iter().all(|text| self.contains(text))
    }
}

impl Eq for Texts<'_> {}

impl<'f> FromIterator<Cow<'f, str>> for Texts<'f> {
    fn from_iter<I: IntoIterator<Item = Cow<'f, str>>>(texts: I) -> Self {
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else { return Self::None };
        let Some(second) = texts.next() else { return Self::One(first) };
        Self::Many([first, second].into_iter().chain(texts).collect())
    }
}

impl<'f> FromIterator<&'f str> for Texts<'f> {
    fn from_iter<I: IntoIterator<Item = &'f str>>(texts: I) -> Self {
        texts.into_iter().map(Cow::Borrowed).collect()
    }
}

/// Why a signal has no value, or a rule no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Cause {
    /// The account could not be loaded.
    AccountUnavailable,
    /// The account is known only from longer ago than allowed.
    AccountStale,
    /// A counter could not be read.
    Counters,
    /// A list could not be read.
    Lists,
    /// The rule itself failed, e.g. by overflow.
    Rule,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 5] =
        [Self::AccountUnavailable, Self::AccountStale, Self::Counters, Self::Lists, Self::Rule];

    /// The reason that says so.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountUnavailable => "SYSTEM_ACCOUNT_UNAVAILABLE",
            Self::AccountStale => "SYSTEM_ACCOUNT_STALE",
            Self::Counters => "SYSTEM_COUNTERS_UNAVAILABLE",
            Self::Lists => "SYSTEM_LISTS_UNAVAILABLE",
            Self::Rule => "SYSTEM_RULE_ERROR",
        }
    }
}

/// What an expression of the registry may give.
pub(super) trait Provide<'f> {
    /// Whether it may be a cause.
    const FAILS: bool = false;

    /// The value, or why there is none.
    fn provide(self) -> Result<Value<'f>, Cause>;
}

/// Whether what a function gives may be a cause; known from its type alone.
pub(super) const fn fails<'f, P: Provide<'f>, F: Copy + FnOnce(&'f Facts<'f>) -> P>(_: F) -> bool {
    P::FAILS
}

impl<'f> Provide<'f> for bool {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Bool(self))
    }
}

impl<'f> Provide<'f> for i64 {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Long(self))
    }
}

impl<'f> Provide<'f> for &'f str {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Text(Cow::Borrowed(self)))
    }
}

impl<'f> Provide<'f> for String {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Text(Cow::Owned(self)))
    }
}

impl<'f> Provide<'f> for Texts<'f> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self))
    }
}

impl<'f> Provide<'f> for Vec<&'f str> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self.into_iter().collect()))
    }
}

impl<'f> Provide<'f> for Vec<Cow<'f, str>> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self.into_iter().collect()))
    }
}

impl<'f> Provide<'f> for &'f BTreeSet<String> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(Texts::Held(self)))
    }
}

impl<'f, T: Provide<'f>> Provide<'f> for Result<T, Cause> {
    const FAILS: bool = true;

    fn provide(self) -> Result<Value<'f>, Cause> {
        self?.provide()
    }
}
