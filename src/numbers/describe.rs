//! What libphonenumber's metadata says of a number: its region, its kind, whether it can exist.
//!
//! The answers are those of the library `rlibphonenumber`, which the tests hold them against, in a small part of its
//! time and without allocation.
//!
//! A destination is usable if it is `possible` and its `region` is known. `valid` is stricter and lags behind number
//! plans, so nothing should be refused for it alone.

use super::dialled::{self, Buffer, Dialled};
use super::plan::{Code, Length, Range};
use super::{E164, Region, library};

/// The most zeros that the library keeps in front of a number.
const MAX_ZEROS: usize = 10;

/// What is known of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The number as its country writes it: a trunk prefix that was given by mistake (`+44020…`) is gone.
    pub e164: E164,
    /// The country or territory; `None` for country codes of no country (`+800`, `+883`, `+999`), and for a number with
    /// `+1` whose area code is not assigned.
    pub region: Option<Region>,
    /// The service that the number's range is for.
    pub kind: Kind,
    /// Whether a number of this country code can have this length. Lengths that only work inside one area do not count.
    pub possible: bool,
    /// Whether the number is in a range that the metadata knows to be assigned.
    pub valid: bool,
}

/// The service that a range of numbers is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A fixed line.
    FixedLine,
    /// A mobile subscription.
    Mobile,
    /// One of the two; the number plan does not tell which (United States, Canada).
    FixedLineOrMobile,
    /// Free for the caller.
    TollFree,
    /// Charged above the ordinary rate.
    PremiumRate,
    /// Its cost split between caller and called.
    SharedCost,
    /// Voice over IP, tied to no place.
    Voip,
    /// Follows a person through their lines.
    Personal,
    /// A pager.
    Pager,
    /// A company's number for all of its offices (universal access number).
    Uan,
    /// Access to a voice mailbox.
    Voicemail,
    /// In no range that the metadata knows.
    Unknown,
}

/// Describes the E.164 number written in `text`; `None` if it is not written as one (see [`E164::parse`]).
///
/// A country code that does not exist gives a description without region that is not possible.
pub fn describe(text: &str) -> Option<Description> {
    let e164 = E164::parse(text).ok()?;
    let digits = text.as_bytes().get(1..)?;
    let Some((code, national)) = Code::split(digits) else { return Some(nowhere(e164)) };
    let prefix = code.prefix(national);
    if prefix > 0 && code.rewrites {
        return Some(library::describe(text, e164));
    }
    let meant = without_zeros(without_prefix(code, national, prefix));
    let e164 = if meant.len() == national.len() { e164 } else { canonical(code, meant).unwrap_or(e164) };
    Some(of_range(e164, &code.range(meant), code.length(meant.len())))
}

/// A national prefix is taken away unless what remains is no longer a number where the whole is one, or is too short.
fn without_prefix<'a>(code: &Code, national: &'a [u8], prefix: usize) -> &'a [u8] {
    let Some(rest) = national.get(prefix..).filter(|_| prefix > 0) else { return national };
    let stays = code.range(national).viable && !code.range(rest).viable;
    let short = matches!(code.length(rest.len()), Length::LocalOnly | Length::ShortOrBetween);
    if stays || short { national } else { rest }
}

/// As the library does with more zeros than any number has in front.
fn without_zeros(national: &[u8]) -> &[u8] {
    let zeros = national.iter().take_while(|digit| **digit == b'0').count();
    // The last digit is one even if it is a zero.
    let zeros = zeros.min(national.len().saturating_sub(1));
    national.get(zeros.saturating_sub(MAX_ZEROS)..).unwrap_or(national)
}

fn canonical(code: &Code, national: &[u8]) -> Option<E164> {
    E164::of_digits(
        national.iter().fold(u64::from(code.digits), |sum, digit| sum * 10 + u64::from(digit & 0xF)),
    )
}

fn of_range(e164: E164, range: &Range, length: Length) -> Description {
    Description {
        e164,
        region: range.region,
        kind: range.kind,
        possible: length == Length::Possible,
        valid: range.kind != Kind::Unknown,
    }
}

pub(super) fn nowhere(e164: E164) -> Description {
    Description { e164, region: None, kind: Kind::Unknown, possible: false, valid: false }
}

/// Describes what `dialled` reaches when it is dialled in `region`: a national number with or without its trunk
/// prefix, an international number behind the region's prefix for it, or behind `+`.
///
/// `None` if it is not a number there, or is one that has no E.164 form (a short code).
pub fn parse_national(dialled: &str, region: Region) -> Option<Description> {
    let mut buffer = Buffer::default();
    let Dialled { international, digits } = dialled::parse(dialled, &mut buffer)?;
    let text = format!("{}{digits}", if international { "+" } else { "" });
    library::parse_national(&text, region)
}

/// Does what the first request should not have to.
pub fn warm_up() {
    library::warm_up();
}

#[cfg(test)]
mod tests;
