//! Values of signals, and why there may be none.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

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
    Set(Vec<Cow<'f, str>>),
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
    /// The value, or why there is none.
    fn provide(self) -> Result<Value<'f>, Cause>;
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

impl<'f> Provide<'f> for Vec<&'f str> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self.into_iter().map(Cow::Borrowed).collect()))
    }
}

impl<'f> Provide<'f> for Vec<Cow<'f, str>> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self))
    }
}

impl<'f> Provide<'f> for &'f BTreeSet<String> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        Ok(Value::Set(self.iter().map(|text| Cow::Borrowed(text.as_str())).collect()))
    }
}

impl<'f, T: Provide<'f>> Provide<'f> for Result<T, Cause> {
    fn provide(self) -> Result<Value<'f>, Cause> {
        self?.provide()
    }
}
