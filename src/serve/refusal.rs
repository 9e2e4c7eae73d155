//! Why a call has no answer, in the service's own words. A denial is never one of these.

use std::time::Duration;

use tonic::Code;

use crate::domain::FieldViolation;
use crate::proto::ErrorReason;
use crate::store::StoreError;

/// Why a call has no answer. The sentences go to callers: they name fields, ids and bounds, and
/// never a value.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request is malformed; every malformed field is named.
    #[error("the request has malformed fields")]
    InvalidFields(Vec<FieldViolation>),
    /// More items than one call may have; none of them was done.
    #[error("{given} items are more than the {limit} of one call")]
    TooManyItems {
        /// How many there were.
        given: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A message that does not decode.
    #[error("the message does not decode")]
    MalformedMessage,
    /// A message over the size limit.
    #[error("the message is too large")]
    MessageTooLarge,
    /// A method or field that this server knows and cannot honour.
    #[error("{0} is not implemented yet")]
    NotImplemented(&'static str),
    /// No valid credentials.
    #[error("the call has no valid credentials")]
    Unauthenticated,
    /// Valid credentials that do not reach this far.
    #[error("the caller may not do this")]
    PermissionDenied,
    /// What an admin call names is not there.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Another revision is stored than the one that was expected.
    #[error("the {0} has another revision than the expected one")]
    Conflict(&'static str),
    /// What is stored forbids it.
    #[error("{0}")]
    FailedPrecondition(String),
    /// A bundle with problems.
    #[error("the bundle has {problems} problems")]
    InvalidBundle {
        /// How many.
        problems: usize,
    },
    /// Too many calls are in flight.
    #[error("too many calls are in flight")]
    Overloaded,
    /// The store does not answer an admin call.
    #[error("the store is not available")]
    StoreUnavailable(#[source] StoreError),
    /// A change holds in this process and is not on the disk.
    #[error("{0} holds, but could not be written: a restart would forget it")]
    Unwritten(&'static str),
    /// The server is going away.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The call took longer than it may.
    #[error("the call took longer than it may")]
    DeadlineExceeded,
    /// A defect of the server.
    #[error("the server failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

// === impl Refusal ===

impl Refusal {
    /// A field that must be given and is not.
    pub fn missing(field: &str) -> Self {
        Self::InvalidFields(vec![FieldViolation::new(field, "is required")])
    }

    /// One malformed field.
    pub fn invalid(field: &str, description: &str) -> Self {
        Self::InvalidFields(vec![FieldViolation::new(field, description)])
    }

    /// The gRPC code.
    pub const fn code(&self) -> Code {
        match self {
            Self::InvalidFields(_) | Self::TooManyItems { .. } | Self::MalformedMessage => {
                Code::InvalidArgument
            }
            Self::MessageTooLarge | Self::Overloaded => Code::ResourceExhausted,
            Self::NotImplemented(_) => Code::Unimplemented,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::NotFound(_) => Code::NotFound,
            Self::Conflict(_) => Code::Aborted,
            Self::FailedPrecondition(_) | Self::InvalidBundle { .. } => Code::FailedPrecondition,
            Self::StoreUnavailable(_) | Self::Unwritten(_) | Self::ShuttingDown => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The gRPC code by name, for records and metrics.
    pub fn code_name(&self) -> &'static str {
        crate::telemetry::Code::from_number(i32::from(self.code())).as_str()
    }

    /// The documented reason.
    pub const fn error_reason(&self) -> ErrorReason {
        match self {
            Self::InvalidFields(_) => ErrorReason::InvalidFields,
            Self::TooManyItems { .. } => ErrorReason::TooManyItems,
            Self::MalformedMessage => ErrorReason::MalformedMessage,
            Self::MessageTooLarge => ErrorReason::MessageTooLarge,
            Self::NotImplemented(_) => ErrorReason::NotImplementedYet,
            Self::Unauthenticated => ErrorReason::Unauthenticated,
            Self::PermissionDenied => ErrorReason::PermissionDenied,
            Self::NotFound(_) => ErrorReason::NotFound,
            Self::Conflict(_) => ErrorReason::Conflict,
            Self::FailedPrecondition(_) => ErrorReason::FailedPrecondition,
            Self::InvalidBundle { .. } => ErrorReason::InvalidBundle,
            Self::Overloaded => ErrorReason::Overloaded,
            Self::StoreUnavailable(_) | Self::Unwritten(_) => ErrorReason::StoreUnavailable,
            Self::ShuttingDown => ErrorReason::ShuttingDown,
            Self::DeadlineExceeded => ErrorReason::DeadlineExceeded,
            Self::Internal(_) => ErrorReason::Internal,
        }
    }

    /// The reason as `ErrorInfo` carries it, e.g. `INVALID_FIELDS`.
    pub fn reason(&self) -> &'static str {
        let name = self.error_reason().as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }

    /// How long to wait before the same call can help; `None` when it cannot.
    pub const fn retry_delay(&self) -> Option<Duration> {
        match self {
            Self::Overloaded => Some(Duration::from_millis(100)),
            Self::StoreUnavailable(_) | Self::Unwritten(_) | Self::ShuttingDown => {
                Some(Duration::from_secs(1))
            }
            Self::InvalidFields(_)
            | Self::TooManyItems { .. }
            | Self::MalformedMessage
            | Self::MessageTooLarge
            | Self::NotImplemented(_)
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::FailedPrecondition(_)
            | Self::InvalidBundle { .. }
            | Self::DeadlineExceeded
            | Self::Internal(_) => None,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::StoreUnavailable(error),
            StoreError::ReadOnly | StoreError::ParentCycle { .. } | StoreError::TooDeep { .. } => {
                Self::FailedPrecondition(error.to_string())
            }
            StoreError::Invalid { what, problem } => {
                Self::InvalidFields(vec![FieldViolation::new("", format!("is malformed: {what} {problem}"))])
            }
            StoreError::Corrupt { .. } => Self::Internal(Box::new(error)),
        }
    }
}
