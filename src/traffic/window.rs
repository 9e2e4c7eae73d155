//! Which instants a window holds. Both ends are in; a window of one second leaves the far end out,
//! because a rate a second is a limit of each second and not of two.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Time;

use super::counter::Window;

const SECOND_MS: i64 = 1_000;

// === impl Window ===

impl Window {
    /// The instants in the window at `now`, ms; none if the day cannot be told.
    ///
    /// # Errors
    /// When a limit cannot be had.
    pub fn at<E>(
        &self,
        now: i64,
        limit: &dyn Fn(usize) -> Result<i64, E>,
    ) -> Result<Option<RangeInclusive<i64>>, E> {
        Ok(match self {
            Self::Now => Some(i64::MIN..=now),
            Self::Sliding(place) => {
                let span = limit(*place)?;
                let begin = now.saturating_sub(span);
                Some(if span <= SECOND_MS { begin.saturating_add(1)..=now } else { begin..=now })
            }
            Self::Day(zone) => midnight(now, zone).map(|midnight| midnight..=now),
        })
    }
}

/// When the day of an instant is over, ms.
pub(super) fn next_midnight(now: i64, zone: &jiff::tz::TimeZone) -> Option<i64> {
    let today = zone.to_datetime(Timestamp::from_millisecond(now).ok()?).date();
    let tomorrow = today.tomorrow().ok()?.to_datetime(Time::midnight());
    zone.to_timestamp(tomorrow).ok().map(Timestamp::as_millisecond)
}

fn midnight(now: i64, zone: &jiff::tz::TimeZone) -> Option<i64> {
    let today = zone.to_datetime(Timestamp::from_millisecond(now).ok()?).date();
    // Where a day begins with an hour that does not exist, it begins with the one after.
    zone.to_timestamp(today.to_datetime(Time::midnight())).ok().map(Timestamp::as_millisecond)
}
