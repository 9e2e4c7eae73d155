//! What libphonenumber's metadata says of a number: its region, its kind, whether it can exist.
//!
//! A destination is usable if it is `possible` and its `region` is known. `valid` is stricter and lags behind number
//! plans, so nothing should be refused for it alone.

use std::sync::LazyLock;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil,
};

use super::dialled::{self, Buffer, Dialled};
use super::{E164, Region};

/// The country code of the North American Numbering Plan.
const NORTH_AMERICA: i32 = 1;

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
    match util().parse(text, None) {
        Ok(number) => Some(of_parsed(&number, e164)),
        Err(_) => Some(nowhere(e164)),
    }
}

/// Describes what `dialled` reaches when it is dialled in `region`: a national number with or without its trunk
/// prefix, an international number behind the region's prefix for it, or behind `+`.
///
/// `None` if it is not a number there, or is one that has no E.164 form (a short code).
pub fn parse_national(dialled: &str, region: Region) -> Option<Description> {
    let mut buffer = Buffer::default();
    let Dialled { international, digits } = dialled::parse(dialled, &mut buffer)?;
    let text = format!("{}{digits}", if international { "+" } else { "" });
    let region = rlibphonenumber::Region::from_code(region.as_str()).ok()?;
    let number = util().parse(&text, Some(region)).ok()?;
    let e164 = canonical(&number)?;
    Some(of_parsed(&number, e164))
}

/// Decodes the metadata, so that the first request does not pay for it.
pub fn warm_up() {
    util();
}

fn util() -> &'static PhoneNumberUtil {
    LazyLock::force(&PHONE_NUMBER_UTIL)
}

/// `given` stands where the number has no E.164 form of its own.
fn of_parsed(number: &PhoneNumber, given: E164) -> Description {
    let kind = to_kind(util().get_number_type(number));
    Description {
        e164: canonical(number).unwrap_or(given),
        region: region_of(number),
        kind,
        possible: is_possible(number),
        // The library's own definition; asking it would look the region and the kind up again.
        valid: kind != Kind::Unknown,
    }
}

fn nowhere(e164: E164) -> Description {
    Description { e164, region: None, kind: Kind::Unknown, possible: false, valid: false }
}

/// Territories that share a country code are told apart by their ranges. A number in no range belongs to the main one
/// (`+447700900123` is reserved for fiction, and British); not so behind `+1`, where no country is the main one and the
/// area code decides.
fn region_of(number: &PhoneNumber) -> Option<Region> {
    let by_range = util().get_region_for_number(number);
    let main = || util().get_region_for_country_code(number.country_code);
    let region = if number.country_code == NORTH_AMERICA { by_range } else { by_range.or_else(main) };
    region.and_then(to_region)
}

/// `is_possible_number` also accepts lengths that can only be dialled within an area, which E.164 does not have.
fn is_possible(number: &PhoneNumber) -> bool {
    matches!(util().is_possible_number_with_reason(number), Ok(NumberLengthType::IsPossible))
}

fn canonical(number: &PhoneNumber) -> Option<E164> {
    E164::parse(&util().format(number, PhoneNumberFormat::E164)).ok()
}

/// `None` for the world, `001`.
fn to_region(region: rlibphonenumber::Region) -> Option<Region> {
    Region::parse(region.as_region_str().as_str()).ok()
}

fn to_kind(kind: PhoneNumberType) -> Kind {
    match kind {
        PhoneNumberType::FixedLine => Kind::FixedLine,
        PhoneNumberType::Mobile => Kind::Mobile,
        PhoneNumberType::FixedLineOrMobile => Kind::FixedLineOrMobile,
        PhoneNumberType::TollFree => Kind::TollFree,
        PhoneNumberType::PremiumRate => Kind::PremiumRate,
        PhoneNumberType::SharedCost => Kind::SharedCost,
        PhoneNumberType::VoIP => Kind::Voip,
        PhoneNumberType::PersonalNumber => Kind::Personal,
        PhoneNumberType::Pager => Kind::Pager,
        PhoneNumberType::UAN => Kind::Uan,
        PhoneNumberType::VoiceMail => Kind::Voicemail,
        PhoneNumberType::Unknown => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests;
