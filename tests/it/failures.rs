//! What failed is never answered as if the rule were not written.

use std::sync::Arc;

use aupd::bundle::{Bundle, Files, Snapshot};
use aupd::decide::decide;
use aupd::domain::{Account, Decision, Request, ResolvedAccount, Verdict};
use aupd::signals::{Cause, Subject};
use serde_json::{Value, json};
use uuid::Uuid;

fn policy(more: &str) -> Snapshot {
    let mut files = Files::embedded();
    files.0.insert("clauses/99-more.cedar".into(), more.into());
    let bundle = Bundle::load(&files);
    let problems = bundle.as_ref().err().cloned().unwrap_or_default();
    assert!(problems.is_empty(), "{problems:?}");
    Snapshot::new(Arc::new(bundle.expect("the bundle loads")))
}

fn request(more: &Value) -> Request {
    let mut request = json!({"action": "SEND_SMS", "account_id": "acc_us_clinic", "body": "hello", "category": "SERVICE",
        "from": {"type": "LONG_CODE", "value": "+14155550100"}, "to": "+12125550123", "at": "2026-12-01T18:00:00Z"});
    json_patch::merge(&mut request, more);
    Request::from_json(request).expect("the request is well formed")
}

fn account(patch: &Value) -> ResolvedAccount {
    let accounts: Value = serde_json::from_str(include_str!("../../demo/cases/accounts.json")).expect("JSON");
    let mut json = accounts.get("acc_us_clinic").expect("the account is there").clone();
    json_patch::merge(&mut json, patch);
    let account: Account = serde_json::from_value(json).expect("the account is well formed");
    ResolvedAccount::new(Arc::new(account), 7, &[])
}

fn decided(policy: &Snapshot, request: &Request, subject: Subject<'_>) -> Decision {
    decide(policy, request, subject, request.envelope.at.expect("it has a time"), Uuid::nil())
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.violations.iter().map(|reason| &*reason.code).collect()
}

/// Overflows for any price above three thousand dollars or so.
const OVERFLOWS: &str =
    "context.money.price * context.money.price * context.money.price > principal.limits.exposure_usd";

#[test]
fn a_rule_that_fails_denies_and_is_named() {
    let rule = format!(
        "@id(\"cubed\") @reason(\"PRICE_CAP_EXCEEDED\") forbid (principal, action, resource) when {{ {OVERFLOWS} }};"
    );
    let policy = policy(&rule);
    let (cheap, dear) = (request(&json!({"price_usd": 0.01})), request(&json!({"price_usd": 9_000_000})));
    let account = account(&json!({}));
    assert_eq!(codes(&decided(&policy, &cheap, Subject::Known(&account))), Vec::<&str>::new());
    let decision = decided(&policy, &dear, Subject::Known(&account));
    assert_eq!(codes(&decision), ["SYSTEM_RULE_ERROR"]);
    assert!(
        decision.violations.iter().all(|reason| reason.retryable && reason.detail.contains("(rule cubed)"))
    );
    assert!(decision.retry_after.is_some());
}

#[test]
fn what_the_base_permit_does_not_allow_is_denied() {
    let mut files = Files::embedded();
    let base = files.0.get_mut("clauses/00-base.cedar").expect("the frame is there");
    *base = base.replacen(
        "permit (principal, action, resource);",
        "permit (principal, action == Action::\"SEND_OTP\", resource);",
        1,
    );
    let policy = Snapshot::new(Arc::new(Bundle::load(&files).expect("the bundle loads")));
    let decision = decided(&policy, &request(&json!({})), Subject::Known(&account(&json!({}))));
    assert_eq!(codes(&decision), ["SYSTEM_RULE_ERROR"]);
}

/// Whoever may switch a rule on has it in force where it fails, too.
#[test]
fn a_rule_fails_in_the_mode_that_the_account_has_it_in() {
    for (bundle, own, expected) in [
        ("off", None, &[][..]),
        ("off", Some("ENFORCE"), &["SYSTEM_RULE_ERROR"][..]),
        ("enforce", Some("OFF"), &[][..]),
        ("enforce", Some("MONITOR"), &["SYSTEM_RULE_ERROR"][..]),
        ("monitor", None, &["SYSTEM_RULE_ERROR"][..]),
    ] {
        let rule = format!(
            "@id(\"cubed\") @reason(\"PRICE_CAP_EXCEEDED\") @mode(\"{bundle}\") \
             forbid (principal, action, resource) when {{ {OVERFLOWS} }};"
        );
        let modes = own.map_or(json!({}), |mode| json!({"modes": {"PRICE_CAP_EXCEEDED": mode}}));
        let account = account(&modes);
        let dear = request(&json!({"price_usd": 9_000_000}));
        let decision = decided(&policy(&rule), &dear, Subject::Known(&account));
        assert_eq!(codes(&decision), expected, "{bundle} {own:?}");
        assert_eq!(decision.verdict == Verdict::Allow, expected.is_empty(), "{bundle} {own:?}");
    }
}

#[test]
fn a_duty_that_fails_denies() {
    let rule = format!(
        "@id(\"cubed\") @obligation(\"REDACT_LOGS\") permit (principal, action, resource) when {{ {OVERFLOWS} }};"
    );
    let account = account(&json!({}));
    let decision =
        decided(&policy(&rule), &request(&json!({"price_usd": 9_000_000})), Subject::Known(&account));
    assert_eq!(codes(&decision), ["SYSTEM_RULE_ERROR"]);
    assert_eq!(decision.verdict, Verdict::Deny);
}

#[test]
fn an_account_that_cannot_be_had_is_not_one_that_does_not_exist() {
    let policy = policy("");
    for (cause, code) in [
        (Cause::AccountUnavailable, "SYSTEM_ACCOUNT_UNAVAILABLE"),
        (Cause::AccountStale, "SYSTEM_ACCOUNT_STALE"),
    ] {
        let decision = decided(&policy, &request(&json!({})), Subject::Unknown(cause));
        assert_eq!(codes(&decision), [code]);
        assert_eq!(decision.account_revision, None);
    }
    let decision = decided(&policy, &request(&json!({})), Subject::Missing);
    assert_eq!(codes(&decision), ["ACCOUNT_NOT_FOUND"]);
}

#[test]
fn an_emergency_is_answered_without_the_account() {
    let call = request(&json!({"to": null, "dialed": "911"}));
    let decision = decided(&policy(""), &call, Subject::Unknown(Cause::AccountUnavailable));
    assert_eq!(codes(&decision), ["EMERGENCY_SMS_UNSUPPORTED", "SYSTEM_ACCOUNT_UNAVAILABLE"]);
    assert_eq!(decision.retry_after, None);
    let kinds: Vec<&str> = decision.obligations.iter().map(|obligation| &*obligation.kind).collect();
    assert_eq!(kinds, ["SEND_EMERGENCY_BOUNCEBACK"]);
}

#[test]
fn a_monitored_rule_reports_and_denies_nothing() {
    let rule = "@id(\"watched\") @reason(\"PRICE_CAP_EXCEEDED\") @mode(\"monitor\") forbid (principal, action, resource) when { principal.entitled };";
    let (account, request) = (account(&json!({})), request(&json!({})));
    let decision = decided(&policy(rule), &request, Subject::Known(&account));
    assert_eq!(decision.verdict, Verdict::Allow);
    let monitored: Vec<&str> = decision.monitored.iter().map(|reason| &*reason.code).collect();
    assert_eq!(monitored, ["PRICE_CAP_EXCEEDED"]);
}

#[test]
fn a_limit_that_an_account_may_not_have_fails_closed() {
    let (account, request) = (account(&json!({"limits": {"aup_version": 1}})), request(&json!({})));
    assert_eq!(codes(&decided(&policy(""), &request, Subject::Known(&account))), ["SYSTEM_RULE_ERROR"]);
}

#[test]
fn no_account_can_have_a_suspension_switched_off() {
    let account = account(&json!({"status": "SUSPENDED", "modes": {"ACCOUNT_SUSPENDED": "OFF"}}));
    assert_eq!(
        codes(&decided(&policy(""), &request(&json!({})), Subject::Known(&account))),
        ["ACCOUNT_SUSPENDED"]
    );
}
