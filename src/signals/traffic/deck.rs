//! The rate deck: what a minute to a number costs, and what it would cost if calls were spread evenly.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::domain::Fixed;
use crate::lists::Lists;

/// What the deck says of one number. A country that it does not know costs nothing and has no ranges.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// The high-cost range that the number is in; the longest of several.
    pub(super) range: Option<Arc<str>>,
    /// Micro-USD a minute.
    pub(super) rate: i64,
    /// Micro-USD a minute, on an even-spread average.
    pub(super) average: i64,
    /// The range's part of an even spread, ppm.
    pub(super) share: i64,
}

// === impl Rates ===

impl Rates {
    pub(super) fn of(lists: &Lists, country: &str, number: &str) -> Self {
        let Some(entry) = lists.get("rate_deck").and_then(|deck| deck.get(country)) else {
            return Self::default();
        };
        let average = millionths(entry.get("avg"));
        let ranges = entry.get("ranges").and_then(Json::as_object).into_iter().flatten();
        let ours = ranges.filter(|(prefix, _)| number.starts_with(prefix.as_str()));
        match ours.max_by_key(|(prefix, _)| prefix.len()) {
            Some((prefix, range)) => Self {
                range: Some(prefix.as_str().into()),
                rate: millionths(range.get("rate")),
                average,
                share: millionths(range.get("share")),
            },
            None => Self { rate: average, average, ..Self::default() },
        }
    }
}

fn millionths(value: Option<&Json>) -> i64 {
    let amount = value.and_then(Json::as_f64).and_then(|amount| Fixed::from_f64(amount).ok());
    amount.map_or(0, Fixed::millionths)
}
