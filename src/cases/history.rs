//! A case's history as a memory of traffic: events repeated, their times counted from the request's.

use serde_json::Value;

use super::{Case, Event as Past};
use crate::bundle::{Limit, Snapshot};
use crate::domain::{Account, Fixed};
use crate::signals::History;
use crate::traffic::{Block, Event, Fact, Field};

/// Most events that one case may have.
const MAX_EVENTS: u64 = 1_000_000;
/// What refuses a request whose nonce was used before.
const NONCE: &str = "NONCE";
const PREFIX_BLOCK: &str = "PREFIX_BLOCK";
const REFUSED: &str = "REFUSED";

/// Fields with a text, by the names that cases use.
const TEXTS: [(&str, Field); 16] = [
    ("to", Field::To),
    ("to_email", Field::To),
    ("target", Field::To),
    ("operation", Field::Operation),
    ("country", Field::Country),
    ("category", Field::Category),
    ("campaign_id", Field::Campaign),
    ("brand_id", Field::BrandRegistration),
    ("brand", Field::Brand),
    ("body_hash", Field::BodyHash),
    ("carrier", Field::Carrier),
    ("end_user_ip", Field::EndUserIp),
    ("ip", Field::Ip),
    ("status", Field::Status),
    ("reason", Field::Reason),
    ("from", Field::From),
];
/// Fields with a number, with how many of the smallest unit one is.
const NUMBERS: [(&str, Field, i64); 6] = [
    ("duration_s", Field::DurationS, 1_000),
    ("ring_s", Field::RingS, 1_000),
    ("lease_age_s", Field::LeaseAgeS, 1_000),
    ("quantity", Field::Quantity, 1),
    // What it cost in the end stands over the price that was stated before.
    ("price_usd", Field::Cost, 1_000_000),
    ("cost_usd", Field::Cost, 1_000_000),
];

/// Puts a case's history into the memory of its snapshot.
///
/// # Errors
/// A sentence that says which field is malformed.
pub(super) fn remember(
    policy: &Snapshot,
    case: &Case,
    own: Option<&Account>,
    now: i64,
) -> Result<(), String> {
    policy.traffic.widen(&|place| policy.limits.at(place).map(|limit| widest(limit, own)));
    for past in &case.history {
        let account_id = text(past, "account_id").unwrap_or(&case.account);
        let account = own.filter(|account| account.id.as_str() == account_id);
        let history = History { lists: &policy.lists, limits: &policy.limits, account };
        let begin = milliseconds(past.t)?;
        if past.action == PREFIX_BLOCK {
            block(policy, past, account_id, now.saturating_add(begin))?;
            continue;
        }
        let step = milliseconds(number(past, "every_s")?.unwrap_or(0.0))?;
        let times = past.fields.get("n").map_or(Some(1), Value::as_u64).filter(|n| *n <= MAX_EVENTS);
        for nth in 0..i64::try_from(times.ok_or("`n` is malformed")?).unwrap_or(0) {
            let at = now.saturating_add(begin).saturating_add(step.saturating_mul(nth));
            let event = event(past, account_id, at, nth)?;
            let instant = jiff::Timestamp::from_millisecond(at).map_err(|error| error.to_string())?;
            policy.traffic.record(&history.complete(event, instant)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// The limit of the case's account: its events count for as long as that says, not only its request.
fn widest(limit: &Limit, own: Option<&Account>) -> i64 {
    let own = own.and_then(|account| account.limits.values.get(&*limit.name));
    own.and_then(|own| limit.own(*own).ok()).unwrap_or(limit.default)
}

/// Whether the nonce was used before, in the case's account.
pub(super) fn nonce_used(case: &Case, nonce: &str) -> bool {
    case.history.iter().any(|past| {
        past.action == NONCE
            && text(past, "nonce") == Some(nonce)
            && text(past, "account_id").is_none_or(|id| id == case.account)
    })
}

fn block(policy: &Snapshot, past: &Past, account: &str, at: i64) -> Result<(), String> {
    let prefix = text(past, "prefix").ok_or("a `PREFIX_BLOCK` has no `prefix`")?;
    let default = policy.limits.get("cooldown_s").map_or(0, |limit| limit.default);
    let life = number(past, "ttl_s")?.map(milliseconds).transpose()?.unwrap_or(default);
    let block = Block::by_rule(prefix, "", at, life);
    policy.traffic.block(account, block).map_err(|error| error.to_string())
}

fn event(past: &Past, account: &str, at: i64, nth: i64) -> Result<Event, String> {
    let mut event = Event::new(&past.action, at);
    event.set_text(Field::Account, account);
    for (name, field) in TEXTS {
        event.set_text(field, text(past, name).unwrap_or_default());
    }
    if let Some(from) = past.fields.get("from").and_then(|from| from.get("value")).and_then(Value::as_str) {
        event.set_text(Field::From, from);
    }
    for (name, field, unit) in NUMBERS {
        if let Some(amount) = past.fields.get(name).filter(|amount| !amount.is_null()) {
            event.set(field, Fact::Number(scaled(amount, unit).ok_or_else(|| malformed(name))?));
        }
    }
    if past.action == "PROVISION_NUMBER" && event.get(Field::Quantity).is_none() {
        event.set(Field::Quantity, Fact::Number(1));
    }
    // In a history the address of an attempt is that of whoever asked for it.
    if event.is_attempt()
        && let Some(ip) = text(past, "ip")
    {
        event.set_text(Field::EndUserIp, ip);
    }
    let to = event.text(Field::To).map(str::to_ascii_lowercase);
    let step =
        past.fields.get("to_step").map_or(Some(0), Value::as_i64).ok_or_else(|| malformed("to_step"))?;
    event.set_text(Field::To, &advanced(&to.unwrap_or_default(), step.saturating_mul(nth)));
    if let Some(statuses) = past.fields.get("statuses").and_then(Value::as_array).filter(|s| !s.is_empty()) {
        let place = usize::try_from(nth).unwrap_or(0) % statuses.len();
        event.set_text(Field::Status, statuses.get(place).and_then(Value::as_str).unwrap_or_default());
    }
    event.weight =
        past.fields.get("count").map_or(Some(1), Value::as_i64).ok_or_else(|| malformed("count"))?;
    event.refused = text(past, "decision") == Some("DENY") || event.text(Field::Status) == Some(REFUSED);
    Ok(event)
}

fn malformed(name: &str) -> String {
    format!("`{name}` of an event is malformed")
}

/// A number some steps further; anything else as it is.
fn advanced(to: &str, by: i64) -> String {
    let number = to.strip_prefix('+').and_then(|digits| digits.parse::<i64>().ok());
    number.map_or_else(|| to.to_owned(), |number| format!("+{}", number.saturating_add(by)))
}

fn text<'p>(past: &'p Past, name: &str) -> Option<&'p str> {
    past.fields.get(name).and_then(Value::as_str)
}

fn number(past: &Past, name: &str) -> Result<Option<f64>, String> {
    let value = past.fields.get(name).filter(|value| !value.is_null());
    value.map(|value| value.as_f64().ok_or_else(|| malformed(name))).transpose()
}

fn scaled(value: &Value, unit: i64) -> Option<i64> {
    let amount = Fixed::from_f64(value.as_f64()?).ok()?;
    i64::try_from(i128::from(amount.millionths()) * i128::from(unit) / 1_000_000).ok()
}

fn milliseconds(seconds: f64) -> Result<i64, String> {
    let amount = Fixed::from_f64(seconds).map_err(|error| error.to_string())?;
    // Rounded, because a step such as 0.045 s is not whole in binary.
    Ok((amount.millionths() + 500).div_euclid(1_000))
}
