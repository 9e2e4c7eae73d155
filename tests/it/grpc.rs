//! Check over TCP: what an answer holds, and that it is what deciding in this process gives.

use std::path::Path;
use std::time::Duration;

use aupd::cases::Suite;
use aupd::decide::decide;
use aupd::domain::{AccountId, Decision, Request};
use aupd::serve::checker::subject;
use aupd::serve::convert;
use aupd::{demo, proto};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::server::{Server, names, stranger, text};
use crate::support::root;

#[tokio::test]
async fn an_allow_says_what_it_was_made_from() {
    let server = Server::start().await;
    let before = Timestamp::now();
    let answer = server.client().await.check(text("req-1")).await.expect("an answer").into_inner();

    let id: Uuid = answer.decision_id.parse().expect("the decision has an id");
    assert_eq!(id.get_version_num(), 7);
    let reason = answer.reason.clone().expect("there is a reason");
    assert_eq!(
        (answer.verdict(), reason.code(), &*reason.name),
        (proto::Verdict::Allow, proto::ReasonCode::Ok, "OK")
    );
    assert_eq!((answer.request_id.as_str(), answer.violations.len()), ("req-1", 0));
    let bundle = &server.handle.parts().policy.current().bundle;
    assert_eq!((&*answer.bundle_digest, &*answer.bundle_revision), (&*bundle.digest, &*bundle.revision));
    assert_eq!(answer.bundle_digest.len(), 64);
    assert!(answer.account_revision.is_some());
    let at = answer.evaluated_at.expect("it has a time");
    let at = Timestamp::new(at.seconds, at.nanos).expect("a time");
    assert!((before..=Timestamp::now()).contains(&at));
}

#[tokio::test]
async fn a_denial_is_an_answer_with_its_reason_clause_and_duties() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut request = text("req-1");
    let at = Timestamp::now() - jiff::SignedDuration::from_mins(1);
    request.at = Some(convert::timestamp(at));
    crate::server::sms(&mut request).to = "12125550123".to_owned();
    let answer = client.check(request).await.expect("an answer").into_inner();
    let reason = answer.reason.clone().expect("there is a reason");
    assert_eq!(answer.verdict(), proto::Verdict::Deny);
    assert_eq!(
        (reason.code(), &*reason.name),
        (proto::ReasonCode::InvalidDestination, "INVALID_DESTINATION")
    );
    assert_eq!((names(&answer.violations), reason.retryable), (vec!["INVALID_DESTINATION"], false));
    assert!(!reason.message.is_empty() && !reason.detail.is_empty());
    assert_eq!(answer.evaluated_at, Some(convert::timestamp(at)));

    let answer = client.check(stranger("acc_nobody")).await.expect("an answer").into_inner();
    assert_eq!(names(&answer.violations), ["ACCOUNT_NOT_FOUND"]);
    let reason = answer.reason.expect("there is a reason");
    assert_eq!((reason.code(), reason.clause), (proto::ReasonCode::AccountNotFound, 12));
    assert_eq!(answer.account_revision, None);
}

#[tokio::test]
async fn an_emergency_call_is_denied_with_its_clause_and_what_to_do_about_it() {
    let server = Server::start().await;
    let file =
        std::fs::read_to_string(root().join("demo/requests/emergency-call.json")).expect("the example");
    let request = crate::server::from_json(serde_json::from_str(&file).expect("JSON"));
    let answer = server.client().await.check(request).await.expect("an answer").into_inner();
    let reason = answer.reason.clone().expect("there is a reason");
    assert_eq!((answer.verdict(), reason.clause), (proto::Verdict::Deny, 15));
    let duties: Vec<&str> = answer.obligations.iter().map(|duty| duty.kind.as_str()).collect();
    assert!(duties.contains(&"PLAY_EMERGENCY_NOTICE"), "{duties:?}");
}

/// Cases that need nothing beside their request and the example accounts.
fn plain_cases() -> Vec<(String, Request)> {
    let suite = Suite::load(&[root().join("demo/cases")], None::<&Path>).expect("the cases are read");
    assert_eq!(suite.cases.len(), 298);
    let plain = suite
        .cases
        .into_iter()
        .filter(|case| case.history.is_empty() && case.account_patch.is_none() && case.lists.is_empty());
    plain
        .filter_map(|case| {
            let mut fields = case.request;
            fields.insert("action".into(), Value::from(case.action));
            fields.insert("account_id".into(), Value::from(case.account));
            Some((case.id, Request::from_json(Value::Object(fields)).ok()?))
        })
        .collect()
}

#[tokio::test]
async fn every_case_gets_over_the_wire_the_decision_that_it_gets_in_this_process() {
    // The cases lie in the future of whoever runs them, or in their past.
    let far = Duration::from_hours(24 * 366 * 50);
    let server = Server::with(|config| {
        config.serve.clock_ahead = far;
        config.serve.clock_back = far;
    })
    .await;
    let mut client = server.client().await;
    let policy = server.handle.parts().policy.current();
    let (mut sent, mut denied) = (0, 0);
    for (id, request) in plain_cases() {
        let account: &AccountId = request.subject();
        let lookup = demo::lookup(account).expect("the example accounts");
        let now = request.envelope.at.expect("a case has a time");
        let expected = decide(&policy, &request, subject(&lookup), now, Uuid::nil());
        let answer = client.check(convert::to_proto(&request)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{id}: {error}")).into_inner();
        assert_same(&id, &answer, &expected);
        sent += 1;
        denied += usize::from(answer.verdict() == proto::Verdict::Deny);
    }
    assert!(sent > 150 && (20..sent).contains(&denied), "{sent} sent, {denied} denied");
}

fn assert_same(id: &str, answer: &proto::CheckResponse, expected: &Decision) {
    let codes = |reasons: &[aupd::domain::Reason]| {
        let of = |r: &aupd::domain::Reason| {
            (r.code.to_string(), u32::from(r.clause), r.message.to_string(), r.retryable)
        };
        reasons.iter().map(of).collect::<Vec<_>>()
    };
    let wire = |reasons: &[proto::Reason]| {
        let of = |r: &proto::Reason| (r.name.clone(), r.clause, r.message.clone(), r.retryable);
        reasons.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(wire(&answer.violations), codes(&expected.violations), "{id}");
    assert_eq!(wire(&answer.monitored), codes(&expected.monitored), "{id}");
    assert_eq!(answer.verdict().as_str_name(), format!("VERDICT_{}", expected.verdict.as_str()), "{id}");
    assert_eq!(answer.reason.as_ref().map(|r| r.name.as_str()), Some(expected.primary()), "{id}");
    let duties = answer.obligations.iter().map(|duty| {
        let parameters = duty.parameters.iter().map(|(name, value)| (name.as_str().into(), value.clone()));
        aupd::domain::Obligation { kind: duty.kind.as_str().into(), parameters: parameters.collect() }
    });
    assert_eq!(duties.collect::<Vec<_>>(), expected.obligations, "{id}");
    assert_eq!(answer.evaluated_at, Some(convert::timestamp(expected.evaluated_at)), "{id}");
    assert_eq!(answer.retry_after, expected.retry_after.map(convert::duration), "{id}");
    assert_eq!(answer.bundle_digest, &*expected.bundle_digest, "{id}");
    assert_eq!(answer.account_revision.is_some(), expected.account_revision.is_some(), "{id}");
}
