//! Cedar's extension types: decimals, addresses, instants and durations, read from their text form
//! and kept as plain numbers. Which texts are well formed is Cedar's to say; the oracle test holds
//! this against it.

use std::cmp::Ordering;
use std::net::IpAddr;

use jiff::civil::Date;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Digits of a decimal after its point.
const PLACES: u32 = 4;
/// The longest text of an address, as Cedar bounds it.
const ADDRESS_LENGTH: usize = 43;

/// A value of an extension type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ext {
    /// In ten-thousandths.
    Decimal(i64),
    /// An address with the length of its network's prefix.
    Ip(IpAddr, u8),
    /// Milliseconds since 1970.
    Datetime(i64),
    /// Milliseconds.
    Duration(i64),
}

/// What makes a value of an extension type from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constructor {
    Decimal,
    Ip,
    Datetime,
    Duration,
}

// === impl Ext ===

impl Ext {
    /// Reads a text; `None` where Cedar would fail.
    pub(super) fn parse(constructor: Constructor, text: &str) -> Option<Self> {
        match constructor {
            Constructor::Decimal => decimal(text).map(Self::Decimal),
            Constructor::Ip => address(text).map(|(address, prefix)| Self::Ip(address, prefix)),
            Constructor::Datetime => datetime(text).map(Self::Datetime),
            Constructor::Duration => duration(text).map(Self::Duration),
        }
    }

    /// The order of `<` and `<=`, which only instants and durations have.
    pub(super) fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Datetime(a), Self::Datetime(b)) | (Self::Duration(a), Self::Duration(b)) => {
                Some(a.cmp(&b))
            }
            _ => None,
        }
    }
}

/// `[-]digits.digits`, at most four after the point.
fn decimal(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.')?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if !all_digits(digits) || !all_digits(part) {
        return None;
    }
    let missing = PLACES.checked_sub(u32::try_from(part.len()).ok()?)?;
    let part = part.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(missing)?)?;
    let scaled = whole.parse::<i64>().ok()?.checked_mul(10_i64.pow(PLACES))?;
    if whole.starts_with('-') { scaled.checked_sub(part) } else { scaled.checked_add(part) }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn address(text: &str) -> Option<(IpAddr, u8)> {
    let embedded = text.matches(':').count() > 1 && text.matches('.').count() > 1;
    if text.len() > ADDRESS_LENGTH || embedded {
        return None;
    }
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, Some(prefix)),
        None => (text.parse::<IpAddr>().ok()?, None),
    };
    let longest = bits(address);
    let Some(prefix) = prefix else { return Some((address, longest)) };
    if !all_digits(prefix) || prefix.len() > 3 || (prefix.starts_with('0') && prefix != "0") {
        return None;
    }
    prefix.parse().ok().filter(|prefix| *prefix <= longest).map(|prefix| (address, prefix))
}

const fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

pub(super) const fn is_loopback(address: IpAddr, prefix: u8) -> bool {
    address.is_loopback() && prefix >= if address.is_ipv4() { 8 } else { 128 }
}

pub(super) const fn is_multicast(address: IpAddr, prefix: u8) -> bool {
    address.is_multicast() && prefix >= if address.is_ipv4() { 4 } else { 8 }
}

/// Whether every address of the first network is one of the second.
pub(super) fn is_in_range(inner: (IpAddr, u8), outer: (IpAddr, u8)) -> bool {
    let range = |(address, prefix): (IpAddr, u8)| {
        let (value, width) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32_u32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        let host = width.saturating_sub(u32::from(prefix));
        let mask = if host == 128 { u128::MAX } else { (1_u128 << host) - 1 };
        (value & !mask, value | mask)
    };
    let (inner_first, inner_last) = range(inner);
    let (outer_first, outer_last) = range(outer);
    inner.0.is_ipv4() == outer.0.is_ipv4() && outer_first <= inner_first && inner_last <= outer_last
}

/// `YYYY-MM-DD`, then nothing or `Thh:mm:ss`, perhaps `.SSS`, and `Z` or an offset `±hhmm`.
fn datetime(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = date_ms(date)?;
    if rest.is_empty() {
        return Some(day);
    }
    let (time, rest) = rest.split_at_checked(9)?;
    let time = time_ms(time)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (fraction, zone) = rest.split_at_checked(3)?;
            (number(fraction)?, zone)
        }
        None => (0, rest),
    };
    Some(day + time + fraction - offset_ms(zone)?)
}

fn date_ms(text: &str) -> Option<i64> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    if month.len() != 2 || day.len() != 2 {
        return None;
    }
    let field = |text: &str| i8::try_from(number(text)?).ok();
    let date = Date::new(i16::try_from(number(year)?).ok()?, field(month)?, field(day)?).ok()?;
    let days = Date::new(1970, 1, 1).ok()?.until((jiff::Unit::Day, date)).ok()?.get_days();
    Some(i64::from(days) * DAY_MS)
}

fn time_ms(text: &str) -> Option<i64> {
    let mut fields = text.strip_prefix('T')?.split(':');
    let mut field = |limit: i64| {
        let text = fields.next().filter(|text| text.len() == 2)?;
        number(text).filter(|value| *value < limit)
    };
    let (hours, minutes, seconds) = (field(24)?, field(60)?, field(60)?);
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000)
}

fn offset_ms(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = digits.split_at_checked(2).filter(|(_, minutes)| minutes.len() == 2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn number(text: &str) -> Option<i64> {
    all_digits(text).then(|| text.parse().ok()).flatten()
}

/// `[-]` and then some of `…d…h…m…s…ms`, in that order.
fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i64;
    for (unit, ms) in [("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end)?;
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
        if end == 0 || after.get(..letters) != Some(unit) {
            continue;
        }
        // With the sign from the beginning: the smallest duration has no positive counterpart.
        let part = i64::try_from(sign * i128::from(digits.parse::<u64>().ok()?)).ok()?;
        total = total.checked_add(part.checked_mul(ms)?)?;
        rest = after.get(letters..)?;
    }
    rest.is_empty().then_some(total)
}

/// The instant at which its day begins.
pub(super) fn to_date(ms: i64) -> Option<i64> {
    ms.checked_sub(ms.rem_euclid(DAY_MS))
}

/// The part of its day that has passed.
pub(super) const fn to_time(ms: i64) -> i64 {
    ms.rem_euclid(DAY_MS)
}
