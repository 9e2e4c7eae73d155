//! Requests that are malformed: which field, said how, and never with its value.

use aupd::proto;
use aupd::serve::convert;
use jiff::{SignedDuration, Timestamp};
use proto::check_request::Action;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::server::{Server, WithId as _, sms, text};

const SECRET: &str = "s3cret value";

/// What the details of a status say: the reason and the paths of the fields.
pub(crate) fn details(status: &Status) -> (String, Vec<String>) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "aup.v1");
    let bad = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    (info.reason.clone(), bad.into_iter().map(|violation| violation.field).collect())
}

fn changed(change: impl FnOnce(&mut proto::CheckRequest)) -> proto::CheckRequest {
    let mut request = text("req-1");
    change(&mut request);
    request
}

fn malformed() -> Vec<(&'static str, proto::CheckRequest)> {
    let at = |away: SignedDuration| Some(convert::timestamp(Timestamp::now() + away));
    vec![
        ("account_id", changed(|r| r.account_id.clear())),
        ("account_id", changed(|r| r.account_id = SECRET.into())),
        ("account_id", changed(|r| r.account_id = "a".repeat(1000))),
        ("request_id", changed(|r| r.request_id = format!("{SECRET}\n"))),
        ("subaccount_id", changed(|r| r.subaccount_id = SECRET.into())),
        ("nonce", changed(|r| r.nonce = SECRET.into())),
        ("caller_service", changed(|r| r.caller_service = SECRET.into())),
        ("action", changed(|r| r.action = None)),
        ("brand", changed(|r| r.brand = SECRET.repeat(100))),
        ("trace", changed(|r| r.trace = SECRET.repeat(100))),
        ("price_usd", changed(|r| r.price_usd = Some(0.123_456_789))),
        ("price_usd", changed(|r| r.price_usd = Some(f64::NAN))),
        ("max_price_usd", changed(|r| r.max_price_usd = Some(-1.0))),
        ("at", changed(|r| r.at = at(SignedDuration::from_mins(6)))),
        ("at", changed(|r| r.at = at(SignedDuration::from_hours(-25)))),
        ("at", changed(|r| r.at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }))),
        ("send_sms.category", changed(|r| sms(r).category = 99)),
        ("send_sms.category", changed(|r| sms(r).category = 0)),
        ("send_sms.from.type", changed(|r| sms(r).from.as_mut().expect("a sender").r#type = -1)),
        ("send_sms.from", changed(|r| sms(r).from = None)),
        ("send_sms.to", changed(|r| sms(r).to = "1".repeat(65))),
        ("send_sms.body", changed(|r| sms(r).body = SECRET.repeat(6000))),
        ("actor.ip", changed(|r| r.actor.as_mut().expect("an actor").ip = SECRET.into())),
        ("freshness.fully_fresh", changed(|r| r.freshness = Some(fully_fresh(false)))),
    ]
}

fn fully_fresh(wanted: bool) -> proto::Freshness {
    proto::Freshness { requirement: Some(proto::freshness::Requirement::FullyFresh(wanted)) }
}

#[tokio::test]
async fn every_malformed_field_is_refused_by_name() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (field, request) in malformed() {
        let error = client.check(request).await.expect_err(field);
        assert_eq!(error.code(), Code::InvalidArgument, "{field}: {error}");
        assert_eq!(details(&error), ("INVALID_FIELDS".to_owned(), vec![field.to_owned()]));
        assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
        let sentences = error.get_details_bad_request().expect("fields").field_violations;
        assert!(sentences.iter().all(|v| !v.description.is_empty() && !v.description.contains(SECRET)));
    }
}

#[tokio::test]
async fn all_malformed_fields_are_named_at_once() {
    let server = Server::start().await;
    let request = changed(|r| {
        r.account_id.clear();
        r.request_id = SECRET.into();
        sms(r).category = 99;
    });
    let error = server.client().await.check(request).await.expect_err("it is malformed");
    assert_eq!(details(&error).1, ["request_id", "account_id", "send_sms.category"]);
}

#[tokio::test]
async fn time_is_bounded_as_configured_and_not_otherwise() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for away in [SignedDuration::from_mins(4), SignedDuration::from_hours(-23)] {
        let request = changed(|r| r.at = Some(convert::timestamp(Timestamp::now() + away)));
        client.check(request.with_id("")).await.expect("it is within the bounds");
    }
}

#[tokio::test]
async fn what_is_no_good_is_denied_and_not_malformed() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut injected = text("");
    sms(&mut injected).from.as_mut().expect("a sender").value = "Bank\r\nBcc: all".to_owned();
    let mut nonsense = text("");
    sms(&mut nonsense).to = "not a number".to_owned();
    for (request, code) in [(injected, "HEADER_INJECTION"), (nonsense, "INVALID_DESTINATION")] {
        let answer = client.check(request).await.expect("an answer").into_inner();
        assert!(answer.violations.iter().any(|reason| reason.name == code), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_honoured_yet_is_refused_and_not_ignored() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let error = client.check(changed(|r| r.freshness = Some(fully_fresh(true)))).await.expect_err("not yet");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::Unimplemented, "NOT_IMPLEMENTED_YET"));
    let batch = proto::CheckBatchRequest { items: vec![text("a")], freshness: Some(fully_fresh(true)) };
    let error = client.check_batch(batch).await.expect_err("not yet");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::Unimplemented, "NOT_IMPLEMENTED_YET"));
}

#[tokio::test]
async fn explain_refuses_what_check_refuses() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let error = client.explain(proto::ExplainRequest { check: None }).await.expect_err("it is empty");
    assert_eq!(details(&error), ("INVALID_FIELDS".to_owned(), vec!["check".to_owned()]));
    let empty = changed(|r| r.action = Some(Action::ConfigureNumber(proto::ConfigureNumber::default())));
    let error = client.explain(proto::ExplainRequest { check: Some(empty) }).await.expect_err("no number");
    assert!(details(&error).1.contains(&"configure_number.number".to_owned()), "{error:?}");
}
