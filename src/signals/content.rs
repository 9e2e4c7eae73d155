//! What is sent and what it is for, as far as the request states it: category, use case, marks,
//! files, money. (What a text says is not looked at here.)

use super::account::account;
use super::{Cause, Facts, signals};
use crate::domain::{Account, Action, Category, Fixed};
use crate::lists::folded;

signals! {
    /// What the caller says it is for, e.g. PROMOTIONAL; empty where the action has no category.
    "context.message.category": Text = |f| f.request.action.category().map_or("", Category::as_str);
    /// Sent, dialled or spoken by a machine.
    "context.message.automated": Bool = |f| match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.automated,
        Action::PlaceCall(c) => c.automated,
        _ => false,
    };
    /// A machine speaks: prerecorded or artificial voice, or text to be spoken.
    "context.message.spoken_by_machine": Bool = |f| match &f.request.action {
        Action::PlaceCall(c) => c.automated || c.tts_text.as_deref().is_some_and(|text| !text.is_empty()),
        _ => false,
    };
    /// How the text reaches the country: DOMESTIC, INTERNATIONAL, or empty.
    "context.message.route": Text = |f| match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.route.map_or("", crate::domain::Route::as_str),
        _ => "",
    };
    /// The call is recorded.
    "context.recording.enabled": Bool = |f| recording(f).enabled;
    /// The callee is told that it is.
    "context.recording.notice": Bool = |f| recording(f).notice;
    /// Declared use case.
    "context.use_case.name": Text = |f| f.request.envelope.use_case.as_deref().unwrap_or_default();
    /// Declared use case, and the account's line of business.
    "context.use_case.names": Set = |f| account(f).map(|a| {
        let use_case = f.request.envelope.use_case.as_deref();
        use_case.into_iter().chain([a.industry.as_str()]).filter(|name| !name.is_empty()).collect::<super::Texts<'_>>()
    });
    /// The account was authorised for the declared use case in writing.
    "context.use_case.granted": Bool = |f| account(f).map(|a| {
        f.request.envelope.use_case.as_ref().is_some_and(|name| a.authorizations.contains(name))
    });
    /// The account has a licence that the declared use case needs, or it needs none.
    "context.use_case.licensed": Bool ["license_requirements"] = |f| licensed(f);
    /// A mark is used that is not the account's own and that it has no leave to use.
    "context.trademark.unauthorized": Bool = |f| account(f).map(|a| {
        marks(f).iter().any(|mark| !may_use(f, a, mark))
    });
    /// Bytes of all files together.
    "context.media.bytes": Long = |f| {
        let total = f.request.action.media().iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
        i64::try_from(total).unwrap_or(i64::MAX)
    };
    /// Regions of data-protection law that the campaign reaches: EU, UK.
    "context.campaign.regions": Set ["eu_uk_regions"] = |f| campaign_regions(f);
    /// The request states the highest price it accepts.
    "context.money.capped": Bool = |f| f.request.envelope.max_price.is_some();
    /// Price of one unit, micro-USD.
    "context.money.price": Long = |f| price(f);
    /// Highest price accepted, micro-USD.
    "context.money.max_price": Long = |f| f.request.envelope.max_price.map_or(0, Fixed::millionths);
    /// What the account would owe unbilled with this request, micro-USD.
    "context.money.exposure": Long = |f| account(f).map(|a| {
        a.unbilled_usd.millionths().saturating_add(estimate(f))
    });
}

fn recording(f: &Facts<'_>) -> crate::domain::Recording {
    match &f.request.action {
        Action::PlaceCall(c) => c.recording,
        _ => crate::domain::Recording::default(),
    }
}

/// The list names, for a use case, the beginnings of licences of which one is enough.
fn licensed(f: &Facts<'_>) -> Result<bool, Cause> {
    let use_case = f.request.envelope.use_case.as_deref().unwrap_or_default();
    let Some(needed) = f.list("license_requirements")?.get(use_case) else { return Ok(true) };
    let needed: Vec<&str> = needed.as_array().into_iter().flatten().filter_map(|n| n.as_str()).collect();
    let held = &account(f)?.licenses;
    Ok(held.iter().any(|licence| needed.iter().any(|name| is_or_begins(licence, name))))
}

fn is_or_begins(licence: &str, name: &str) -> bool {
    licence.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-', ':']))
}

fn marks<'f>(f: &'f Facts<'_>) -> &'f [String] {
    match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => &m.trademarks,
        Action::StartCampaign(c) => &c.trademarks,
        _ => &[],
    }
}

fn may_use(f: &Facts<'_>, account: &Account, mark: &str) -> bool {
    let mark = folded(mark);
    let own = account.brands.iter().any(|brand| folded(brand) == mark);
    own || account.brand_authorizations.iter().any(|leave| folded(&leave.mark) == mark && !f.passed(leave.to))
}

fn campaign_regions<'f>(f: &'f Facts<'_>) -> Result<Vec<&'f str>, Cause> {
    let Action::StartCampaign(campaign) = &f.request.action else { return Ok(Vec::new()) };
    let regions = f.list("eu_uk_regions")?;
    Ok(campaign.countries.iter().filter_map(|country| regions.get(country)?.as_str()).collect())
}

/// What the request costs if it is allowed, micro-USD.
pub(super) fn estimate(f: &Facts<'_>) -> i64 {
    price(f).saturating_mul(units(f))
}

fn price(f: &Facts<'_>) -> i64 {
    f.request.envelope.price.map_or(0, Fixed::millionths)
}

/// How many units are paid for: recipients of a campaign, numbers of an order, else one.
fn units(f: &Facts<'_>) -> i64 {
    let units = match &f.request.action {
        Action::StartCampaign(c) => c.recipients.unwrap_or(1),
        Action::ProvisionNumber(p) => u64::from(p.quantity.unwrap_or(1)),
        _ => 1,
    };
    i64::try_from(units).unwrap_or(i64::MAX)
}
