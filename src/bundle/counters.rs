//! `counters.yaml`: every counter over past traffic, read into its typed form.
//!
//! Each name in it (a field, a limit, a zone) must be one that is known, so that a misspelt filter
//! is found when the bundle is loaded and not by counting nothing.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::Problem;
use super::limits::Limits;
use super::yaml::{self, Named};
use crate::domain::ActionKind;
use crate::traffic::{Aggregate, Counter, Fact, Field, Filter, Taken, Test, Which, Window};

/// The file.
pub const FILE: &str = "counters.yaml";
/// What a filter calls a field that is not stated.
const UNKNOWN: &str = "UNKNOWN";
/// Every attempt.
const ALL: &str = "all";
/// What a count, ratio or share is of.
const EVENTS: &str = "events";
/// Events that are no attempts.
const OWN_EVENTS: [&str; 5] = ["COMPLAINT", "AUTH_FAILURE", "LOOKUP", "RELEASE_NUMBER", "OPT_OUT"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    counters: Vec<RawCounter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCounter {
    name: Named,
    doc: String,
    #[serde(rename = "k")]
    _k: String,
    events: Vec<String>,
    #[serde(rename = "where", default)]
    filter: RawFilters,
    key: Vec<String>,
    window: RawWindow,
    aggregate: RawAggregate,
    counts_this: bool,
    attempts: Attempts,
    #[serde(default)]
    planned: bool,
}

type RawFilters = BTreeMap<String, Value>;

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Attempts {
    Allowed,
    Refused,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawWindow {
    Name(String),
    Day(RawDay),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDay {
    calendar_day: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawAggregate {
    Count(String),
    Sum(String),
    Distinct(String),
    Ratio(RawRatio),
    Share(RawShare),
    Run(RawRun),
    Classes(RawClasses),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRatio {
    part: RawFilters,
    of: String,
    sum: Option<String>,
    min: Option<String>,
    part_min: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShare {
    of: String,
    which: RawWhich,
    sum: Option<String>,
    min: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawWhich {
    Top,
    This,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRun {
    of: String,
    gap: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClasses {
    of: String,
    width: String,
}

/// Reads and checks the file's text.
///
/// # Errors
/// Every problem found: malformed YAML, a name given twice, and any action, field, limit, zone or
/// condition that is not known.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Counter>, Vec<Problem>> {
    let raw: RawFile = yaml::parse(FILE, text).map_err(|problem| vec![problem])?;
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut counters = Vec::new();
    for (place, raw) in raw.counters.into_iter().enumerate() {
        let (line, name) = (yaml::line_of(&raw.name), raw.name.value.clone());
        let mut complain =
            |what: &str| problems.push(Problem::at(FILE, line, format!("counter `{name}` {what}")));
        if !seen.insert(name.clone()) {
            complain("is declared twice");
        }
        match raw.check(place, limits) {
            Ok(counter) => counters.push(counter),
            Err(what) => complain(&what),
        }
    }
    if problems.is_empty() { Ok(counters) } else { Err(problems) }
}

// === impl RawCounter ===

impl RawCounter {
    fn check(self, place: usize, limits: &Limits) -> Result<Counter, String> {
        let fields = self.key.iter().map(|name| field(name));
        if self.key.is_empty() {
            return Err("has no key".into());
        }
        let counter = Counter {
            line: yaml::line_of(&self.name),
            name: self.name.value.as_str().into(),
            doc: self.doc.as_str().into(),
            place,
            events: taken(&self.events)?,
            filters: filters(&self.filter, limits)?,
            key: fields.collect::<Result<_, _>>()?,
            window: self.window.check(limits)?,
            aggregate: self.aggregate.check(limits)?,
            counts_this: self.counts_this,
            refused: self.attempts == Attempts::Refused,
            planned: self.planned,
        };
        counter.countable().map_err(|what| what.to_string())?;
        Ok(counter)
    }
}

fn field(name: &str) -> Result<Field, String> {
    name.parse().map_err(|_| format!("names the field `{name}`, which no event has"))
}

fn limit(name: &str, limits: &Limits) -> Result<usize, String> {
    limits.place(name).ok_or_else(|| format!("names `{name}`, which is not a declared limit"))
}

fn taken(names: &[String]) -> Result<Taken, String> {
    let mut taken = Taken::default();
    for name in names {
        match name.as_str() {
            ALL => taken.attempts = true,
            name if name.parse::<ActionKind>().is_ok() || OWN_EVENTS.contains(&name) => {
                taken.kinds.push(name.into());
            }
            name => return Err(format!("takes `{name}`, which is neither an action nor an event")),
        }
    }
    if names.is_empty() { Err("takes no events".into()) } else { Ok(taken) }
}

fn filters(raw: &RawFilters, limits: &Limits) -> Result<Vec<Filter>, String> {
    let filter = |(name, value): (&String, &Value)| {
        let field = field(name)?;
        let test = test(value, limits).map_err(|what| format!("has a condition on `{name}` that {what}"))?;
        Ok(Filter { field, test })
    };
    raw.iter().map(filter).collect()
}

fn test(value: &Value, limits: &Limits) -> Result<Test, String> {
    match value {
        Value::Bool(_) | Value::String(_) => Ok(Test::OneOf(vec![fact(value)?])),
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(fact).collect::<Result<_, _>>().map(Test::OneOf)
        }
        Value::Object(fields) if fields.len() == 1 => {
            let Some((word, value)) = fields.iter().next() else { return Err("is empty".into()) };
            comparison(word, value, limits)
        }
        _ => Err("is neither a value, a list of values nor one comparison".into()),
    }
}

fn comparison(word: &str, value: &Value, limits: &Limits) -> Result<Test, String> {
    let place = || match value.as_str() {
        Some(name) => limit(name, limits),
        None => Err("is not compared with a limit".to_owned()),
    };
    match (word, value) {
        ("not", value) => test(value, limits).map(|test| Test::Not(Box::new(test))),
        ("at_least", _) => place().map(Test::AtLeast),
        ("at_most", _) => place().map(Test::AtMost),
        ("below", _) => place().map(Test::Below),
        ("begins_with", Value::String(text)) => Ok(Test::BeginsWith(vec![text.as_str().into()])),
        ("begins_with", Value::Array(texts)) if !texts.is_empty() => {
            let text = |text: &Value| text.as_str().map(Into::into);
            let texts: Option<_> = texts.iter().map(text).collect();
            texts.map(Test::BeginsWith).ok_or_else(|| "begins with what is no text".to_owned())
        }
        _ => Err(format!("has the unknown comparison `{word}`")),
    }
}

fn fact(value: &Value) -> Result<Option<Fact>, String> {
    match value {
        Value::String(text) if text == UNKNOWN => Ok(None),
        Value::String(text) => Ok(Some(Fact::Text(text.as_str().into()))),
        Value::Bool(flag) => Ok(Some(Fact::Flag(*flag))),
        _ => Err("holds a value that is neither a text nor true or false".into()),
    }
}

// === impl RawWindow ===

impl RawWindow {
    fn check(&self, limits: &Limits) -> Result<Window, String> {
        match self {
            Self::Name(name) if name == "now" => Ok(Window::Now),
            Self::Name(name) => limits
                .place(name)
                .map(Window::Sliding)
                .ok_or_else(|| format!("has the window `{name}`, which is not a declared limit")),
            Self::Day(RawDay { calendar_day: zone }) => TimeZone::get(zone)
                .map(Window::Day)
                .map_err(|_| format!("has the day of `{zone}`, which is no time zone")),
        }
    }
}

// === impl RawAggregate ===

impl RawAggregate {
    fn check(&self, limits: &Limits) -> Result<Aggregate, String> {
        let number = |name: &Option<String>| name.as_ref().map(|name| limit(name, limits)).transpose();
        let sum = |name: &Option<String>| name.as_ref().map(|name| field(name)).transpose();
        Ok(match self {
            Self::Count(of) => {
                of_events(of)?;
                Aggregate::Count
            }
            Self::Sum(of) => Aggregate::Sum(field(of)?),
            Self::Distinct(of) => Aggregate::Distinct(field(of)?),
            Self::Ratio(raw) => {
                of_events(&raw.of)?;
                let part = filters(&raw.part, limits)?;
                let (min, part_min) = (number(&raw.min)?, number(&raw.part_min)?);
                Aggregate::Ratio { part, sum: sum(&raw.sum)?, min, part_min }
            }
            Self::Share(raw) => {
                let which = match raw.which {
                    RawWhich::Top => Which::Top,
                    RawWhich::This => Which::This,
                };
                Aggregate::Share { of: field(&raw.of)?, which, sum: sum(&raw.sum)?, min: number(&raw.min)? }
            }
            Self::Run(raw) => Aggregate::Run { of: field(&raw.of)?, gap: limit(&raw.gap, limits)? },
            Self::Classes(raw) => {
                Aggregate::Classes { of: field(&raw.of)?, width: limit(&raw.width, limits)? }
            }
        })
    }
}

fn of_events(of: &str) -> Result<(), String> {
    if of == EVENTS { Ok(()) } else { Err(format!("is of `{of}`, and can only be of `{EVENTS}`")) }
}
