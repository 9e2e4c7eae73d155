//! Whether a dialled string is an emergency number in the region where it is dialled.
//!
//! The numbers come from the list `emergency_numbers` of the bundle, the union of two sources (`data/emergency/`). The
//! comparison is of the exact string: `911` is an emergency number where `+1 911` and `9112` are not. Without a region,
//! or in one that the list does not know, every region's numbers count: the safe answer is that it is an emergency.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use thiserror::Error;

use super::Region;
use super::dialled::{self, Buffer};

/// The most digits that a pattern is tried on. Longer numbers are listed one by one.
const MAX_PATTERN_DIGITS: usize = 6;
/// The most digits of a number listed one by one.
const MAX_DIGITS: usize = 15;
/// The most bytes that the program of one region's pattern may take. The largest shipped takes about a tenth.
const PATTERN_BYTES: usize = 64 * 1024;
/// The same for all patterns together.
const ALL_PATTERNS_BYTES: usize = 4 * 1024 * 1024;

/// The emergency numbers of one region, as the bundle's list has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// A regular expression over all digits as dialled, of numbers of up to 6 digits.
    pub pattern: Option<String>,
    /// Numbers beside the pattern, each of 1 to 15 digits.
    #[serde(default)]
    pub also: Vec<String>,
}

/// The emergency numbers of all regions, ready to be asked.
#[derive(Debug)]
pub struct Tables {
    regions: HashMap<Region, Table>,
    // INVARIANT: matches what some table of `regions` matches.
    anywhere: Table,
}

/// Why a list of emergency numbers cannot be used.
#[derive(Debug, Error)]
pub enum InvalidTables {
    /// The list is empty, so that nothing would be an emergency.
    #[error("no emergency numbers at all")]
    Empty,
    /// A region is listed twice.
    #[error("emergency numbers of `{0}` are listed twice")]
    Repeated(Region),
    /// A region has neither a pattern nor a number.
    #[error("no emergency numbers for `{0}`")]
    NoNumbers(Region),
    /// A number is not 1 to 15 ASCII digits.
    #[error("`{number}` is not an emergency number of `{region}`: expected 1 to {MAX_DIGITS} digits")]
    Number {
        /// The region that lists it.
        region: Region,
        /// What is listed.
        number: String,
    },
    /// A pattern does not compile, or is too large.
    #[error("the pattern of emergency numbers of `{region}` cannot be used")]
    Pattern {
        /// The region whose pattern it is.
        region: Region,
        /// What is wrong with it.
        #[source]
        source: regex::Error,
    },
    /// All patterns together are too large.
    #[error("the patterns of emergency numbers are too large together")]
    TooLarge(#[source] regex::Error),
}

/// The numbers of one region, or of all.
#[derive(Debug, Default)]
struct Table {
    pattern: Option<Regex>,
    /// Sorted.
    also: Vec<Box<str>>,
}

// === impl Tables ===

impl Tables {
    /// Compiles the entries of the list, each region once.
    ///
    /// # Errors
    /// [`InvalidTables`], naming the region whose entry is at fault.
    pub fn from_entries(entries: impl IntoIterator<Item = (Region, Numbers)>) -> Result<Self, InvalidTables> {
        let mut regions = HashMap::new();
        let mut patterns = Vec::new();
        let mut also = Vec::new();
        for (region, numbers) in entries {
            let table = Table::new(region, &numbers)?;
            also.extend_from_slice(&table.also);
            patterns.extend(numbers.pattern);
            if regions.insert(region, table).is_some() {
                return Err(InvalidTables::Repeated(region));
            }
        }
        if regions.is_empty() {
            return Err(InvalidTables::Empty);
        }
        let anywhere = Table::anywhere(&patterns, also).map_err(InvalidTables::TooLarge)?;
        Ok(Self { regions, anywhere })
    }

    /// Whether `dialled`, with spaces and punctuation removed and all digits turned to ASCII, is exactly an emergency
    /// number of `region`. A string with `+` never is one.
    pub fn is_emergency(&self, dialled: &str, region: Option<Region>) -> bool {
        let mut buffer = Buffer::default();
        let Some(dialled) = dialled::parse(dialled, &mut buffer).filter(|dialled| !dialled.international)
        else {
            return false;
        };
        let table = region.and_then(|region| self.regions.get(&region)).unwrap_or(&self.anywhere);
        table.contains(dialled.digits)
    }

    /// How many regions have numbers of their own.
    pub fn len(&self) -> usize {
        self.regions.len()
    }

    /// Whether no region has numbers; never so for tables made by [`Tables::from_entries`].
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}

// === impl Table ===

impl Table {
    fn new(region: Region, numbers: &Numbers) -> Result<Self, InvalidTables> {
        if numbers.pattern.is_none() && numbers.also.is_empty() {
            return Err(InvalidTables::NoNumbers(region));
        }
        if let Some(number) = numbers.also.iter().find(|number| !is_number(number)) {
            return Err(InvalidTables::Number { region, number: number.clone() });
        }
        let pattern = numbers.pattern.as_deref().map(compile_alone).transpose();
        let pattern = pattern.map_err(|source| InvalidTables::Pattern { region, source })?;
        let also = numbers.also.iter().map(|number| number.as_str().into()).collect();
        Ok(Self::sorted(pattern, also))
    }

    fn anywhere(patterns: &[String], also: Vec<Box<str>>) -> Result<Self, regex::Error> {
        let groups: Vec<String> = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
        let pattern =
            (!groups.is_empty()).then(|| compile(&groups.join("|"), ALL_PATTERNS_BYTES)).transpose()?;
        Ok(Self::sorted(pattern, also))
    }

    fn sorted(pattern: Option<Regex>, mut also: Vec<Box<str>>) -> Self {
        also.sort_unstable();
        also.dedup();
        Self { pattern, also }
    }

    /// The length is looked at first, so that the patterns only run on what can match them.
    fn contains(&self, digits: &str) -> bool {
        let in_pattern = |pattern: &Regex| pattern.is_match(digits);
        digits.len() <= MAX_PATTERN_DIGITS && self.pattern.as_ref().is_some_and(in_pattern)
            || self.also.binary_search_by(|number| (**number).cmp(digits)).is_ok()
    }
}

fn is_number(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// A pattern has to compile without the anchors, or one like `9)|(?:1` would escape from them.
fn compile_alone(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(PATTERN_BYTES).build()?;
    compile(pattern, PATTERN_BYTES)
}

/// `\d` is ASCII only: what is dialled has been turned to ASCII, and Unicode's digits would take 50 times the room.
fn compile(pattern: &str, limit: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{pattern})$")).unicode(false).size_limit(limit).build()
}

#[cfg(test)]
mod tests;
