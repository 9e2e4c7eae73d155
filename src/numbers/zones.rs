//! The time zones that a number may be in, by its longest known prefix.
//!
//! A number that is not tied to a place (toll-free, most mobiles) has all zones of its country, so quiet hours must hold
//! in every zone given here. One of a country code without a country has none.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::E164;

/// libphonenumber's table, `prefix|zone&zone`; see `data/phone/README.md`.
const TABLE: &str = include_str!("../../data/phone/map_data.txt");

static ZONES: LazyLock<HashMap<u64, Box<[&'static str]>>> =
    LazyLock::new(|| TABLE.lines().filter_map(entry).collect());

/// The tz database names for `number`, in the table's order (alphabetical); empty if the table has none.
pub fn zones_for(number: E164) -> &'static [&'static str] {
    number.prefixes().find_map(|prefix| ZONES.get(&prefix)).map_or(&[], |zones| zones)
}

fn entry(line: &'static str) -> Option<(u64, Box<[&'static str]>)> {
    let (prefix, zones) = line.split_once('|')?;
    let prefix = prefix.parse().ok()?;
    Some((prefix, zones.split('&').collect()))
}

#[cfg(test)]
mod tests;
