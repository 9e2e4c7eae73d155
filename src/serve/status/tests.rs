use std::time::Duration;

use tonic::Code;

use super::*;
use crate::store::StoreError;

fn every() -> Vec<Refusal> {
    vec![
        Refusal::InvalidFields(vec![FieldViolation::new("send_sms.to", "is required")]),
        Refusal::TooManyItems { given: 1001, limit: 1000 },
        Refusal::MessageTooLarge,
        Refusal::NotImplemented("`freshness`"),
        Refusal::Unauthenticated,
        Refusal::PermissionDenied,
        Refusal::NotFound("account"),
        Refusal::Conflict("account"),
        Refusal::FailedPrecondition("the store is read-only".into()),
        Refusal::InvalidBundle { problems: 3 },
        Refusal::Overloaded,
        Refusal::StoreUnavailable(StoreError::unavailable("no such host db.internal")),
        Refusal::ShuttingDown,
        Refusal::DeadlineExceeded,
        Refusal::Internal("row 7 has no body".into()),
    ]
}

/// The proto promises callers a code beside each reason; this is that code.
#[test]
fn every_refusal_has_the_reason_and_code_that_the_proto_documents() {
    let proto = include_str!("../../../proto/aup/v1/error.proto");
    for refusal in every() {
        let documented = format!("// {} ({})", refusal.error_reason().as_str_name(), refusal.code_name());
        assert!(proto.contains(&documented), "{documented}");
        let (code, reason) = (refusal.code(), refusal.reason());
        let status = status(refusal);
        assert_eq!(status.code(), code);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((&*info.reason, &*info.domain), (reason, DOMAIN));
    }
}

#[test]
fn malformed_fields_are_named_in_the_details() {
    let fields = ["account_id", "send_sms.from.value"];
    let refusal =
        || Refusal::InvalidFields(fields.map(|field| FieldViolation::new(field, "is required")).to_vec());
    let bad = status(refusal()).get_details_bad_request().unwrap();
    let named: Vec<&str> = bad.field_violations.iter().map(|violation| &*violation.field).collect();
    assert_eq!(named, fields);
    let item = item_error(refusal());
    assert_eq!((item.code, item.reason()), (Code::InvalidArgument as i32, pb::ErrorReason::InvalidFields));
    let named: Vec<&str> = item.field_violations.iter().map(|violation| &*violation.field).collect();
    assert_eq!(named, fields);
}

#[test]
fn what_can_help_later_says_when() {
    let info = status(Refusal::Overloaded).get_details_retry_info().unwrap();
    assert_eq!(info.retry_delay, Some(Duration::from_millis(100)));
    assert!(status(Refusal::Unauthenticated).get_details_retry_info().is_none());
    assert!(item_error(Refusal::ShuttingDown).retry_delay.is_some());
}

#[test]
fn a_cause_is_for_the_log_and_not_for_the_caller() {
    for refusal in every() {
        let item = item_error(refusal);
        for secret in ["db.internal", "row 7"] {
            assert!(!item.message.contains(secret), "{}", item.message);
        }
    }
    let status = status(Refusal::StoreUnavailable(StoreError::unavailable("no such host db.internal")));
    assert!(!format!("{status:?}").contains("db.internal"));
}

#[test]
fn errors_of_the_store_keep_their_meaning() {
    let code = |error: StoreError| Refusal::from(error).code();
    assert_eq!(code(StoreError::unavailable("gone")), Code::Unavailable);
    assert_eq!(code(StoreError::ReadOnly), Code::FailedPrecondition);
    assert_eq!(code(StoreError::Invalid { what: "a key", problem: "is too long" }), Code::InvalidArgument);
    assert_eq!(code(StoreError::Corrupt { what: "a row".into() }), Code::Internal);
}
