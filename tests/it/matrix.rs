//! Every action, for every state of the account and of the key: a table that a change of the policy
//! shows as a diff.

use std::sync::Arc;

use aupd::bundle::{Bundle, Snapshot};
use aupd::decide::decide;
use aupd::domain::{Account, ActionKind, Request, ResolvedAccount};
use aupd::signals::Subject;
use serde_json::{Value, json};
use uuid::Uuid;

const KEYS: [(&str, &str); 5] = [
    ("active", "key_1"),
    ("revoked", "key_2"),
    ("out of scope", "key_3"),
    ("leaked", "key_leak"),
    ("unknown", "key_9"),
];

const STATES: [&str; 6] = ["TRIAL", "ACTIVE", "UNDER_REVIEW", "SUSPENDED", "CLOSED", "missing"];

/// A request of each kind that an account in good standing may make.
fn request(kind: ActionKind, key: &str) -> Request {
    let sms = json!({"from": {"type": "LONG_CODE", "value": "+14155550100"}, "to": "+12125550123", "body": "hello",
        "category": "SERVICE"});
    let file = json!([{"sha256": "a3".repeat(32), "mime": "image/jpeg", "size": 1000, "scan": "CLEAN"}]);
    let fields = match kind {
        ActionKind::SendSms => sms,
        ActionKind::SendMms => merged(&sms, &json!({ "media": file })),
        ActionKind::SendEmail => {
            json!({"from": {"value": "a@clinic.example.org"}, "to_email": "b@example.org",
            "subject": "hello", "text": "hello", "category": "SERVICE"})
        }
        ActionKind::PlaceCall => json!({"from": {"value": "+14155550100"}, "to": "+12125550123",
            "category": "CONVERSATIONAL"}),
        ActionKind::SendOtp => json!({"to": "+12125550123"}),
        ActionKind::StartCampaign => {
            json!({"name": "c", "countries": ["US"], "category": "SERVICE", "body": "hello"})
        }
        ActionKind::ReceiveMessage => json!({"to": "+14155550100", "body": "hello"}),
        ActionKind::ProvisionNumber => json!({"country": "US", "declared_use": ["VOICE_IN"]}),
        ActionKind::ConfigureNumber => json!({"number": "+14155550100", "declared_use": ["VOICE_IN"]}),
        ActionKind::RegisterSender => json!({"kind": "ALPHA", "value": "NORTHWIND", "countries": ["GB"]}),
        ActionKind::UploadMedia => json!({ "media": file }),
        ActionKind::CreateSubaccount => json!({"end_customer": "SELF", "product": "SMS", "territory": "US"}),
        ActionKind::Resell => json!({"product": "SMS", "territory": "US", "subtenant": {"kyc": "VERIFIED"}}),
        ActionKind::AlterRecord => json!({"record_type": "CDR", "operation": "DELETE",
            "record": {"created_at": "2020-01-01T00:00:00Z"}}),
        ActionKind::ApiOperation => json!({"operation": "LOOKUP"}),
        ActionKind::OpenSession => json!({"protocol": "SMPP"}),
    };
    let envelope = json!({"action": kind.as_str(), "account_id": "acc", "at": "2026-12-01T18:00:00Z",
        "actor": {"api_key_id": key, "role": "RECORDS_OFFICER"}});
    Request::from_json(merged(&envelope, &fields)).expect("the request is well formed")
}

fn merged(one: &Value, other: &Value) -> Value {
    let mut whole = one.clone();
    json_patch::merge(&mut whole, other);
    whole
}

fn account(status: &str) -> Option<ResolvedAccount> {
    let everything: Vec<&str> = ActionKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let key = |id: &str, status: &str, scopes: &[&str]| json!({"id": id, "status": status, "scopes": scopes});
    let account: Account = serde_json::from_value(json!({
        "id": "acc", "status": status, "country": "US", "legal_name": "Northwind", "aup_version": 3,
        "entitlements": everything, "kyc": {"level": "FULL", "status": "VERIFIED"},
        "verified_recipients": ["+12125550123", "b@example.org"],
        "numbers": [{"e164": "+14155550100", "type": "LONG_CODE", "use": ["A2P", "BULK"]}],
        "tcr": {"campaigns": [{"id": "C1", "status": "ACTIVE", "use_case": "MIXED", "numbers": ["+14155550100"]}]},
        "email_domains": [{"domain": "clinic.example.org", "spf": true, "dkim": true, "dmarc": true}],
        "reseller": {"approved": true, "products": ["SMS"], "territories": ["US"], "max_subaccounts": 5},
        "api_keys": [key("key_1", "ACTIVE", &[]), key("key_2", "REVOKED", &[]),
            key("key_3", "ACTIVE", &["OPEN_SESSION"])],
    }))
    .ok()?;
    Some(ResolvedAccount::new(Arc::new(account), 1, &[]))
}

#[test]
fn the_table_is_as_checked_in() {
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let mut lists = (*policy.lists).clone();
    let leaked =
        lists.get("leaked_keys").expect("the list is declared").extended([("key_leak".into(), Value::Null)]);
    lists.insert(leaked);
    let policy = policy.with_lists(Arc::new(lists));
    let mut table = String::new();
    for kind in ActionKind::ALL {
        table += &format!("{kind}\n");
        for status in STATES {
            let account = account(status);
            let subject = account.as_ref().map_or(Subject::Missing, Subject::Known);
            for (name, key) in KEYS {
                let request = request(*kind, key);
                let now = request.envelope.at.expect("the request has a time");
                let decision = decide(&policy, &request, subject, now, Uuid::nil());
                let codes: Vec<&str> = decision.violations.iter().map(|reason| &*reason.code).collect();
                let codes = if codes.is_empty() { "OK".to_owned() } else { codes.join(" ") };
                table += &format!("  {status:<13}{name:<13}{codes}\n");
            }
        }
    }
    expect_test::expect_file!["testdata/matrix.txt"].assert_eq(&table);
}
