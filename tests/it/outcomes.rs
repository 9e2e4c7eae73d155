//! Outcomes as callers report them, and what later decisions make of them.

use aupd::proto;
use proto::outcome::Event;
use serde_json::json;

use crate::server::{Client, Server, WithId as _, from_json, names, page};
use crate::traffic::text_to;

const CLINIC: &str = "acc_us_clinic";
const RECIPIENT: &str = "+12125550150";

fn outcome(request_id: &str, event: Event) -> proto::Outcome {
    proto::Outcome {
        account_id: CLINIC.to_owned(),
        request_id: request_id.to_owned(),
        event: Some(event),
        ..Default::default()
    }
}

fn message(status: proto::MessageStatus) -> Event {
    Event::Message(proto::MessageOutcome { status: status.into(), carrier_code: String::new() })
}

fn code(status: proto::OtpStatus) -> Event {
    Event::Otp(proto::OtpOutcome { status: status.into() })
}

fn opt(kind: proto::OptKind, sender: &str) -> Event {
    let (recipient, sender) = (RECIPIENT.to_owned(), sender.to_owned());
    Event::OptChange(proto::OptChange { kind: kind.into(), recipient, keyword: "STOP".to_owned(), sender })
}

async fn report(client: &mut Client, outcomes: Vec<proto::Outcome>) -> proto::ReportOutcomesResponse {
    let request = proto::ReportOutcomesRequest { outcomes };
    client.report_outcomes(request).await.expect("an answer").into_inner()
}

/// Reports one that must be taken.
async fn taken(client: &mut Client, outcome: proto::Outcome) {
    let answer = report(client, vec![outcome]).await;
    assert_eq!((answer.accepted, answer.rejected), (1, Vec::new()));
}

async fn check(client: &mut Client, request: proto::CheckRequest) -> proto::CheckResponse {
    client.check(request).await.expect("an answer").into_inner()
}

async fn denied_for(client: &mut Client, request: proto::CheckRequest) -> Vec<String> {
    let answer = check(client, request).await;
    names(&answer.violations).into_iter().map(str::to_owned).collect()
}

fn otp() -> proto::CheckRequest {
    from_json(json!({
        "action": "SEND_OTP",
        "account_id": CLINIC,
        "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"},
        "to": RECIPIENT,
        "channel": "SMS",
        "end_user": {"ip": "198.51.100.7"},
    }))
}

#[tokio::test]
async fn what_failed_or_was_cancelled_is_given_back() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for nth in 0..20 {
        assert_eq!(denied_for(&mut client, text_to(RECIPIENT).with_id(&format!("r{nth}"))).await, [""; 0]);
    }
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT)).await, ["MESSAGE_FLOOD_DESTINATION"]);
    taken(&mut client, outcome("r0", message(proto::MessageStatus::Failed))).await;
    taken(&mut client, outcome("r0", Event::Cancelled(proto::Cancelled {}))).await;
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT)).await, [""; 0], "one is given back, once");
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT)).await, ["MESSAGE_FLOOD_DESTINATION"]);
    taken(&mut client, outcome("r0", message(proto::MessageStatus::Delivered))).await;
    taken(&mut client, outcome("r1", message(proto::MessageStatus::Failed))).await;
    assert_eq!(
        denied_for(&mut client, text_to(RECIPIENT)).await,
        ["MESSAGE_FLOOD_DESTINATION"],
        "what arrived was sent, whatever was said before"
    );
}

#[tokio::test]
async fn an_attempt_is_named_by_its_decision_too() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for id in ["", "named"] {
        let decision = check(&mut client, otp().with_id(id)).await;
        assert_eq!(decision.verdict(), proto::Verdict::Allow);
        let verified = outcome("", code(proto::OtpStatus::Verified));
        let by_decision = proto::Outcome { decision_id: decision.decision_id, ..verified };
        taken(&mut client, by_decision.clone()).await;
        taken(&mut client, by_decision).await;
    }
}

#[tokio::test]
async fn a_code_that_was_typed_in_lifts_the_limit_on_resending() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for nth in 0..5 {
        assert_eq!(denied_for(&mut client, otp().with_id(&format!("c{nth}"))).await, [""; 0]);
    }
    assert_eq!(denied_for(&mut client, otp()).await, ["OTP_RESEND_LIMIT"]);
    taken(&mut client, outcome("c4", code(proto::OtpStatus::Unverified))).await;
    assert_eq!(denied_for(&mut client, otp()).await, ["OTP_RESEND_LIMIT"]);
    taken(&mut client, outcome("c4", code(proto::OtpStatus::Verified))).await;
    assert_eq!(denied_for(&mut client, otp()).await, [""; 0]);
}

#[tokio::test]
async fn an_opt_out_holds_at_once_and_after_a_restart() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let database = directory.path().join("aupd.db");
    let server = Server::with(|config| config.store.path.clone_from(&database)).await;
    let mut client = server.client().await;
    let request = || text_to(RECIPIENT);
    assert_eq!(denied_for(&mut client, request()).await, [""; 0]);
    taken(&mut client, outcome("", opt(proto::OptKind::Out, ""))).await;
    assert_eq!(denied_for(&mut client, request()).await, ["RECIPIENT_OPTED_OUT"]);
    server.handle.stop().await;

    let server = Server::with(|config| config.store.path.clone_from(&database)).await;
    let mut client = server.client().await;
    assert_eq!(denied_for(&mut client, request()).await, ["RECIPIENT_OPTED_OUT"]);
    let early = proto::Outcome {
        at: Some(prost_types::Timestamp::from(
            std::time::SystemTime::now() - std::time::Duration::from_hours(1),
        )),
        ..outcome("", opt(proto::OptKind::In, ""))
    };
    taken(&mut client, early).await;
    assert_eq!(denied_for(&mut client, request()).await, ["RECIPIENT_OPTED_OUT"], "it came before");
    taken(&mut client, outcome("", opt(proto::OptKind::In, ""))).await;
    assert_eq!(denied_for(&mut client, request()).await, [""; 0]);
    taken(&mut client, outcome("", opt(proto::OptKind::Out, "+14155550199"))).await;
    assert_eq!(denied_for(&mut client, request()).await, [""; 0], "of another sender");
    taken(&mut client, outcome("", opt(proto::OptKind::Out, "+14155550100"))).await;
    assert_eq!(denied_for(&mut client, request()).await, ["RECIPIENT_OPTED_OUT"]);
}

#[tokio::test]
async fn each_is_refused_by_itself_with_its_reason() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT).with_id("known")).await, [""; 0]);
    let now = std::time::SystemTime::now();
    let at = |time: std::time::SystemTime| Some(prost_types::Timestamp::from(time));
    let day = std::time::Duration::from_hours(24);
    let delivered = || message(proto::MessageStatus::Delivered);
    let call = |duration_s| {
        let status = proto::CallStatus::Answered.into();
        Event::Call(proto::CallOutcome { status, ring_s: None, duration_s, cost_usd: None })
    };
    let complaint = Event::Complaint(proto::Complaint::default());
    let scan = Event::ScanVerdict(proto::ScanVerdict::default());
    let unknown =
        proto::Outcome { account_id: "acc_nobody".to_owned(), ..outcome("", opt(proto::OptKind::Out, "")) };
    let future = proto::Outcome { at: at(now + day), ..outcome("known", delivered()) };
    let past = proto::Outcome { at: at(now - 41 * day), ..outcome("known", delivered()) };
    let table = [
        (outcome("known", delivered()), None),
        (outcome("nobodys", delivered()), Some(("NOT_FOUND", ""))),
        (outcome("", delivered()), Some(("INVALID_FIELDS", "request_id"))),
        (future, Some(("INVALID_FIELDS", "at"))),
        (past, Some(("INVALID_FIELDS", "at"))),
        (outcome("known", call(Some(-1.0))), Some(("INVALID_FIELDS", "call.duration_s"))),
        (outcome("known", call(None)), Some(("FAILED_PRECONDITION", ""))),
        (
            outcome("known", message(proto::MessageStatus::Unspecified)),
            Some(("INVALID_FIELDS", "message.status")),
        ),
        (outcome("", complaint), Some(("INVALID_FIELDS", "complaint.source"))),
        (outcome("", scan), Some(("NOT_IMPLEMENTED_YET", ""))),
        (unknown, Some(("NOT_FOUND", ""))),
        (outcome("known", delivered()), None),
        (proto::Outcome { event: None, ..outcome("known", delivered()) }, Some(("INVALID_FIELDS", "event"))),
    ];
    let (outcomes, expected): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let answer = report(&mut client, outcomes).await;
    assert_eq!(answer.accepted, 2);
    let mut refused = answer.rejected.into_iter();
    for (index, expected) in (0..).zip(expected) {
        let Some((reason, field)) = expected else { continue };
        let rejected = refused.next().expect("it is refused");
        let error = rejected.error.expect("an error");
        let name = error.reason().as_str_name().trim_start_matches("ERROR_REASON_").to_owned();
        let fields: Vec<_> =
            error.field_violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!((rejected.index, name.as_str()), (index, reason));
        assert_eq!(fields, if field.is_empty() { vec![] } else { vec![field] }, "{index}");
    }
    assert_eq!(refused.next(), None);

    let metrics = page(server.handle.metrics.expect("metrics are on"), "/metrics").await;
    for line in [
        r#"aupd_outcomes_total{event="MESSAGE",result="TAKEN"} 1"#,
        r#"aupd_outcomes_total{event="MESSAGE",result="REPEATED"} 1"#,
        r#"aupd_outcomes_total{event="MESSAGE",result="UNKNOWN"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}");
    }
}

#[tokio::test]
async fn failed_sign_ins_count_once_each() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let failure = |id: &str| {
        let actor = proto::Actor { ip: "203.0.113.99".to_owned(), ..Default::default() };
        let kind = proto::AccessKind::AuthFailure.into();
        let access = proto::AccessEvent { kind, actor: Some(actor), ..Default::default() };
        proto::Outcome { outcome_id: id.to_owned(), ..outcome("", Event::Access(access)) }
    };
    for _ in 0..20 {
        taken(&mut client, failure("the-same")).await;
    }
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT)).await, [""; 0]);
    let others = (0..10).map(|nth| failure(&format!("f{nth}"))).collect();
    assert_eq!(report(&mut client, others).await.accepted, 10);
    assert_eq!(denied_for(&mut client, text_to(RECIPIENT)).await, ["AUTH_BRUTE_FORCE"]);
}

#[tokio::test]
async fn an_account_that_reports_nothing_is_told_to_where_it_matters() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(10);
    let duties = |answer: &proto::CheckResponse| -> Vec<String> {
        answer.obligations.iter().map(|duty| duty.kind.clone()).collect()
    };
    let to = |nth: i64, at: Option<jiff::Timestamp>| {
        let mut request = otp().with_id(&format!("q{nth}"));
        // All over the range: no run of numbers.
        let number = format!("+1212555{:04}", 100 + (nth * 37) % 61);
        if let Some(proto::check_request::Action::SendOtp(otp)) = &mut request.action {
            otp.to = number;
            otp.end_user = None;
        }
        request.at = at.map(aupd::serve::convert::timestamp);
        request
    };
    for nth in 0..30 {
        let answer = check(&mut client, to(nth, Some(long_ago - jiff::SignedDuration::from_mins(nth)))).await;
        assert_eq!(names(&answer.violations), [""; 0], "{nth}");
        assert_eq!(duties(&answer), ["REDACT_LOGS"], "{nth}");
    }
    let answer = check(&mut client, to(30, None)).await;
    assert_eq!(names(&answer.violations), [""; 0]);
    assert_eq!(duties(&answer), ["REDACT_LOGS", "REPORT_OUTCOMES"]);
    taken(&mut client, outcome("q0", code(proto::OtpStatus::Unverified))).await;
    let answer = check(&mut client, to(31, None)).await;
    assert_eq!(names(&answer.violations), ["AIT_CONVERSION_LOW"]);
}

#[tokio::test]
async fn calls_are_concurrent_until_their_end_is_reported() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let accounts = server.handle.parts().accounts.clone();
    let id = aupd::domain::AccountId::parse(CLINIC).expect("an id");
    let stored = accounts.store().account(&id).await.expect("the store answers").expect("it is there");
    let mut account = (*stored.account).clone();
    for (limit, value) in [("concurrent_calls", 3), ("cps", 100)] {
        let value = aupd::domain::Fixed::from_whole(value).expect("a number");
        account.limits.values.insert(limit.into(), value);
    }
    accounts.put(account).await.expect("written");
    let call = |nth: usize| {
        from_json(json!({
            "action": "PLACE_CALL",
            "account_id": CLINIC,
            "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"},
            "from": {"type": "LONG_CODE", "value": "+14155550100"},
            "to": format!("+1212555{:04}", 100 + nth),
            "category": "CONVERSATIONAL",
        }))
        .with_id(&format!("v{nth}"))
    };
    let answered = |duration_s| {
        let status = proto::CallStatus::Answered.into();
        Event::Call(proto::CallOutcome { status, ring_s: Some(5.0), duration_s, cost_usd: None })
    };
    for nth in 0..4 {
        assert_eq!(denied_for(&mut client, call(nth)).await, [""; 0], "nothing was ever reported");
    }
    taken(&mut client, outcome("v0", answered(None))).await;
    assert_eq!(denied_for(&mut client, call(4)).await, ["CONCURRENCY_EXCEEDED"]);
    taken(&mut client, outcome("v0", answered(Some(60.0)))).await;
    let ended = proto::Ended { kind: proto::EndedKind::Call.into(), ..Default::default() };
    taken(&mut client, outcome("v1", Event::Ended(ended))).await;
    assert_eq!(denied_for(&mut client, call(5)).await, [""; 0]);
    assert_eq!(denied_for(&mut client, call(6)).await, ["CONCURRENCY_EXCEEDED"]);
}
