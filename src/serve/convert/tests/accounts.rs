//! Accounts, both ways.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message as _;

use super::*;
use crate::domain::*;

fn there_and_back(account: &Account) -> Account {
    let sent = account_to_proto(account).encode_to_vec();
    super::account(pb::Account::decode(&*sent).unwrap()).unwrap()
}

#[test]
fn the_accounts_of_the_cases_survive_the_wire() {
    let text = include_str!("../../../../demo/cases/accounts.json");
    let accounts: BTreeMap<String, Account> = serde_json::from_str(text).unwrap();
    assert_eq!(accounts.len(), 6);
    for account in accounts.values() {
        assert!(there_and_back(account) == *account, "{account:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_malformed_attribute_is_named() {
    type Change = fn(&mut pb::Account);
    let cases: &[(&str, Change, &[&str])] = &[
        ("nothing", |a| *a = pb::Account::default(), &["id", "status"]),
        (
            "ids",
            |a| {
                a.id = "a b".into();
                a.parent_id = "ü".into();
            },
            &["id", "parent_id"],
        ),
        (
            "unknown values",
            |a| {
                a.status = 9;
                a.entity_type = 9;
                a.entitlements = vec![1, 0, 99];
            },
            &["status", "entity_type", "entitlements[1]", "entitlements[2]"],
        ),
        (
            "keys",
            |a| {
                let key = pb::ApiKey {
                    id: "k".into(),
                    status: pb::KeyStatus::Active.into(),
                    ..pb::ApiKey::default()
                };
                a.api_keys = vec![key.clone(), pb::ApiKey::default(), key];
            },
            &["api_keys[1].id", "api_keys[1].status", "api_keys[2].id"],
        ),
        (
            "networks",
            |a| {
                a.security = Some(pb::Security {
                    ip_allowlist: vec!["203.0.113.0/24".into(), "everywhere".into()],
                    ..pb::Security::default()
                });
            },
            &["security.ip_allowlist[1]"],
        ),
        (
            "negative counts",
            |a| {
                a.aup_version = -1;
                a.queue_depth = [("s".to_owned(), -1)].into();
                a.reseller = Some(pb::Reseller { max_subaccounts: -1, ..pb::Reseller::default() });
            },
            &["aup_version", "reseller.max_subaccounts", "queue_depth"],
        ),
        (
            "amounts",
            |a| {
                a.unbilled_usd = f64::NAN;
                a.limits = Some(pb::Limits {
                    values: [("cps".to_owned(), 0.000_000_1), ("sessions".to_owned(), 1.0)].into(),
                    ..pb::Limits::default()
                });
            },
            &["limits.values", "limits.values", "unbilled_usd"],
        ),
        ("modes", |a| a.modes = [("QUIET_HOURS".to_owned(), 0)].into(), &["modes"]),
        (
            "registries",
            |a| {
                a.tcr = Some(pb::Tcr { vetting_score: Some(101), ..pb::Tcr::default() });
                a.dlt = Some(pb::Dlt {
                    templates: vec![pb::DltTemplate {
                        text: "x".repeat((64 << 10) + 1),
                        ..Default::default()
                    }],
                    ..pb::Dlt::default()
                });
            },
            &["dlt.templates[0].text", "tcr.vetting_score"],
        ),
        (
            "countries",
            |a| {
                a.country = "usa".into();
                a.usual_ip_countries = vec!["US".into(), String::new()];
            },
            &["country", "usual_ip_countries[1]"],
        ),
        (
            "numbers",
            |a| a.numbers = vec![pb::LeasedNumber { r#type: 99, ..pb::LeasedNumber::default() }],
            &["numbers[0].e164", "numbers[0].type"],
        ),
        ("too many", |a| a.brands = vec!["b".into(); 10_001], &["brands"]),
    ];
    for (name, change, expected) in cases {
        let mut message = pb::Account {
            id: "acc_1".into(),
            status: pb::AccountStatus::Active.into(),
            ..pb::Account::default()
        };
        change(&mut message);
        assert_eq!(fields(super::account(message)), *expected, "{name}");
    }
}

// === strategies ===

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9 .+ü-]{1,8}"
}

fn words() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(word(), 0..4)
}

fn countries() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set("[A-Z]{2}", 0..4)
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    option::of(
        (-5_000_000_000_i64..5_000_000_000, 0..1_000_000_000)
            .prop_map(|(s, n)| Timestamp::new(s, n).unwrap()),
    )
}

fn one<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Option<T>> {
    option::of(select(all))
}

fn amount() -> impl Strategy<Value = Fixed> {
    (-1_000_000_000_000_000_i64..1_000_000_000_000_000).prop_map(Fixed::from_millionths)
}

fn counts() -> impl Strategy<Value = BTreeMap<String, i64>> {
    btree_map(word(), 0..i64::MAX, 0..4)
}

fn actions() -> impl Strategy<Value = BTreeSet<ActionKind>> {
    btree_set(select(ActionKind::ALL), 0..5)
}

prop_compose! {
    fn kyc()(level in one(KycLevel::ALL), status in one(KycStatus::ALL), doc_hash in option::of(word()),
             expires_at in time(), number_bundles in countries()) -> Kyc {
        Kyc { level, status, doc_hash, expires_at, number_bundles }
    }
}

prop_compose! {
    fn key(place: usize)(status in select(KeyStatus::ALL), created_at in time(), scopes in actions()) -> ApiKey {
        ApiKey { id: KeyId::parse(format!("key_{place}")).unwrap(), status, created_at, scopes }
    }
}

prop_compose! {
    fn security()(networks in vec((any::<[u8; 4]>(), 0..=32_u8), 0..3), mfa_required in any::<Option<bool>>(),
                  tests in vec((option::of(word()), words(), words(), time(), time()), 0..3)) -> Security {
        Security {
            ip_allowlist: networks.into_iter().map(|(ip, bits)| ipnet::IpNet::new(ip.into(), bits).unwrap()).collect(),
            mfa_required,
            test_authorizations: tests.into_iter()
                .map(|(id, scope, targets, from, to)| TestAuthorization { id, scope, targets, from, to })
                .collect(),
        }
    }
}

prop_compose! {
    fn number()(e164 in word(), kind in one(SenderKind::ALL), usage in words(), verified in any::<bool>(),
                forward_to in option::of(word()), leased_at in time()) -> LeasedNumber {
        LeasedNumber { e164, r#type: kind, r#use: usage, verified, forward_to, leased_at }
    }
}

prop_compose! {
    fn dlt()(ids in (word(), word(), word()), headers in vec((word(), words(), word()), 0..3),
             templates in vec((word(), words(), word(), word(), word()), 0..3), cta_whitelist in vec(word(), 0..3)) -> Dlt {
        Dlt {
            entity_id: ids.0, status: ids.1, chain_status: ids.2, cta_whitelist,
            headers: headers.into_iter()
                .map(|(header, categories, status)| DltHeader { header, categories, status }).collect(),
            templates: templates.into_iter()
                .map(|(id, headers, kind, text, status)| DltTemplate { id, headers, r#type: kind, text, status }).collect(),
        }
    }
}

prop_compose! {
    fn tcr()(brand_id in word(), vetting_score in option::of(0..=100_i64), tmobile_daily_cap in option::of(0..i64::MAX),
             campaigns in vec((word(), word(), word(), option::of(0..i64::MAX), words()), 0..3)) -> Tcr {
        Tcr {
            brand_id, vetting_score, tmobile_daily_cap,
            campaigns: campaigns.into_iter()
                .map(|(id, status, use_case, att_tpm, numbers)| TcrCampaign { id, status, use_case, att_tpm, numbers })
                .collect(),
        }
    }
}

prop_compose! {
    fn reseller()(flags in any::<(bool, bool)>(), agreement_id in option::of(word()), expires_at in time(),
                  products in words(), territories in countries(), counts in (0..i64::MAX, 0..i64::MAX)) -> Reseller {
        Reseller {
            approved: flags.0, sub_resale: flags.1, agreement_id, expires_at, products, territories,
            max_subaccounts: counts.0, subaccounts: counts.1,
        }
    }
}

prop_compose! {
    fn holder()(status in select(AccountStatus::ALL), parent in any::<bool>(), depth in any::<u32>(),
                created_at in time(), country in "[A-Z]{2}", legal_name in word(), entity_type in one(EntityType::ALL),
                industry in word(), aup_version in 0..i64::MAX, aup_accepted_at in time(), entitlements in actions(),
                kyc in kyc()) -> Account {
        let id = |text: &str| AccountId::parse(text).unwrap();
        Account {
            parent_id: parent.then(|| id("acc_0")), depth, created_at, country, legal_name, entity_type, industry,
            aup_version, aup_accepted_at, entitlements, kyc, ..Account::new(id("acc_1"), status)
        }
    }
}

prop_compose! {
    fn reach()(base in holder(), api_keys in (key(0), key(1)), security in security(), usual in countries(),
               seen in option::of(countries()), sms in option::of(countries()), voice in option::of(countries()),
               flags in any::<(bool, bool)>(), numbers in vec(number(), 0..3),
               lists in (words(), words(), words(), words(), words()),
               senders in vec((word(), countries(), word()), 0..3),
               domains in vec((word(), any::<(bool, bool, bool)>()), 0..3)) -> Account {
        Account {
            api_keys: vec![api_keys.0, api_keys.1], security, usual_ip_countries: usual, seen_countries_30d: seen,
            geo: Geo { sms, voice, high_risk: flags.0, premium: flags.1 }, numbers,
            verified_caller_ids: lists.0, verified_recipients: lists.1, safe_list: lists.2, web_domains: lists.3,
            brands: lists.4,
            sender_ids: senders.into_iter()
                .map(|(value, countries, status)| SenderId { value, countries, status }).collect(),
            email_domains: domains.into_iter()
                .map(|(domain, (spf, dkim, dmarc))| EmailDomain { domain, spf, dkim, dmarc }).collect(),
            ..base
        }
    }
}

prop_compose! {
    fn any_account()(base in reach(), marks in vec((word(), time()), 0..3), dlt in option::of(dlt()),
                     tcr in option::of(tcr()), lists in (words(), words(), words()),
                     content in (countries(), any::<bool>()), reseller in reseller(),
                     values in (btree_map(word(), amount(), 0..4), btree_map(word(), select(Mode::ALL), 0..4), amount()),
                     usual in btree_map(word(), (amount(), amount()), 0..4),
                     gauges in (counts(), counts(), counts(), counts()),
                     holds in vec((option::of(word()), words(), words()), 0..3),
                     rest in (any::<bool>(), option::of(words()), option::of(word()), any::<bool>(), 0..i64::MAX)) -> Account {
        let [country_mph, queue_depth, open_sessions, sessions] = [gauges.0, gauges.1, gauges.2, gauges.3];
        Account {
            brand_authorizations: marks.into_iter().map(|(mark, to)| BrandAuthorization { mark, to }).collect(),
            dlt, tcr, authorizations: lists.0, licenses: lists.1, opt_outs: lists.2,
            content_permissions: ContentPermissions { gambling_countries: content.0, political: content.1 },
            reseller, limits: AccountLimits { sessions, values: values.0 }, modes: values.1, unbilled_usd: values.2,
            baseline_12h: usual.into_iter().map(|(country, (mean, sd))| (country, Baseline { mean, sd })).collect(),
            country_mph, queue_depth, open_sessions,
            legal_holds: holds.into_iter().map(|(id, scope, subjects)| LegalHold { id, scope, subjects }).collect(),
            dpa: Dpa { signed: rest.0, regions: rest.1 }, postal_address: rest.2, managed_unsubscribe: rest.3,
            ip_notices_365d: rest.4, ..base
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_account_survives_the_wire(account in any_account()) {
        let arrived = there_and_back(&account);
        // As JSON a difference can be read; accounts themselves do not show what they hold.
        prop_assert_eq!(serde_json::to_value(&arrived).unwrap(), serde_json::to_value(&account).unwrap());
        prop_assert!(arrived == account);
    }

    #[test]
    fn no_bytes_make_an_account_panic(bytes in vec(any::<u8>(), 0..400)) {
        if let Ok(message) = pb::Account::decode(&*bytes) {
            let _ = super::account(message);
        }
    }
}
