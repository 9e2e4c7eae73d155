//! A telephone number in the international form of ITU-T E.164, checked for its syntax only.
//!
//! Whether any country has such a number is for [`describe`](super::describe) to say.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The fewest digits that are taken for an international number, country code included.
const MIN_DIGITS: usize = 7;
/// The most digits that E.164 allows, country code included.
const MAX_DIGITS: usize = 15;
/// The first number of [`MIN_DIGITS`].
const LEAST: u64 = 1_000_000;
/// The last number of [`MAX_DIGITS`].
const GREATEST: u64 = 999_999_999_999_999;
/// What stands for the digits that are not shown.
const MASK: &str = "•••";
/// How many digits a masked number keeps hidden, at the least.
const HIDDEN: usize = 3;
/// How many characters a masked number shows at its start, at the most: `+`, country and area.
const SHOWN_START: usize = 5;
/// How many digits a masked number shows at its end.
const SHOWN_END: usize = 4;

/// A syntactically valid E.164 number: `+` and 7 to 15 digits, the first of them 1 to 9.
///
/// `Display` writes the full number; `Debug` masks it, because a derived `Debug` finds its way into logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164 {
    // INVARIANT: 7 to 15 decimal digits. The first is never 0, so the value alone gives the digits back.
    digits: u64,
}

/// A number as text, without allocation. No `Debug`: it is the whole number.
#[derive(Clone, Copy)]
pub struct Written {
    // INVARIANT: ASCII from `start` on.
    bytes: [u8; MAX_DIGITS + 1],
    start: usize,
}

/// The text is not `+` and 7 to 15 digits, the first of them 1 to 9. Does not hold the text: it may be a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not an E.164 number: expected `+` and {MIN_DIGITS} to {MAX_DIGITS} digits, the first of them 1 to 9"
)]
pub struct InvalidE164;

// === impl E164 ===

impl E164 {
    /// Parses exactly `+` and ASCII digits: no spaces, no punctuation, no national form.
    ///
    /// # Errors
    /// [`InvalidE164`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidE164> {
        let digits = text.strip_prefix('+').ok_or(InvalidE164)?.as_bytes();
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) || digits.first() == Some(&b'0') {
            return Err(InvalidE164);
        }
        let mut value = 0;
        for byte in digits {
            if !byte.is_ascii_digit() {
                return Err(InvalidE164);
            }
            value = value * 10 + u64::from(byte - b'0');
        }
        Ok(Self { digits: value })
    }

    /// The number of these digits, if there are enough of them and not too many.
    pub(super) const fn of_digits(digits: u64) -> Option<Self> {
        match digits {
            LEAST..=GREATEST => Some(Self { digits }),
            _ => None,
        }
    }

    /// The digits without the `+`, as one whole number.
    pub const fn as_u64(self) -> u64 {
        self.digits
    }

    /// The number as text, `+` and its digits.
    pub fn written(self) -> Written {
        let mut bytes = [b'+'; MAX_DIGITS + 1];
        let (mut rest, mut start) = (self.digits, bytes.len() - 1);
        for (place, byte) in bytes.iter_mut().enumerate().rev() {
            if rest == 0 {
                start = place;
                break;
            }
            // One digit, so it fits.
            *byte = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Written { bytes, start }
    }

    /// The number's prefixes as whole numbers, from all of its digits down to its first one.
    pub fn prefixes(self) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(self.digits), |n| Some(n / 10).filter(|&n| n > 0))
    }

    /// The number as it may be logged: `+1415•••0100`. At least three digits are hidden, also of a short number.
    pub fn masked(self) -> String {
        let text = self.to_string();
        let start = SHOWN_START.min(text.len().saturating_sub(SHOWN_END + HIDDEN));
        let end = text.len().saturating_sub(SHOWN_END);
        let shown = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        format!("{}{MASK}{}", shown(0..start), shown(end..text.len()))
    }
}

impl Written {
    /// The text.
    pub fn as_str(&self) -> &str {
        // ASCII is UTF-8, so the default is never taken.
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl FromStr for E164 {
    type Err = InvalidE164;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.digits)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({})", self.masked())
    }
}

#[cfg(test)]
mod tests;
