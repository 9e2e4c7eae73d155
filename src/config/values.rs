//! Values with bounds, read with their bounds checked, so that the message has the value's line.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A whole number from `MIN` to `MAX`.
pub(super) fn within<'de, D, T, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let value = bounded::<D, MIN, MAX>(deserializer)?;
    T::try_from(value).map_err(|_| de::Error::custom(format_args!("does not fit this machine: {value}")))
}

/// Whole seconds from `MIN` to `MAX`.
pub(super) fn seconds<'de, D, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    bounded::<D, MIN, MAX>(deserializer).map(Duration::from_secs)
}

/// Whole milliseconds from `MIN` to `MAX`.
pub(super) fn millis<'de, D, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    bounded::<D, MIN, MAX>(deserializer).map(Duration::from_millis)
}

fn bounded<'de, D, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<u64, D::Error>
where
    D: Deserializer<'de>,
{
    struct Bounded<const MIN: u64, const MAX: u64>;
    impl<const MIN: u64, const MAX: u64> Visitor<'_> for Bounded<MIN, MAX> {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number from {MIN} to {MAX}")
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
            let in_bounds = u64::try_from(value).ok().filter(|value| (MIN..=MAX).contains(value));
            in_bounds.ok_or_else(|| out_of_bounds(value, &self))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
            if (MIN..=MAX).contains(&value) { Ok(value) } else { Err(out_of_bounds(value, &self)) }
        }
    }
    deserializer.deserialize_u64(Bounded::<MIN, MAX>)
}

fn out_of_bounds<E: de::Error>(value: impl Display, expected: &dyn de::Expected) -> E {
    E::custom(format_args!("`{value}` is out of bounds: expected {expected}"))
}

/// An address to listen on, or `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Not at all.
    Off,
    /// Here.
    On(SocketAddr),
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "off" => Ok(Self::Off),
            text => text
                .parse()
                .map(Self::On)
                .map_err(|_| de::Error::custom("expected an address such as `127.0.0.1:7601`, or `off`")),
        }
    }
}
