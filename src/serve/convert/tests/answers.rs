//! Decisions on their way out.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::domain::{AccountId, ActionKind, Decision, Obligation, Reason, RequestId, Verdict};

fn denial() -> Decision {
    let reason = |code: &str, clause| Reason {
        code: code.into(),
        clause,
        message: "for customers".into(),
        detail: "for operators".into(),
        retryable: true,
        rules: vec!["11-spam.3".into()],
    };
    Decision {
        decision_id: "0198c0de-0000-7000-8000-000000000001".parse().unwrap(),
        request_id: RequestId::parse("req_1").ok(),
        account_id: AccountId::parse("acc_1").unwrap(),
        action: ActionKind::SendSms,
        verdict: Verdict::Deny,
        violations: vec![reason("QUIET_HOURS", 11), reason("OF_THE_FUTURE", 3)],
        monitored: vec![reason("CPS_EXCEEDED", 18)],
        obligations: vec![Obligation {
            kind: "DELAY_UNTIL".into(),
            parameters: [("until".into(), "2026-12-02T13:00:00Z".to_owned())].into(),
        }],
        retry_after: Some(Duration::from_millis(1_500)),
        bundle_revision: "embedded".into(),
        bundle_digest: "d1".into(),
        account_revision: Some(7),
        evaluated_at: now(),
        dry_run: false,
    }
}

#[test]
fn a_denial_says_everything() {
    let answer = response(&denial());
    assert_eq!(
        response_json(&answer),
        json!({
            "decision_id": "0198c0de-0000-7000-8000-000000000001",
            "request_id": "req_1",
            "verdict": "DENY",
            "reason": reason_json("QUIET_HOURS", 11),
            "violations": [reason_json("QUIET_HOURS", 11), reason_json("OF_THE_FUTURE", 3)],
            "monitored": [reason_json("CPS_EXCEEDED", 18)],
            "obligations": [{"kind": "DELAY_UNTIL", "parameters": {"until": "2026-12-02T13:00:00Z"}}],
            "retry_after": "1.500s",
            "bundle_revision": "embedded",
            "bundle_digest": "d1",
            "account_revision": 7,
            "evaluated_at": "2026-12-01T18:00:00Z",
        })
    );
    let codes: Vec<_> = answer.violations.iter().map(pb::Reason::code).collect();
    assert_eq!(codes, [pb::ReasonCode::QuietHours, pb::ReasonCode::Unspecified]);
}

fn reason_json(code: &str, clause: u8) -> serde_json::Value {
    json!({
        "code": code, "clause": clause, "message": "for customers", "detail": "for operators", "retryable": true,
    })
}

#[test]
fn an_allow_is_ok_and_nothing_else() {
    let allow = Decision { verdict: Verdict::Allow, violations: Vec::new(), retry_after: None, ..denial() };
    let answer = response(&allow);
    assert_eq!(answer.verdict(), pb::Verdict::Allow);
    let reason = answer.reason.unwrap();
    assert_eq!((reason.code(), &*reason.name, reason.clause), (pb::ReasonCode::Ok, "OK", 0));
    assert!(answer.violations.is_empty() && answer.retry_after.is_none());
}

#[test]
fn a_wait_that_does_not_fit_is_the_longest_that_does() {
    assert_eq!(
        duration(Duration::from_millis(1_500)),
        prost_types::Duration { seconds: 1, nanos: 500_000_000 }
    );
    assert_eq!(duration(Duration::MAX).seconds, i64::MAX);
}

/// Through the program itself: what is read and asked arrives with its outcome.
#[test]
fn an_explanation_says_what_was_read_and_asked() {
    use crate::bundle::{Bundle, Snapshot};
    use crate::signals::Subject;
    let policy = Snapshot::new(std::sync::Arc::new(Bundle::embedded().unwrap()));
    let asked = converted(good()).unwrap();
    let id = denial().decision_id;
    let explained = crate::explain::explain(&policy, &asked, Subject::Missing, now(), id);
    let answer = explanation(&explained);
    let decision = answer.decision.as_ref().unwrap();
    assert_eq!(decision.reason.as_ref().unwrap().code(), pb::ReasonCode::AccountNotFound);
    assert_eq!(answer.rules.len(), explained.rules.len());
    assert_eq!(answer.signals.len(), explained.signals.len());
    let matched: Vec<&str> = answer
        .rules
        .iter()
        .filter(|rule| rule.outcome() == pb::RuleOutcome::Matched)
        .map(|rule| &*rule.reason)
        .collect();
    assert!(matched.contains(&"ACCOUNT_NOT_FOUND"), "{matched:?}");
    let json = explanation_json(&answer);
    assert_eq!(json["decision"]["verdict"], "DENY");
    assert!(json["rules"].as_array().unwrap().iter().any(|rule| rule["outcome"] == "MATCHED"));
}
