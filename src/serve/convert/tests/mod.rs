mod accounts;
mod answers;
mod malformed;
mod requests;

use jiff::Timestamp;

use super::*;
use crate::domain::{FieldViolation, Request};
use crate::proto as pb;
use crate::serve::status::Refusal;
use pb::check_request::Action as Wire;

fn now() -> Timestamp {
    "2026-12-01T18:00:00Z".parse().unwrap()
}

/// A request with nothing wrong: one text.
fn good() -> pb::CheckRequest {
    pb::CheckRequest {
        request_id: "req_1".into(),
        account_id: "acc_1".into(),
        action: Some(Wire::SendSms(sms())),
        ..pb::CheckRequest::default()
    }
}

fn sms() -> pb::SendSms {
    pb::SendSms {
        from: Some(pb::Sender {
            r#type: pb::SenderKind::LongCode.into(),
            value: "+14155550100".into(),
            display_name: String::new(),
        }),
        to: "+12125550123".into(),
        body: "hello".into(),
        category: pb::Category::Service.into(),
        ..pb::SendSms::default()
    }
}

fn converted(message: pb::CheckRequest) -> Result<Request, Refusal> {
    request(message, now(), &ClockBounds::default())
}

fn violations<T>(result: Result<T, Refusal>) -> Vec<FieldViolation> {
    match result.map(|_| ()) {
        Err(Refusal::InvalidFields(violations)) => violations,
        other => panic!("not refused for its fields: {other:?}"),
    }
}

fn fields<T>(result: Result<T, Refusal>) -> Vec<String> {
    violations(result).into_iter().map(|violation| violation.field).collect()
}
