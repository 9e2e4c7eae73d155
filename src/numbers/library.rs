//! What the library `rlibphonenumber` is still asked for: national forms, and the few numbers whose national prefix is
//! not simply taken away but rewritten. It allocates and takes microseconds; no ordinary number comes here.
//!
//! It is also what [`describe`](super::describe) is tested against.

use std::sync::LazyLock;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil,
};

use super::describe::{Description, Kind, nowhere};
use super::{E164, Region};

/// The country code of the North American Numbering Plan.
const NORTH_AMERICA: i32 = 1;

/// Describes an international number, `+` and digits, that is also given as `e164`.
pub(super) fn describe(text: &str, e164: E164) -> Description {
    util().parse(text, None).map_or_else(|_| nowhere(e164), |number| of_parsed(&number, e164))
}

/// Describes what `text`, ASCII digits that may follow a `+`, reaches when it is dialled in `region`.
pub(super) fn parse_national(text: &str, region: Region) -> Option<Description> {
    let region = rlibphonenumber::Region::from_code(region.as_str()).ok()?;
    let number = util().parse(text, Some(region)).ok()?;
    let e164 = canonical(&number)?;
    Some(of_parsed(&number, e164))
}

/// Decodes the metadata, so that the first request does not pay for it.
pub(super) fn warm_up() {
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
