//! What is answered: a verdict with its reasons and duties, and what it was made from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{AccountId, ActionKind, RequestId};

/// Allow or deny; there is no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It may be done.
    Allow,
    /// It may not.
    Deny,
}

impl Verdict {
    /// `ALLOW` or `DENY`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        }
    }
}

/// One reason why, as the catalogue words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable code.
    pub code: Arc<str>,
    /// Clause of the policy, 0 for the system and for malformed requests.
    pub clause: u8,
    /// Safe to show a customer.
    pub message: Arc<str>,
    /// For operators.
    pub detail: Arc<str>,
    /// Whether the same request can pass later.
    pub retryable: bool,
    /// Rules that found it; empty when code did.
    pub rules: Vec<Arc<str>>,
}

/// A duty that comes with a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Obligation {
    /// What is to be done, e.g. `REDACT_LOGS`.
    pub kind: Arc<str>,
    /// With what, e.g. until when.
    pub parameters: BTreeMap<Arc<str>, String>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// `UUIDv7`, also in the decision record.
    pub decision_id: uuid::Uuid,
    /// Echo of the request's.
    pub request_id: Option<RequestId>,
    /// Account that was decided on.
    pub account_id: AccountId,
    /// What was asked.
    pub action: ActionKind,
    /// Allow or deny.
    pub verdict: Verdict,
    /// Every reason to deny, best first; empty on allow.
    pub violations: Vec<Reason>,
    /// What monitored rules found.
    pub monitored: Vec<Reason>,
    /// Duties.
    pub obligations: Vec<Obligation>,
    /// When to try again, if that can help.
    pub retry_after: Option<Duration>,
    /// Revision of the bundle.
    pub bundle_revision: Arc<str>,
    /// SHA-256 of the bundle.
    pub bundle_digest: Arc<str>,
    /// Revision of the account, if it was loaded.
    pub account_revision: Option<u64>,
    /// The instant it was decided for.
    pub evaluated_at: Timestamp,
    /// Whether nothing was to be remembered.
    pub dry_run: bool,
}

// === impl Decision ===

impl Decision {
    /// The code that stands for the whole: the best reason, or `OK`.
    pub fn primary(&self) -> &str {
        self.violations.first().map_or(OK, |reason| &reason.code)
    }
}

/// The code of an allow.
pub const OK: &str = "OK";
