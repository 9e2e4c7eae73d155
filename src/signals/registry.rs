//! The networks' registries outside India's texts: US campaigns, toll-free numbers, sender ids, the
//! number series of Indian calls.

use std::collections::BTreeSet;

use super::account::account;
use super::{Cause, Facts, signals};
use crate::domain::{Action, Category, LeasedNumber, SenderKind, TcrCampaign};
use crate::numbers;

const ACTIVE: &str = "ACTIVE";
const APPROVED: &str = "APPROVED";

signals! {
    /// The sender is a long number that the account leases.
    "context.sender.long_code": Bool = |f| leased(f).map(|number| number.is_some_and(|n| kind_of(n) == Line::Long));
    /// The sender is a toll-free number that the account leases.
    "context.sender.toll_free": Bool = |f| leased(f).map(|number| number.is_some_and(|n| kind_of(n) == Line::TollFree));
    /// Its verification for texts is done.
    "context.sender.toll_free_verified": Bool = |f| leased(f).map(|number| number.is_some_and(|n| n.verified));
    /// The sender's number is on a campaign of the US registry.
    "context.campaign.registered": Bool = |f| campaigns(f).map(|campaigns| !campaigns.is_empty());
    /// One of the number's campaigns is active.
    "context.campaign.active": Bool = |f| campaigns(f).map(|campaigns| campaigns.iter().any(|c| c.status == ACTIVE));
    /// What the message is for is what one of the number's active campaigns is for.
    "context.campaign.fits": Bool ["tcr_use_cases"] = |f| fits(f);
    /// The sender id is approved for the country of the destination.
    "context.sender.registered": Bool = |f| registered(f);
    /// The caller's number is of the series that calls of this kind to India must come from, or none must.
    "context.sender.in_series": Bool ["in_number_series"] = |f| in_series(f);
}

#[derive(PartialEq, Eq)]
enum Line {
    Long,
    TollFree,
    Other,
}

/// What a number was leased as, or else what its range is.
fn kind_of(number: &LeasedNumber) -> Line {
    let toll_free = || numbers::describe(&number.e164).is_some_and(|d| d.kind == numbers::Kind::TollFree);
    match number.r#type {
        Some(SenderKind::TollFree) => Line::TollFree,
        Some(SenderKind::ShortCode | SenderKind::Alpha | SenderKind::Header | SenderKind::Email) => {
            Line::Other
        }
        _ if toll_free() => Line::TollFree,
        _ => Line::Long,
    }
}

fn leased<'f>(f: &'f Facts<'_>) -> Result<Option<&'f LeasedNumber>, Cause> {
    let Some(sender) = f.request.action.sender() else { return Ok(None) };
    Ok(account(f)?.numbers.iter().find(|leased| leased.e164 == sender.value))
}

fn campaigns<'f>(f: &'f Facts<'_>) -> Result<Vec<&'f TcrCampaign>, Cause> {
    let Some(sender) = f.request.action.sender() else { return Ok(Vec::new()) };
    let campaigns = account(f)?.tcr.iter().flat_map(|tcr| &tcr.campaigns);
    Ok(campaigns.filter(|campaign| campaign.numbers.contains(&sender.value)).collect())
}

fn fits(f: &Facts<'_>) -> Result<bool, Cause> {
    let uses = f.list("tcr_use_cases")?;
    let category = f.request.action.category().map_or("", Category::as_str);
    let allows = |campaign: &&TcrCampaign| {
        let categories = uses.get(&campaign.use_case).and_then(serde_json::Value::as_array);
        categories.is_some_and(|categories| categories.iter().any(|name| name.as_str() == Some(category)))
    };
    Ok(campaigns(f)?.iter().filter(|campaign| campaign.status == ACTIVE).any(allows))
}

fn registered(f: &Facts<'_>) -> Result<bool, Cause> {
    let Some(sender) = f.request.action.sender() else { return Ok(false) };
    let country = f.destination().country();
    let covers =
        |countries: &BTreeSet<String>| country.is_some_and(|country| countries.contains(country.as_str()));
    Ok(account(f)?.sender_ids.iter().any(|id| {
        id.status == APPROVED && id.value.eq_ignore_ascii_case(&sender.value) && covers(&id.countries)
    }))
}

fn in_series(f: &Facts<'_>) -> Result<bool, Cause> {
    let Action::PlaceCall(call) = &f.request.action else { return Ok(true) };
    let series = f.list("in_number_series")?;
    let category = call.category.map_or("", Category::as_str);
    let Some(prefixes) = series.get(category).and_then(serde_json::Value::as_array) else { return Ok(true) };
    let from = call.from.as_ref().map_or("", |sender| sender.value.as_str());
    Ok(prefixes.iter().filter_map(|prefix| prefix.as_str()).any(|prefix| from.starts_with(prefix)))
}
