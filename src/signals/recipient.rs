//! The recipient: what they refused, what they agreed to, and what time it is where they are.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::{Cause, Facts, signals};
use crate::domain::{Action, Consent, ConsentBasis};
use crate::lists::Windows;
use crate::lists::opt_outs::{self, OPT_OUTS, Wishes, Word};
use crate::numbers::zones::zones_for;
use crate::numbers::{E164, Region};
use crate::traffic::Field;

signals! {
    /// The recipient opted out of what the account sends.
    "context.recipient.opted_out": Bool ["opt_outs"] = |f| opted_out(f);
    /// The recipient is on India's register and accepts nothing.
    "context.recipient.dnd_full": Bool ["dnd"] = |f| preference(f).map(|p| p == Preference::Nothing);
    /// The recipient is on India's register and does not accept this category.
    "context.recipient.dnd_category": Bool ["dnd"] = |f| preference(f).map(|p| p == Preference::NotThis);
    /// There is a consent, in force or not.
    "context.consent.given": Bool = |f| consent(f).is_some();
    /// It has lapsed.
    "context.consent.expired": Bool = |f| consent(f).is_some_and(|c| f.passed(c.expires_at));
    /// It was given in writing.
    "context.consent.written": Bool = |f| rests_on(f, &[ConsentBasis::ExpressWritten]);
    /// It was said or written.
    "context.consent.express": Bool = |f| rests_on(f, &[ConsentBasis::Express, ConsentBasis::ExpressWritten]);
    /// It is an established business relationship.
    "context.consent.relationship": Bool = |f| rests_on(f, &[ConsentBasis::Ebr]);
    /// It is registered with the Indian registry.
    "context.consent.registered": Bool = |f| rests_on(f, &[ConsentBasis::ExplicitDlt]);
    /// Advertising may reach the recipient at this hour, in every zone that they may be in.
    "context.recipient.window_open": Bool (costly) ["promotional_windows", "us_holidays", "us_area_codes"] = |f| {
        place(f).map(|place| place.is_none_or(|place| place.windows.is_open(&place.name, f.now, &place.zones)))
    };
    /// When it next may, RFC 3339; empty where it never will.
    "context.recipient.window_opens_at": Text (costly) ["promotional_windows", "us_holidays", "us_area_codes"] = |f| {
        place(f).map(|place| {
            let opens = place.and_then(|place| place.windows.opens_at(&place.name, f.now, &place.zones));
            opens.map(|at| at.to_string()).unwrap_or_default()
        })
    };
}

/// The recipient's last word that was reported counts, and what the account says itself as long as it
/// is newer than that.
fn opted_out(f: &Facts<'_>) -> Result<bool, Cause> {
    let account = f.account()?;
    match reported(f)? {
        Some(word) if word.out => Ok(true),
        Some(word) if account.revision <= word.revision => Ok(false),
        Some(_) | None => Ok(told_by_account(f, &account.account.opt_outs)),
    }
}

fn reported(f: &Facts<'_>) -> Result<Option<Word>, Cause> {
    let list = f.list(OPT_OUTS)?;
    if list.is_empty() {
        return Ok(None);
    }
    let present = f.present();
    let Some(to) = present.text(Field::To) else { return Ok(None) };
    let Some(payload) = list.get(&opt_outs::key(f.request.subject().as_str(), to)) else { return Ok(None) };
    let sender = present.text(Field::From).map(str::to_lowercase);
    Ok(Wishes::of(payload).word(sender.as_deref()))
}

fn told_by_account(f: &Facts<'_>, refused: &BTreeSet<String>) -> bool {
    if refused.is_empty() {
        return false;
    }
    let Some(to) = super::destination::recipient(f) else { return false };
    // Numbers have one spelling, mailboxes several.
    let alike = || to.contains('@') && refused.iter().any(|known| known.eq_ignore_ascii_case(to));
    refused.contains(to) || alike()
}

/// What a person on India's register accepts.
#[derive(PartialEq, Eq)]
enum Preference {
    Everything,
    NotThis,
    Nothing,
}

/// A mode that is not known accepts nothing.
fn preference(f: &Facts<'_>) -> Result<Preference, Cause> {
    let Some(to) = super::destination::recipient(f) else { return Ok(Preference::Everything) };
    let Some(entry) = f.list("dnd")?.get(to) else { return Ok(Preference::Everything) };
    if entry.get("mode").and_then(Json::as_str) != Some("PARTIAL") {
        return Ok(Preference::Nothing);
    }
    let category = match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.dnd_category,
        _ => None,
    };
    let mut accepted = entry.get("allow").and_then(Json::as_array).into_iter().flatten();
    let accepts = category.is_some_and(|category| accepted.any(|c| c.as_u64() == Some(u64::from(category))));
    Ok(if accepts { Preference::Everything } else { Preference::NotThis })
}

fn consent<'f>(f: &'f Facts<'_>) -> Option<&'f Consent> {
    match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.consent.as_ref(),
        Action::SendEmail(m) => m.consent.as_ref(),
        Action::PlaceCall(c) => c.consent.as_ref(),
        _ => None,
    }
}

fn rests_on(f: &Facts<'_>, bases: &[ConsentBasis]) -> bool {
    consent(f).is_some_and(|consent| bases.contains(&consent.basis))
}

/// Where the recipient is.
struct Place<'f> {
    windows: &'f Windows,
    /// Country, or country and state.
    name: String,
    zones: Vec<TimeZone>,
}

/// The zone that the caller knows, or else every zone of the number. A number of no country is nowhere.
fn place<'f>(f: &'f Facts<'_>) -> Result<Option<Place<'f>>, Cause> {
    let (Some(country), Some(number)) = (f.destination().country(), f.destination().e164()) else {
        return Ok(None);
    };
    let windows = f.lists.windows().ok_or(Cause::Lists)?;
    let named = match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.recipient_tz.as_deref(),
        _ => None,
    };
    let told = named.and_then(|name| TimeZone::get(name).ok());
    let zones = match told {
        Some(zone) => vec![zone],
        None => zones_for(number).iter().filter_map(|name| TimeZone::get(name).ok()).collect(),
    };
    let name = state_of(f, *country, number)?;
    Ok((!zones.is_empty()).then_some(Place { windows, name, zones }))
}

/// Country and state of the destination, or the country alone where it has no states.
pub(super) fn state(f: &Facts<'_>) -> Result<String, Cause> {
    let (Some(country), Some(number)) = (f.destination().country(), f.destination().e164()) else {
        return Ok(String::new());
    };
    state_of(f, *country, number)
}

fn state_of(f: &Facts<'_>, country: Region, number: E164) -> Result<String, Cause> {
    let state = f.list("us_area_codes")?.get(&number.to_string()).and_then(Json::as_str);
    Ok(state.map_or_else(|| country.to_string(), |state| format!("{country}-{state}")))
}
