//! Hours in which advertising may reach people, by country and state, and the holidays that close
//! them.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::Value;

use super::List;

/// How many days ahead the next opening is looked for; a window closed for longer never opens.
const DAYS_AHEAD: i64 = 14;
/// The entry of every place that has none of its own.
const ELSEWHERE: &str = "*";

/// Hours of one day, the end not included; none: closed.
type Hours = Option<(Time, Time)>;

/// Hours of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Week {
    daily: Hours,
    saturday: Hours,
    sunday: Hours,
    holiday: Option<Hours>,
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    month: i8,
    day: Option<i8>,
    /// 1 is Monday.
    weekday: Option<i8>,
    /// Which of that weekday in the month; -1 is the last.
    nth: Option<i8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeek {
    daily: String,
    saturday: Option<String>,
    sunday: Option<String>,
    holiday: Option<String>,
}

/// All windows.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    weeks: HashMap<String, Week>,
    holidays: Vec<Holiday>,
}

// === impl Windows ===

impl Windows {
    /// Windows by place (`IN`, `US-TX`, `*` for every other), as `HH:MM-HH:MM` or `closed`, and the
    /// holidays that some of them close on. `None` when an entry is malformed.
    pub fn of(windows: &List, holidays: &List) -> Option<Self> {
        let week = |(place, payload): (&str, &Value)| Some((place.to_owned(), Week::parse(payload)?));
        let weeks: HashMap<_, _> = windows.entries().map(week).collect::<Option<_>>()?;
        let holiday = |(_, payload): (&str, &Value)| serde_json::from_value(payload.clone()).ok();
        let holidays = holidays.entries().map(holiday).collect::<Option<_>>()?;
        weeks.contains_key(ELSEWHERE).then_some(Self { weeks, holidays })
    }

    /// Whether the window of a place is open at `now` in every one of the zones.
    pub fn is_open(&self, place: &str, now: Timestamp, zones: &[TimeZone]) -> bool {
        zones.iter().all(|zone| self.is_open_in(place, zone.to_datetime(now)))
    }

    /// The first instant from `now` on at which it is open in every one of the zones.
    pub fn opens_at(&self, place: &str, now: Timestamp, zones: &[TimeZone]) -> Option<Timestamp> {
        let openings = zones.iter().flat_map(|zone| self.openings(place, now, zone));
        let mut openings: Vec<Timestamp> =
            std::iter::once(now).chain(openings).filter(|at| *at >= now).collect();
        openings.sort();
        openings.into_iter().find(|at| self.is_open(place, *at, zones))
    }

    /// A place's own, its country's, or everybody's.
    fn week(&self, place: &str) -> Option<&Week> {
        let country = place.split('-').next().unwrap_or_default();
        [place, country, ELSEWHERE].into_iter().find_map(|place| self.weeks.get(place))
    }

    fn hours(&self, place: &str, date: Date) -> Hours {
        let week = self.week(place)?;
        match week.holiday {
            Some(hours) if self.holidays.iter().any(|holiday| holiday.is(date)) => hours,
            _ => match date.weekday() {
                Weekday::Sunday => week.sunday,
                Weekday::Saturday => week.saturday,
                _ => week.daily,
            },
        }
    }

    fn is_open_in(&self, place: &str, now: DateTime) -> bool {
        self.hours(place, now.date())
            .is_some_and(|(opens, closes)| opens <= now.time() && now.time() < closes)
    }

    fn openings(&self, place: &str, now: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        let today = zone.to_datetime(now).date();
        let day = |ahead: i64| {
            let date = today.checked_add(ahead.days()).ok()?;
            let (opens, _) = self.hours(place, date)?;
            zone.to_timestamp(date.to_datetime(opens)).ok()
        };
        (0..=DAYS_AHEAD).filter_map(day).collect()
    }
}

// === impl Week ===

impl Week {
    fn parse(payload: &Value) -> Option<Self> {
        let raw: RawWeek = serde_json::from_value(payload.clone()).ok()?;
        let daily = hours(&raw.daily)?;
        let or_daily = |text: Option<String>| text.map_or(Some(daily), |text| hours(&text));
        let holiday = raw.holiday.map(|text| hours(&text)).map_or(Some(None), |hours| hours.map(Some))?;
        Some(Self { daily, saturday: or_daily(raw.saturday)?, sunday: or_daily(raw.sunday)?, holiday })
    }
}

fn hours(text: &str) -> Option<Hours> {
    if text == "closed" {
        return Some(None);
    }
    let (opens, closes) = text.split_once('-')?;
    let time = |text: &str| Time::strptime("%H:%M", text).ok();
    Some(Some((time(opens)?, time(closes)?)))
}

// === impl Holiday ===

impl Holiday {
    fn is(self, date: Date) -> bool {
        let by_weekday = |weekday: i8, nth: i8| {
            let day = Weekday::from_monday_one_offset(weekday).ok();
            day.and_then(|day| date.first_of_month().nth_weekday_of_month(nth, day).ok()) == Some(date)
        };
        date.month() == self.month
            && self.day.is_none_or(|day| date.day() == day)
            && self.weekday.zip(self.nth).is_none_or(|(weekday, nth)| by_weekday(weekday, nth))
            && (self.day.is_some() || self.weekday.is_some())
    }
}
