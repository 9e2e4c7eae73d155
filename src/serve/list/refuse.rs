//! What is wrong with a call about lists, as the refusals that all services share.

use tonic::Status;

use crate::domain::FieldViolation;
use crate::live_lists::ListError;
use crate::serve::status::{Refusal, status};
use crate::store::StoreError;

/// Malformed fields, by path in the request.
pub(super) struct Violations(Vec<FieldViolation>);

// === impl Violations ===

impl Violations {
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn one(field: &str, problem: &'static str) -> Self {
        Self(vec![FieldViolation::new(field, problem)])
    }

    pub(super) fn add(&mut self, field: impl Into<String>, problem: &'static str) {
        self.0.push(FieldViolation::new(field, problem));
    }

    /// Nothing wrong, or the status that names it all.
    pub(super) fn check(self) -> Result<(), Status> {
        if self.0.is_empty() { Ok(()) } else { Err(self.status()) }
    }

    pub(super) fn status(self) -> Status {
        status(Refusal::InvalidFields(self.0))
    }
}

/// Why a list could not be read or written. `place` says where in the request an entry stood.
pub(super) fn of_list(error: ListError, place: impl Fn(usize) -> String) -> Status {
    match error {
        ListError::Unknown { .. } => status(Refusal::NotFound("list")),
        ListError::Policy { .. } => status(Refusal::FailedPrecondition(error.to_string())),
        ListError::Invalid { problems } => {
            let mut violations = Violations::none();
            for found in problems {
                violations.add(format!("{}.{}", place(found.index), found.part.as_str()), found.problem);
            }
            violations.status()
        }
        ListError::Store(error) => of_store(error),
    }
}

/// Why the store did not do it. The log has the cause.
pub(super) fn of_store(error: StoreError) -> Status {
    match error {
        StoreError::Invalid { what, problem } => Violations::one(what, problem).status(),
        StoreError::ParentCycle { .. } | StoreError::TooDeep { .. } | StoreError::ReadOnly => {
            status(Refusal::FailedPrecondition(error.to_string()))
        }
        StoreError::Unavailable { .. } | StoreError::Corrupt { .. } => {
            status(Refusal::StoreUnavailable(error))
        }
    }
}
