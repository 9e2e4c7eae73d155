//! Lists and policy constants that cases share.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bundle::{InvalidLimit, Snapshot};
use crate::domain::Fixed;
use crate::lists::{Kind, List};

/// The list that the rate deck fills.
const RATES: &str = "rate_deck";

/// `fixtures.json`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fixtures {
    /// Values that replace the bundle's: a number is a limit, a list is a list.
    pub policy: Map<String, Value>,
    /// Lists that replace the bundle's; every other one that comes from outside is empty.
    pub lists: Map<String, Value>,
    /// The rate deck, by country.
    pub rates: Value,
}

/// Why fixtures do not fit a bundle.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The bundle has no such list.
    #[error("list `{0}` is not one of the bundle's")]
    List(String),
    /// The bundle has no such limit, or not that value.
    #[error("limit `{0}` cannot have that value")]
    Limit(String, #[source] InvalidLimit),
    /// A constant is neither a number nor a list.
    #[error("policy value `{0}` is neither a number nor a list")]
    Value(String),
}

// === impl Fixtures ===

impl Fixtures {
    /// A bundle with these fixtures in place of its lists and constants, and `more` list entries.
    ///
    /// # Errors
    /// When a name or value does not fit the bundle.
    pub fn apply(&self, policy: &Snapshot, more: &Map<String, Value>) -> Result<Snapshot, FixtureError> {
        let mut lists = (*policy.lists).clone();
        let mut limits = (*policy.limits).clone();
        let feeds: Vec<List> =
            lists.iter().filter(|list| list.kind == Kind::Feed).map(|list| list.with_entries([])).collect();
        for empty in feeds {
            lists.insert(empty);
        }
        for (name, values) in
            self.lists.iter().chain(self.policy.iter().filter(|(_, value)| !value.is_number()))
        {
            let list = lists.get(name).ok_or_else(|| FixtureError::List(name.clone()))?;
            let entries = entries(values).ok_or_else(|| FixtureError::Value(name.clone()))?;
            let list = list.with_entries(entries);
            lists.insert(list);
        }
        for (name, values) in more {
            let list = lists.get(name).ok_or_else(|| FixtureError::List(name.clone()))?;
            let list = list.extended(entries(values).ok_or_else(|| FixtureError::Value(name.clone()))?);
            lists.insert(list);
        }
        for (name, value) in self.policy.iter().filter(|(_, value)| value.is_number()) {
            let amount = value.as_f64().and_then(|value| Fixed::from_f64(value).ok());
            let amount = amount.ok_or_else(|| FixtureError::Value(name.clone()))?;
            limits.set_default(name, amount).map_err(|error| FixtureError::Limit(name.clone(), error))?;
        }
        if !self.rates.is_null() {
            let deck = lists.get(RATES).ok_or_else(|| FixtureError::List(RATES.into()))?;
            let deck =
                deck.with_entries(entries(&self.rates).ok_or_else(|| FixtureError::Value("rates".into()))?);
            lists.insert(deck);
        }
        let fresh = Snapshot::new(policy.bundle.clone());
        Ok(Snapshot { limits: Arc::new(limits), lists: Arc::new(lists), ..fresh })
    }
}

/// The entries of a list as JSON: an array of texts, an object of payloads by value, or an array of
/// objects, each of which is the payload of its first text.
pub fn entries(values: &Value) -> Option<Vec<(String, Value)>> {
    match values {
        Value::Array(values) => values.iter().map(entry).collect(),
        Value::Object(values) => {
            Some(values.iter().map(|(key, payload)| (key.clone(), payload.clone())).collect())
        }
        _ => None,
    }
}

fn entry(value: &Value) -> Option<(String, Value)> {
    match value {
        Value::String(text) => Some((text.clone(), Value::Null)),
        Value::Object(fields) => {
            let name = fields.values().find_map(Value::as_str)?;
            Some((name.to_owned(), value.clone()))
        }
        _ => None,
    }
}
