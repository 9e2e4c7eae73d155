//! The example accounts, changed at random, over the wire and back; and what is refused by name.

use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;
use serde_json::{Value, json};

use super::account;
use crate::domain::Account;
use crate::proto as pb;
use crate::serve::convert::account_to_proto;
use crate::serve::status::Refusal;

fn there_and_back(account: &Account) -> Account {
    let sent = account_to_proto(account).encode_to_vec();
    super::account(pb::Account::decode(&*sent).unwrap()).unwrap()
}

/// An example account with every patch merged in, as case files do it (RFC 7396).
fn patched(example: usize, patches: &[Value]) -> Account {
    let examples = crate::demo::accounts().unwrap();
    let mut value = serde_json::to_value(&examples[example % examples.len()]).unwrap();
    for patch in patches {
        json_patch::merge(&mut value, patch);
    }
    serde_json::from_value(value).unwrap()
}

/// Patches of one attribute each. Every part of an account is in at least one.
fn patches() -> Vec<Value> {
    vec![
        json!({ "status": "TRIAL", "parent_id": "acc_reseller", "depth": 3 }),
        json!({ "status": "CLOSED", "created_at": "1969-12-31T23:59:58.000000001Z" }),
        json!({ "country": "", "legal_name": "Ünïcode & Söhne", "entity_type": "NGO", "industry": "retail" }),
        json!({ "entity_type": null, "created_at": null, "kyc": { "level": null, "expires_at": null } }),
        json!({ "aup_version": 0, "aup_accepted_at": "9999-12-30T21:59:59.999999999Z", "entitlements": [] }),
        json!({ "kyc": { "level": "NONE", "status": "REJECTED", "doc_hash": null, "number_bundles": [] } }),
        json!({ "api_keys": [
            { "id": "key_1", "status": "REVOKED" },
            { "id": "key_2", "status": "ACTIVE", "created_at": "2026-01-01T00:00:00Z", "scopes": ["SEND_OTP"] },
        ] }),
        json!({ "security": { "ip_allowlist": ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"] } }),
        json!({ "security": { "mfa_required": false, "test_authorizations": [
            { "id": "T-1", "scope": ["FUZZ"], "targets": ["api"], "from": "2026-01-01T00:00:00Z" }, {},
        ] } }),
        json!({ "usual_ip_countries": [], "seen_countries_30d": [] }),
        json!({ "seen_countries_30d": ["IN", "US"], "geo": { "sms": [], "voice": null, "premium": true } }),
        json!({ "numbers": [{ "e164": "+14155550100", "type": null, "forward_to": "+12125550123",
                              "leased_at": "2026-01-01T00:00:00Z" }] }),
        json!({ "verified_recipients": ["+12125550123"], "safe_list": ["+12125550124"], "opt_outs": ["+1"] }),
        json!({ "sender_ids": [{ "value": "ACME", "countries": [], "status": "" }] }),
        json!({ "brand_authorizations": [{ "mark": "Contoso" }, { "mark": "X", "to": "2027-01-01T00:00:00Z" }] }),
        json!({ "dlt": null, "tcr": null }),
        json!({ "dlt": { "headers": [], "templates": [{ "id": "1", "text": "{#var#}" }] } }),
        json!({ "tcr": { "vetting_score": 0, "tmobile_daily_cap": null, "campaigns": [{ "id": "C" }] } }),
        json!({ "authorizations": ["BULK"], "licenses": ["RBI_NBFC"], "managed_unsubscribe": true }),
        json!({ "content_permissions": { "gambling_countries": ["GB"], "political": true } }),
        json!({ "reseller": { "approved": true, "agreement_id": null, "expires_at": null, "sub_resale": true } }),
        json!({ "limits": { "cps": 0.5, "spend_day_usd": 1_234.567_891, "sessions": { "SMPP": 4 } } }),
        json!({ "modes": { "QUIET_HOURS": "MONITOR", "DNC_LISTED": "OFF", "X": "ENFORCE" } }),
        json!({ "unbilled_usd": -0.000_001, "country_mph": { "IN": 0 }, "queue_depth": { "ACME": 7 } }),
        json!({ "baseline_12h": { "IN": { "mean": 1000.25, "sd": 0 } }, "open_sessions": { "SIP": 1 } }),
        json!({ "legal_holds": [{}, { "id": "H-1", "scope": ["MESSAGE"], "subjects": ["a"] }] }),
        json!({ "dpa": { "signed": true, "regions": [] }, "postal_address": "4 MG Road", "ip_notices_365d": 2 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_patched_example_survives_the_wire(
        example in 0..6_usize,
        chosen in proptest::collection::vec(select(patches()), 0..6),
    ) {
        let account = patched(example, &chosen);
        prop_assert!(there_and_back(&account) == account, "{chosen:?}");
    }
}

/// Were a patch without effect, the property above would say nothing about its attribute.
#[test]
fn every_patch_changes_an_example() {
    let unchanged = |patch: &Value, n| patched(n, std::slice::from_ref(patch)) == patched(n, &[]);
    for patch in patches() {
        assert!((0..6).any(|example| !unchanged(&patch, example)), "{patch}");
    }
}

#[test]
fn a_bare_address_is_the_network_of_it_alone() {
    let mut message = pb::Account { id: "acc_1".into(), status: 2, ..pb::Account::default() };
    let ip_allowlist = ["203.0.113.9", "2001:db8::1", "198.51.100.0/24"].map(str::to_owned).to_vec();
    message.security = Some(pb::Security { ip_allowlist, ..pb::Security::default() });
    let networks: Vec<String> =
        account(message).unwrap().security.ip_allowlist.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["203.0.113.9/32", "2001:db8::1/128", "198.51.100.0/24"]);
}

#[test]
fn what_is_malformed_is_named_by_its_path() {
    type Change = fn(&mut pb::Account);
    let long = || "x".repeat(999);
    let time = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
    let cases: &[(Change, &[&str])] = &[
        (|a| (a.id, a.status) = (String::new(), 0), &["id", "status"]),
        (|a| a.status = 99, &["status"]),
        (|a| a.entity_type = -1, &["entity_type"]),
        (|a| a.entitlements = vec![1, 0, 99], &["entitlements[1]", "entitlements[2]"]),
        (
            |a| a.kyc = Some(pb::Kyc { level: 9, status: 9, ..Default::default() }),
            &["kyc.level", "kyc.status"],
        ),
        (
            |a| {
                let good = pb::ApiKey { id: "k".into(), status: 1, ..Default::default() };
                a.api_keys = vec![good, pb::ApiKey::default()];
            },
            &["api_keys[1].id", "api_keys[1].status"],
        ),
        (
            |a| {
                let ip_allowlist = vec!["10.0.0.1/33".into(), "10.0.0.1".into(), String::new()];
                a.security = Some(pb::Security { ip_allowlist, ..Default::default() });
            },
            &["security.ip_allowlist[0]", "security.ip_allowlist[2]"],
        ),
        (|a| a.modes = [("QUIET_HOURS".into(), 0)].into(), &["modes"]),
        (|a| a.unbilled_usd = f64::INFINITY, &["unbilled_usd"]),
        (|a| a.unbilled_usd = 0.000_000_1, &["unbilled_usd"]),
        (|a| a.opt_outs = vec!["+1".into(); 10_001], &["opt_outs"]),
        (|a| a.country = "usa".into(), &["country"]),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        assert_eq!(refused(*change), *expected, "case {number}");
    }
    assert_eq!(
        refused(|a| (a.legal_name, a.postal_address) = (long(), long())),
        ["legal_name", "postal_address"]
    );
    assert_eq!(refused(|a| a.created_at = time(0, 1_000_000_000)), ["created_at"]);
    assert_eq!(refused(|a| a.aup_accepted_at = time(i64::MAX, 0)), ["aup_accepted_at"]);
}

/// The fields that an account is refused for after one change to a good one.
fn refused(change: impl Fn(&mut pb::Account)) -> Vec<String> {
    let mut message = pb::Account { id: "acc_1".into(), status: 2, ..pb::Account::default() };
    change(&mut message);
    match account(message) {
        Err(Refusal::InvalidFields(violations)) => violations.into_iter().map(|v| v.field).collect(),
        other => panic!("not refused for its fields: {other:?}"),
    }
}
