//! An account from the wire: every malformed attribute, each with its path.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::account_parts as parts;
use super::reader::{Reader, given};
use crate::domain::{Account, AccountId, AccountLimits, AccountStatus, Baseline, Fixed, Mode};
use crate::proto as pb;
use crate::serve::status::Refusal;

/// Takes an account in.
///
/// # Errors
/// Everything that is malformed in it.
pub fn account(message: pb::Account) -> Result<Account, Refusal> {
    let mut r = Reader::default();
    let account = read(&mut r, message);
    r.finish()?;
    account.ok_or_else(|| Refusal::missing("id"))
}

fn read(r: &mut Reader, message: pb::Account) -> Option<Account> {
    let pb::Account {
        id,
        status,
        parent_id,
        depth,
        created_at,
        country,
        legal_name,
        entity_type,
        industry,
        aup_version,
        aup_accepted_at,
        entitlements,
        kyc,
        api_keys,
        security,
        usual_ip_countries,
        seen_countries_30d,
        geo,
        numbers,
        verified_caller_ids,
        verified_recipients,
        safe_list,
        sender_ids,
        email_domains,
        web_domains,
        brands,
        brand_authorizations,
        dlt,
        tcr,
        authorizations,
        licenses,
        content_permissions,
        reseller,
        limits: own_limits,
        modes,
        unbilled_usd,
        country_mph,
        baseline_12h,
        queue_depth,
        open_sessions,
        opt_outs,
        legal_holds,
        dpa,
        postal_address,
        managed_unsubscribe,
        ip_notices_365d,
    } = message;
    // Stand-ins let the rest be checked; `finish` refuses the account with what they stand in for.
    let id = r.required_id("id", &id).or_else(|| AccountId::parse("malformed").ok());
    let status = r.required_choice("status", status).unwrap_or(AccountStatus::Closed);
    Some(Account {
        id: id?,
        status,
        parent_id: r.id("parent_id", &parent_id),
        depth,
        created_at: r.instant("created_at", created_at),
        country: r.country("country", country),
        legal_name: r.line("legal_name", legal_name),
        entity_type: r.choice("entity_type", entity_type),
        industry: r.line("industry", industry),
        aup_version: r.natural("aup_version", aup_version),
        aup_accepted_at: r.instant("aup_accepted_at", aup_accepted_at),
        entitlements: r.choices("entitlements", entitlements),
        kyc: r.part("kyc", kyc, parts::kyc).unwrap_or_default(),
        api_keys: parts::api_keys(r, api_keys),
        security: r.part("security", security.map(networks), parts::security).unwrap_or_default(),
        usual_ip_countries: r.countries("usual_ip_countries", usual_ip_countries),
        seen_countries_30d: parts::codes(r, "seen_countries_30d", seen_countries_30d),
        geo: r.part("geo", geo, parts::geo).unwrap_or_default(),
        numbers: parts::all(r, "numbers", numbers, parts::number),
        verified_caller_ids: parts::numbers(r, "verified_caller_ids", verified_caller_ids),
        verified_recipients: parts::lines(r, "verified_recipients", verified_recipients),
        safe_list: parts::lines(r, "safe_list", safe_list),
        sender_ids: parts::all(r, "sender_ids", sender_ids, parts::sender_id),
        email_domains: parts::all(r, "email_domains", email_domains, parts::email_domain),
        web_domains: parts::lines(r, "web_domains", web_domains),
        brands: parts::lines(r, "brands", brands),
        brand_authorizations: parts::all(r, "brand_authorizations", brand_authorizations, parts::brand),
        dlt: r.part("dlt", dlt, parts::dlt),
        tcr: r.part("tcr", tcr, parts::tcr),
        authorizations: parts::lines(r, "authorizations", authorizations),
        licenses: parts::lines(r, "licenses", licenses),
        content_permissions: r
            .part("content_permissions", content_permissions, parts::permissions)
            .unwrap_or_default(),
        reseller: r.part("reseller", reseller, parts::reseller).unwrap_or_default(),
        limits: r.part("limits", own_limits, limits).unwrap_or_default(),
        modes: own_modes(r, modes),
        unbilled_usd: r.amount("unbilled_usd", unbilled_usd),
        country_mph: counts(r, "country_mph", country_mph),
        baseline_12h: r.map("baseline_12h", baseline_12h, parts::MOST, baseline),
        queue_depth: counts(r, "queue_depth", queue_depth),
        open_sessions: counts(r, "open_sessions", open_sessions),
        opt_outs: parts::lines(r, "opt_outs", opt_outs),
        legal_holds: parts::all(r, "legal_holds", legal_holds, parts::hold),
        dpa: r.part("dpa", dpa, parts::dpa).unwrap_or_default(),
        postal_address: given(r.line("postal_address", postal_address)),
        managed_unsubscribe,
        ip_notices_365d: r.natural("ip_notices_365d", ip_notices_365d),
    })
}

/// A bare address stands for the network of it alone, which is what people mean by one.
fn networks(mut message: pb::Security) -> pb::Security {
    for text in &mut message.ip_allowlist {
        if let Ok(address) = text.parse::<IpAddr>() {
            *text = IpNet::from(address).to_string();
        }
    }
    message
}

fn limits(r: &mut Reader, message: pb::Limits) -> AccountLimits {
    let pb::Limits { values, sessions } = message;
    let values: BTreeMap<String, Fixed> =
        r.map("values", values, parts::MOST, |r, value| r.amount("", value));
    // In JSON both share one object, so the name of the one is taken in the other.
    if values.contains_key("sessions") {
        r.refuse("values", "may not hold `sessions`, which has a field of its own");
    }
    AccountLimits { sessions: counts(r, "sessions", sessions), values }
}

fn own_modes(r: &mut Reader, modes: HashMap<String, i32>) -> BTreeMap<String, Mode> {
    let modes: BTreeMap<String, Option<Mode>> =
        r.map("modes", modes, parts::MOST, |r, mode| r.required_choice("", mode));
    modes.into_iter().filter_map(|(code, mode)| Some((code, mode?))).collect()
}

fn counts(r: &mut Reader, field: &str, counts: HashMap<String, i64>) -> BTreeMap<String, i64> {
    r.map(field, counts, parts::MOST, |r, count| r.natural("", count))
}

fn baseline(r: &mut Reader, message: pb::Baseline) -> Baseline {
    let pb::Baseline { mean, sd } = message;
    Baseline { mean: r.amount("mean", mean), sd: r.amount("sd", sd) }
}

#[cfg(test)]
mod tests;
