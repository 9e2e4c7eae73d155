//! The plain types that everything else speaks in: requests, accounts, decisions.
//!
//! They carry serde in the shape of the case files, and nothing of gRPC, Cedar or SQL. Values that
//! can be malformed in themselves (ids, amounts, enums) are parsed into types that cannot be wrong;
//! whether a number or a sender is any *good* is a signal, not a type.

mod account;
mod action;
mod blame;
mod bounds;
mod decision;
mod fixed;
mod ids;
mod outcome;
mod redact;
mod request;
pub(crate) mod vocabulary;

pub use account::*;
pub use action::*;
pub use bounds::{
    FieldViolation, MAX_BODY, MAX_COUNTRIES, MAX_ENTRIES, MAX_LABELS, MAX_LINE, MAX_MAIL, MAX_MEDIA,
    MAX_NUMBER, action_violations, envelope_violations, violations,
};
pub use decision::*;
pub use fixed::{Fixed, InvalidFixed};
pub use ids::{AccountId, InvalidId, KeyId, RequestId};
pub use outcome::*;
pub use request::*;
pub use vocabulary::*;

#[cfg(test)]
mod tests;
