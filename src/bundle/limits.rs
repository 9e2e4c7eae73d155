//! `limits.yaml`: every threshold, with its unit, bounds and source.
//!
//! People write `0.1` and `600 seconds`; rules read whole numbers (ppm, milliseconds, micro-USD).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Problem;
use super::yaml::{self, Named};
use crate::domain::Fixed;

/// The file.
pub const FILE: &str = "limits.yaml";

/// What "unlimited" is to a rule: no count reaches it.
pub const UNLIMITED: i64 = i64::MAX;

/// What a limit is measured in, and so what rules read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole numbers.
    Count,
    /// Seconds; rules read milliseconds.
    Seconds,
    /// Minutes; rules read milliseconds.
    Minutes,
    /// A fraction; rules read ppm.
    Ratio,
    /// A multiple of a standard deviation; rules read ppm.
    Sigma,
    /// US dollars; rules read micro-USD.
    Usd,
    /// Bytes.
    Bytes,
    /// A version number.
    Version,
}

impl Unit {
    /// The whole number that rules read; `None` when the amount is not whole in that unit.
    fn scale(self, amount: Fixed) -> Option<i64> {
        match self {
            Self::Count | Self::Bytes | Self::Version => amount.to_whole(),
            Self::Ratio | Self::Sigma | Self::Usd => Some(amount.millionths()),
            Self::Seconds => Fixed::from_millionths(amount.millionths().checked_mul(1_000)?).to_whole(),
            Self::Minutes => Fixed::from_millionths(amount.millionths().checked_mul(60_000)?).to_whole(),
        }
    }
}

/// One threshold.
#[derive(Debug, Clone)]
pub struct Limit {
    /// Its name: `principal.limits.NAME`.
    pub name: Arc<str>,
    /// What rules read by default, scaled.
    pub default: i64,
    /// What it is measured in.
    pub unit: Unit,
    /// Lowest and highest value of an account's own, scaled.
    pub bounds: (i64, i64),
    /// Whether an account may have its own.
    pub overridable: bool,
    /// Where the figure is from.
    pub source: Arc<str>,
    /// Why there is a limit.
    pub why: Arc<str>,
    /// Line in the file.
    pub line: usize,
}

/// Why a value is not one of a limit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    /// No limit has the name.
    #[error("is not a limit of the bundle")]
    Unknown,
    /// Accounts may not have their own.
    #[error("may not be set by an account")]
    Fixed,
    /// Not whole in the limit's unit, or outside its bounds.
    #[error("is not a whole number of the limit's unit within its bounds")]
    OutOfBounds,
}

/// All thresholds. A compiled rule has the place of its limit, which is the same in every snapshot of
/// a bundle, so that reading one looks up no name.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    // INVARIANT: sorted by name, each once.
    all: Vec<Limit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    limits: Vec<RawLimit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    name: Named,
    default: Amount,
    unit: Unit,
    min: Option<Fixed>,
    max: Option<Fixed>,
    #[serde(default = "yes")]
    overridable: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "for the reader of the file; rules say which limits they use")]
    used_by: Vec<String>,
    source: String,
    why: String,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Given(Fixed),
    Word(Unlimited),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unlimited {
    Unlimited,
}

// === impl Limits ===

impl Limits {
    /// Reads and checks the file's text.
    ///
    /// # Errors
    /// Every problem found: malformed YAML, a name given twice, a default that is not whole in its
    /// unit or lies outside its own bounds.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let raw: RawFile = yaml::parse(FILE, text).map_err(|problem| vec![problem])?;
        let mut limits = BTreeMap::new();
        let mut problems = Vec::new();
        for raw in raw.limits {
            let line = yaml::line_of(&raw.name);
            let name = raw.name.value.clone();
            match raw.check() {
                Ok(limit) if limits.contains_key(&limit.name) => {
                    problems.push(Problem::at(FILE, line, format!("limit `{name}` is declared twice")));
                }
                Ok(limit) => drop(limits.insert(limit.name.clone(), limit)),
                Err(what) => problems.push(Problem::at(FILE, line, format!("limit `{name}` {what}"))),
            }
        }
        if problems.is_empty() { Ok(Self { all: limits.into_values().collect() }) } else { Err(problems) }
    }

    /// The limit of that name.
    pub fn get(&self, name: &str) -> Option<&Limit> {
        self.at(self.place(name)?)
    }

    /// The place of the limit of that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.all.binary_search_by(|limit| (*limit.name).cmp(name)).ok()
    }

    /// The limit at a place.
    pub fn at(&self, place: usize) -> Option<&Limit> {
        self.all.get(place)
    }

    /// Every limit, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.all.iter()
    }

    /// The same limits with another default for one.
    ///
    /// # Errors
    /// When there is no such limit or the amount is not one of its values.
    pub fn set_default(&mut self, name: &str, amount: Fixed) -> Result<(), InvalidLimit> {
        let limit =
            self.place(name).and_then(|place| self.all.get_mut(place)).ok_or(InvalidLimit::Unknown)?;
        limit.default = limit.unit.scale(amount).ok_or(InvalidLimit::OutOfBounds)?;
        Ok(())
    }

    /// What an account's own amount is to a rule.
    ///
    /// # Errors
    /// When there is no such limit, it may not be overridden, or the amount is out of bounds.
    pub fn own(&self, name: &str, amount: Fixed) -> Result<i64, InvalidLimit> {
        let limit = self.get(name).ok_or(InvalidLimit::Unknown)?;
        limit.own(amount)
    }
}

// === impl Limit ===

impl Limit {
    /// What an account's own amount is to a rule.
    ///
    /// # Errors
    /// When it may not be overridden or the amount is out of bounds.
    pub fn own(&self, amount: Fixed) -> Result<i64, InvalidLimit> {
        if !self.overridable {
            return Err(InvalidLimit::Fixed);
        }
        let scaled = self.unit.scale(amount).ok_or(InvalidLimit::OutOfBounds)?;
        let within = (self.bounds.0..=self.bounds.1).contains(&scaled);
        if within { Ok(scaled) } else { Err(InvalidLimit::OutOfBounds) }
    }
}

// === impl RawLimit ===

impl RawLimit {
    fn check(self) -> Result<Limit, &'static str> {
        let scale = |amount: Option<Fixed>, otherwise| match amount {
            Some(amount) => self.unit.scale(amount).ok_or("has a bound that is not whole in its unit"),
            None => Ok(otherwise),
        };
        let bounds = (scale(self.min, 0)?, scale(self.max, UNLIMITED)?);
        let default = match self.default {
            Amount::Given(amount) => {
                self.unit.scale(amount).ok_or("has a default that is not whole in its unit")?
            }
            Amount::Word(Unlimited::Unlimited) => UNLIMITED,
        };
        if default != UNLIMITED && !(bounds.0..=bounds.1).contains(&default) {
            return Err("has a default outside its own bounds");
        }
        Ok(Limit {
            line: yaml::line_of(&self.name),
            name: self.name.value.into(),
            default,
            unit: self.unit,
            bounds,
            overridable: self.overridable,
            source: self.source.into(),
            why: self.why.into(),
        })
    }
}
