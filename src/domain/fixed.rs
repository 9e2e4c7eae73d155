//! Exact amounts: money, ratios and thresholds as whole millionths.
//!
//! Cedar has no fractions and binary floats round, so a number that people write as `0.0079` is
//! taken by its decimal digits: 7,900 millionths. A dollar amount is then micro-USD and a ratio is
//! parts per million, and rules compare whole numbers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MILLION: i64 = 1_000_000;

/// A decimal number with at most six places, held as whole millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed(i64);

/// Why a number is not a [`Fixed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFixed {
    /// It is infinite, not a number, or not written in decimal digits.
    #[error("must be a decimal number")]
    NotANumber,
    /// It has digits beyond the sixth decimal.
    #[error("may have at most six decimals")]
    TooFine,
    /// It does not fit.
    #[error("is out of range")]
    OutOfRange,
}

// === impl Fixed ===

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// From whole millionths (micro-USD, ppm).
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// From a whole number; `None` when it does not fit.
    pub fn from_whole(whole: i64) -> Option<Self> {
        whole.checked_mul(MILLION).map(Self)
    }

    /// Whole millionths: micro-USD of a dollar amount, ppm of a ratio.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// The number if it is whole.
    pub fn to_whole(self) -> Option<i64> {
        (self.0 % MILLION == 0).then_some(self.0 / MILLION)
    }

    /// The nearest double, for the wire and for JSON.
    #[expect(clippy::cast_precision_loss, reason = "display and wire only; rules never see it")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / MILLION as f64
    }

    /// Takes a double by its shortest decimal form, which is what its writer typed.
    ///
    /// # Errors
    /// When it is not finite, has more than six decimals, or does not fit.
    pub fn from_f64(value: f64) -> Result<Self, InvalidFixed> {
        if !value.is_finite() {
            return Err(InvalidFixed::NotANumber);
        }
        Self::parse(&format!("{value}"))
    }

    /// Takes decimal digits with an optional sign and point.
    ///
    /// # Errors
    /// As [`Fixed::from_f64`].
    pub fn parse(text: &str) -> Result<Self, InvalidFixed> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
            return Err(InvalidFixed::NotANumber);
        }
        if fraction.len() > 6 {
            return Err(InvalidFixed::TooFine);
        }
        let magnitude = magnitude(whole, fraction).ok_or(InvalidFixed::OutOfRange)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

fn magnitude(whole: &str, fraction: &str) -> Option<i64> {
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(MILLION)?.checked_add(fraction)
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_f64())
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fixed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_whole() {
            Some(whole) => serializer.serialize_i64(whole),
            None => serializer.serialize_f64(self.to_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Fixed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_f64(value).map_err(serde::de::Error::custom)
    }
}
