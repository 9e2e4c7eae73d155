//! The one place where what went wrong becomes a `tonic::Status`, or the error of one item.
//!
//! The caller gets a code, a fixed sentence and the details of `google.rpc`; the cause is for the
//! log, and is written here, once.

use std::collections::HashMap;
use std::error::Error;

use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

use super::convert;
pub use super::refusal::Refusal;
use crate::domain::FieldViolation;
use crate::proto as pb;

/// The domain of `ErrorInfo`.
pub const DOMAIN: &str = "aup.v1";

/// The refusal as a status with `ErrorInfo`, and `BadRequest` or `RetryInfo` where they say more.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` wants, and a refusal ends here")]
pub fn status(refusal: Refusal) -> Status {
    log(&refusal);
    let mut details = ErrorDetails::with_error_info(refusal.reason(), DOMAIN, HashMap::new());
    if let Refusal::InvalidFields(violations) = &refusal {
        for FieldViolation { field, description } in violations {
            details.add_bad_request_violation(field, description);
        }
    }
    if let Some(delay) = refusal.retry_delay() {
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(refusal.code(), refusal.to_string(), details)
}

/// The refusal as the error of one item of a batch, stream or import.
pub fn item_error(refusal: Refusal) -> pb::ItemError {
    log(&refusal);
    pb::ItemError {
        code: i32::from(refusal.code()),
        reason: refusal.error_reason().into(),
        message: refusal.to_string(),
        retry_delay: refusal.retry_delay().map(convert::duration),
        field_violations: match refusal {
            Refusal::InvalidFields(violations) => violations.into_iter().map(violation).collect(),
            _ => Vec::new(),
        },
    }
}

fn violation(violation: FieldViolation) -> pb::FieldViolation {
    let FieldViolation { field, description } = violation;
    pb::FieldViolation { field, description }
}

/// What a caller did is not logged here: decision records have it. What the server did is.
fn log(refusal: &Refusal) {
    let Some(cause) = refusal.source() else { return };
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(deeper) = next {
        text = format!("{text}: {deeper}");
        next = deeper.source();
    }
    tracing::error!(reason = refusal.reason(), cause = text, "a call failed");
}

#[cfg(test)]
mod tests;
