//! An account to the wire. It takes a reading of [`super::account`] back to where it came from.

use std::collections::BTreeSet;

use ipnet::IpNet;
use jiff::Timestamp;

use super::enums::Closed;
use super::wire::timestamp;
use crate::domain::{
    Account, AccountLimits, ApiKey, Baseline, BrandAuthorization, ContentPermissions, Dlt, DltHeader,
    DltTemplate, Dpa, EmailDomain, Geo, Kyc, LeasedNumber, LegalHold, Reseller, Security, SenderId, Tcr,
    TcrCampaign, TestAuthorization,
};
use crate::proto as pb;

/// The account as it goes over the wire.
pub fn account_to_proto(account: &Account) -> pb::Account {
    let Account {
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
        kyc: known,
        api_keys,
        security: secured,
        usual_ip_countries,
        seen_countries_30d,
        geo: reach,
        numbers,
        verified_caller_ids,
        verified_recipients,
        safe_list,
        sender_ids,
        email_domains,
        web_domains,
        brands,
        brand_authorizations,
        dlt: indian,
        tcr: american,
        authorizations,
        licenses,
        content_permissions,
        reseller: agreement,
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
    } = account;
    pb::Account {
        id: id.to_string(),
        status: status.number(),
        parent_id: parent_id.as_ref().map_or_else(String::new, ToString::to_string),
        depth: *depth,
        created_at: time(*created_at),
        country: country.clone(),
        legal_name: legal_name.clone(),
        entity_type: choice(*entity_type),
        industry: industry.clone(),
        aup_version: *aup_version,
        aup_accepted_at: time(*aup_accepted_at),
        entitlements: choices(entitlements),
        kyc: Some(kyc(known)),
        api_keys: api_keys.iter().map(key).collect(),
        security: Some(security(secured)),
        usual_ip_countries: set(usual_ip_countries),
        seen_countries_30d: codes(seen_countries_30d.as_ref()),
        geo: Some(geo(reach)),
        numbers: numbers.iter().map(number).collect(),
        verified_caller_ids: set(verified_caller_ids),
        verified_recipients: set(verified_recipients),
        safe_list: set(safe_list),
        sender_ids: sender_ids.iter().map(sender_id).collect(),
        email_domains: email_domains.iter().map(email_domain).collect(),
        web_domains: set(web_domains),
        brands: set(brands),
        brand_authorizations: brand_authorizations.iter().map(brand).collect(),
        dlt: indian.as_ref().map(dlt),
        tcr: american.as_ref().map(tcr),
        authorizations: set(authorizations),
        licenses: set(licenses),
        content_permissions: Some(permissions(content_permissions)),
        reseller: Some(reseller(agreement)),
        limits: Some(limits(own_limits)),
        modes: modes.iter().map(|(code, mode)| (code.clone(), mode.number())).collect(),
        unbilled_usd: unbilled_usd.to_f64(),
        country_mph: country_mph.clone().into_iter().collect(),
        baseline_12h: baseline_12h
            .iter()
            .map(|(country, usual)| (country.clone(), baseline(usual)))
            .collect(),
        queue_depth: queue_depth.clone().into_iter().collect(),
        open_sessions: open_sessions.clone().into_iter().collect(),
        opt_outs: set(opt_outs),
        legal_holds: legal_holds.iter().map(hold).collect(),
        dpa: Some(agreement_on_data(dpa)),
        postal_address: text(postal_address.as_ref()),
        managed_unsubscribe: *managed_unsubscribe,
        ip_notices_365d: *ip_notices_365d,
    }
}

// === values ===

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn time(at: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    at.map(timestamp)
}

fn choice<E: Closed>(value: Option<E>) -> i32 {
    value.map_or(0, E::number)
}

fn choices<E: Closed>(values: &BTreeSet<E>) -> Vec<i32> {
    values.iter().map(|value| value.number()).collect()
}

fn set(values: &BTreeSet<String>) -> Vec<String> {
    values.iter().cloned().collect()
}

fn codes(values: Option<&BTreeSet<String>>) -> Option<pb::CodeSet> {
    values.map(|values| pb::CodeSet { codes: set(values) })
}

// === parts ===

fn kyc(kyc: &Kyc) -> pb::Kyc {
    let Kyc { level, status, doc_hash, expires_at, number_bundles } = kyc;
    pb::Kyc {
        level: choice(*level),
        status: choice(*status),
        doc_hash: text(doc_hash.as_ref()),
        expires_at: time(*expires_at),
        number_bundles: set(number_bundles),
    }
}

fn key(key: &ApiKey) -> pb::ApiKey {
    let ApiKey { id, status, created_at, scopes } = key;
    let (id, status) = (id.to_string(), status.number());
    pb::ApiKey { id, status, created_at: time(*created_at), scopes: choices(scopes) }
}

fn security(security: &Security) -> pb::Security {
    let Security { ip_allowlist, mfa_required, test_authorizations } = security;
    pb::Security {
        ip_allowlist: ip_allowlist.iter().map(IpNet::to_string).collect(),
        mfa_required: *mfa_required,
        test_authorizations: test_authorizations.iter().map(authorization).collect(),
    }
}

fn authorization(authorization: &TestAuthorization) -> pb::TestAuthorization {
    let TestAuthorization { id, scope, targets, from, to } = authorization;
    pb::TestAuthorization {
        id: text(id.as_ref()),
        scope: set(scope),
        targets: set(targets),
        from: time(*from),
        to: time(*to),
    }
}

fn geo(geo: &Geo) -> pb::Geo {
    let Geo { sms, voice, high_risk, premium } = geo;
    let (sms, voice) = (codes(sms.as_ref()), codes(voice.as_ref()));
    pb::Geo { sms, voice, high_risk: *high_risk, premium: *premium }
}

fn number(number: &LeasedNumber) -> pb::LeasedNumber {
    let LeasedNumber { e164, r#type, r#use, verified, forward_to, leased_at } = number;
    pb::LeasedNumber {
        e164: e164.clone(),
        r#type: choice(*r#type),
        r#use: set(r#use),
        verified: *verified,
        forward_to: text(forward_to.as_ref()),
        leased_at: time(*leased_at),
    }
}

fn sender_id(sender: &SenderId) -> pb::SenderId {
    let SenderId { value, countries, status } = sender;
    pb::SenderId { value: value.clone(), countries: set(countries), status: status.clone() }
}

fn email_domain(domain: &EmailDomain) -> pb::EmailDomain {
    let EmailDomain { domain, spf, dkim, dmarc } = domain;
    pb::EmailDomain { domain: domain.clone(), spf: *spf, dkim: *dkim, dmarc: *dmarc }
}

fn brand(leave: &BrandAuthorization) -> pb::BrandAuthorization {
    let BrandAuthorization { mark, to } = leave;
    pb::BrandAuthorization { mark: mark.clone(), to: time(*to) }
}

fn dlt(dlt: &Dlt) -> pb::Dlt {
    let Dlt { entity_id, status, chain_status, headers, templates, cta_whitelist } = dlt;
    pb::Dlt {
        entity_id: entity_id.clone(),
        status: status.clone(),
        chain_status: chain_status.clone(),
        headers: headers.iter().map(header).collect(),
        templates: templates.iter().map(template).collect(),
        cta_whitelist: cta_whitelist.clone(),
    }
}

fn header(header: &DltHeader) -> pb::DltHeader {
    let DltHeader { header, categories, status } = header;
    pb::DltHeader { header: header.clone(), categories: set(categories), status: status.clone() }
}

fn template(template: &DltTemplate) -> pb::DltTemplate {
    let DltTemplate { id, headers, r#type, text, status } = template;
    pb::DltTemplate {
        id: id.clone(),
        headers: set(headers),
        r#type: r#type.clone(),
        text: text.clone(),
        status: status.clone(),
    }
}

fn tcr(tcr: &Tcr) -> pb::Tcr {
    let Tcr { brand_id, vetting_score, tmobile_daily_cap, campaigns } = tcr;
    pb::Tcr {
        brand_id: brand_id.clone(),
        vetting_score: *vetting_score,
        tmobile_daily_cap: *tmobile_daily_cap,
        campaigns: campaigns.iter().map(campaign).collect(),
    }
}

fn campaign(campaign: &TcrCampaign) -> pb::TcrCampaign {
    let TcrCampaign { id, status, use_case, att_tpm, numbers } = campaign;
    pb::TcrCampaign {
        id: id.clone(),
        status: status.clone(),
        use_case: use_case.clone(),
        att_tpm: *att_tpm,
        numbers: set(numbers),
    }
}

fn permissions(permissions: &ContentPermissions) -> pb::ContentPermissions {
    let ContentPermissions { gambling_countries, political } = permissions;
    pb::ContentPermissions { gambling_countries: set(gambling_countries), political: *political }
}

fn reseller(reseller: &Reseller) -> pb::Reseller {
    let Reseller {
        approved,
        agreement_id,
        expires_at,
        products,
        territories,
        max_subaccounts,
        subaccounts,
        sub_resale,
    } = reseller;
    pb::Reseller {
        approved: *approved,
        agreement_id: text(agreement_id.as_ref()),
        expires_at: time(*expires_at),
        products: set(products),
        territories: set(territories),
        max_subaccounts: *max_subaccounts,
        subaccounts: *subaccounts,
        sub_resale: *sub_resale,
    }
}

fn limits(limits: &AccountLimits) -> pb::Limits {
    let AccountLimits { sessions, values } = limits;
    pb::Limits {
        values: values.iter().map(|(name, value)| (name.clone(), value.to_f64())).collect(),
        sessions: sessions.clone().into_iter().collect(),
    }
}

fn baseline(baseline: &Baseline) -> pb::Baseline {
    let Baseline { mean, sd } = baseline;
    pb::Baseline { mean: mean.to_f64(), sd: sd.to_f64() }
}

fn hold(hold: &LegalHold) -> pb::LegalHold {
    let LegalHold { id, scope, subjects } = hold;
    pb::LegalHold { id: text(id.as_ref()), scope: set(scope), subjects: set(subjects) }
}

fn agreement_on_data(dpa: &Dpa) -> pb::Dpa {
    let Dpa { signed, regions } = dpa;
    pb::Dpa { signed: *signed, regions: codes(regions.as_ref()) }
}
