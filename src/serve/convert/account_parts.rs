//! The parts of an account, from the wire.

use std::collections::BTreeSet;

use super::reader::{Reader, given};
use crate::domain::{
    ApiKey, BrandAuthorization, ContentPermissions, Dlt, DltHeader, DltTemplate, Dpa, EmailDomain, Geo,
    KeyId, KeyStatus, Kyc, LeasedNumber, LegalHold, MAX_BODY, MAX_COUNTRIES, MAX_LINE, MAX_NUMBER, Reseller,
    Security, SenderId, Tcr, TcrCampaign, TestAuthorization,
};
use crate::proto as pb;

/// Most entries of any list or map of an account.
pub(super) const MOST: usize = 10_000;

/// Each part of a list.
pub(super) fn all<M, T>(
    r: &mut Reader,
    field: &str,
    messages: Vec<M>,
    read: impl FnMut(&mut Reader, M) -> T,
) -> Vec<T> {
    r.each(field, messages, MOST, read)
}

pub(super) fn lines<C: FromIterator<String>>(r: &mut Reader, field: &str, texts: Vec<String>) -> C {
    r.texts(field, texts, MOST, MAX_LINE)
}

pub(super) fn numbers<C: FromIterator<String>>(r: &mut Reader, field: &str, texts: Vec<String>) -> C {
    r.texts(field, texts, MOST, MAX_NUMBER)
}

/// A set of codes that can be empty, as opposed to not given.
pub(super) fn codes(r: &mut Reader, field: &str, set: Option<pb::CodeSet>) -> Option<BTreeSet<String>> {
    set.map(|pb::CodeSet { codes }| r.within(field, |r| r.texts("codes", codes, MAX_COUNTRIES, MAX_LINE)))
}

pub(super) fn kyc(r: &mut Reader, message: pb::Kyc) -> Kyc {
    let pb::Kyc { level, status, doc_hash, expires_at, number_bundles } = message;
    Kyc {
        level: r.choice("level", level),
        status: r.choice("status", status),
        doc_hash: given(r.line("doc_hash", doc_hash)),
        expires_at: r.instant("expires_at", expires_at),
        number_bundles: r.countries("number_bundles", number_bundles),
    }
}

/// Two keys of one id could differ in state, and which of them holds would be chance.
pub(super) fn api_keys(r: &mut Reader, messages: Vec<pb::ApiKey>) -> Vec<ApiKey> {
    let mut ids = BTreeSet::new();
    let keys: Vec<Option<ApiKey>> = r.each("api_keys", messages, MOST, |r, message| {
        let pb::ApiKey { id, status, created_at, scopes } = message;
        let id: Option<KeyId> = r.required_id("id", &id);
        if id.as_ref().is_some_and(|id| !ids.insert(id.clone())) {
            r.refuse("id", "is given twice");
        }
        let status: Option<KeyStatus> = r.required_choice("status", status);
        let created_at = r.instant("created_at", created_at);
        let scopes = r.choices("scopes", scopes);
        Some(ApiKey { id: id?, status: status?, created_at, scopes })
    });
    keys.into_iter().flatten().collect()
}

pub(super) fn security(r: &mut Reader, message: pb::Security) -> Security {
    let pb::Security { ip_allowlist, mfa_required, test_authorizations } = message;
    Security {
        ip_allowlist: r.networks("ip_allowlist", ip_allowlist, MOST),
        mfa_required,
        test_authorizations: all(r, "test_authorizations", test_authorizations, authorization),
    }
}

fn authorization(r: &mut Reader, message: pb::TestAuthorization) -> TestAuthorization {
    let pb::TestAuthorization { id, scope, targets, from, to } = message;
    TestAuthorization {
        id: given(r.line("id", id)),
        scope: lines(r, "scope", scope),
        targets: lines(r, "targets", targets),
        from: r.instant("from", from),
        to: r.instant("to", to),
    }
}

pub(super) fn geo(r: &mut Reader, message: pb::Geo) -> Geo {
    let pb::Geo { sms, voice, high_risk, premium } = message;
    Geo { sms: codes(r, "sms", sms), voice: codes(r, "voice", voice), high_risk, premium }
}

pub(super) fn number(r: &mut Reader, message: pb::LeasedNumber) -> LeasedNumber {
    let pb::LeasedNumber { e164, r#type, r#use, verified, forward_to, leased_at } = message;
    LeasedNumber {
        e164: r.named("e164", e164, MAX_NUMBER),
        r#type: r.choice("type", r#type),
        r#use: lines(r, "use", r#use),
        verified,
        forward_to: given(r.text("forward_to", forward_to, MAX_NUMBER)),
        leased_at: r.instant("leased_at", leased_at),
    }
}

pub(super) fn sender_id(r: &mut Reader, message: pb::SenderId) -> SenderId {
    let pb::SenderId { value, countries, status } = message;
    SenderId {
        value: r.named("value", value, MAX_LINE),
        countries: r.countries("countries", countries),
        status: r.line("status", status),
    }
}

pub(super) fn email_domain(r: &mut Reader, message: pb::EmailDomain) -> EmailDomain {
    let pb::EmailDomain { domain, spf, dkim, dmarc } = message;
    EmailDomain { domain: r.named("domain", domain, MAX_LINE), spf, dkim, dmarc }
}

pub(super) fn brand(r: &mut Reader, message: pb::BrandAuthorization) -> BrandAuthorization {
    let pb::BrandAuthorization { mark, to } = message;
    BrandAuthorization { mark: r.named("mark", mark, MAX_LINE), to: r.instant("to", to) }
}

pub(super) fn dlt(r: &mut Reader, message: pb::Dlt) -> Dlt {
    let pb::Dlt { entity_id, status, chain_status, headers, templates, cta_whitelist } = message;
    Dlt {
        entity_id: r.line("entity_id", entity_id),
        status: r.line("status", status),
        chain_status: r.line("chain_status", chain_status),
        headers: all(r, "headers", headers, header),
        templates: all(r, "templates", templates, template),
        cta_whitelist: lines(r, "cta_whitelist", cta_whitelist),
    }
}

fn header(r: &mut Reader, message: pb::DltHeader) -> DltHeader {
    let pb::DltHeader { header, categories, status } = message;
    DltHeader {
        header: r.line("header", header),
        categories: lines(r, "categories", categories),
        status: r.line("status", status),
    }
}

fn template(r: &mut Reader, message: pb::DltTemplate) -> DltTemplate {
    let pb::DltTemplate { id, headers, r#type, text, status } = message;
    DltTemplate {
        id: r.line("id", id),
        headers: lines(r, "headers", headers),
        r#type: r.line("type", r#type),
        text: r.text("text", text, MAX_BODY),
        status: r.line("status", status),
    }
}

pub(super) fn tcr(r: &mut Reader, message: pb::Tcr) -> Tcr {
    let pb::Tcr { brand_id, vetting_score, tmobile_daily_cap, campaigns } = message;
    Tcr {
        brand_id: r.line("brand_id", brand_id),
        vetting_score: vetting_score.inspect(|score| {
            if !(0..=100).contains(score) {
                r.refuse("vetting_score", "must be 0 to 100");
            }
        }),
        tmobile_daily_cap: tmobile_daily_cap.map(|cap| r.natural("tmobile_daily_cap", cap)),
        campaigns: all(r, "campaigns", campaigns, campaign),
    }
}

fn campaign(r: &mut Reader, message: pb::TcrCampaign) -> TcrCampaign {
    let pb::TcrCampaign { id, status, use_case, att_tpm, numbers: on_it } = message;
    TcrCampaign {
        id: r.line("id", id),
        status: r.line("status", status),
        use_case: r.line("use_case", use_case),
        att_tpm: att_tpm.map(|rate| r.natural("att_tpm", rate)),
        numbers: numbers(r, "numbers", on_it),
    }
}

pub(super) fn permissions(r: &mut Reader, message: pb::ContentPermissions) -> ContentPermissions {
    let pb::ContentPermissions { gambling_countries, political } = message;
    ContentPermissions {
        gambling_countries: r.countries("gambling_countries", gambling_countries),
        political,
    }
}

pub(super) fn reseller(r: &mut Reader, message: pb::Reseller) -> Reseller {
    let pb::Reseller {
        approved,
        agreement_id,
        expires_at,
        products,
        territories,
        max_subaccounts,
        subaccounts,
        sub_resale,
    } = message;
    Reseller {
        approved,
        agreement_id: given(r.line("agreement_id", agreement_id)),
        expires_at: r.instant("expires_at", expires_at),
        products: lines(r, "products", products),
        territories: r.countries("territories", territories),
        max_subaccounts: r.natural("max_subaccounts", max_subaccounts),
        subaccounts: r.natural("subaccounts", subaccounts),
        sub_resale,
    }
}

pub(super) fn hold(r: &mut Reader, message: pb::LegalHold) -> LegalHold {
    let pb::LegalHold { id, scope, subjects } = message;
    LegalHold {
        id: given(r.line("id", id)),
        scope: lines(r, "scope", scope),
        subjects: lines(r, "subjects", subjects),
    }
}

pub(super) fn dpa(r: &mut Reader, message: pb::Dpa) -> Dpa {
    let pb::Dpa { signed, regions } = message;
    Dpa { signed, regions: codes(r, "regions", regions) }
}
