//! What a record says. Its fields are an allow-list: each is picked by name from the request and the
//! decision, and is an identifier, a code, a number or a masked value. There is no field that a
//! body, a subject, a display name or a token could be put into.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::domain::{AccountId, Action, ActionKind, Decision, Reason, Request, RequestId, Verdict};
use crate::mask::{JoinKey, mask_destination, mask_sender};

/// The part of a record that is known before the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// The caller's id for the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The account that asked.
    pub account_id: AccountId,
    /// The account below it that is decided on, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subaccount_id: Option<AccountId>,
    /// What was asked, if that much could be understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionKind>,
    /// The internal service that asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_service: Option<Arc<str>>,
    /// The sender, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The recipient or the number concerned, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Joins records of one destination; see [`JoinKey`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_key: Option<String>,
    /// Whether nothing was to be remembered.
    pub dry_run: bool,
    /// Whether it was only asked how it would be decided.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub explained: bool,
}

/// What came of a request that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Id of the decision; a repetition has that of the first answer.
    pub decision_id: uuid::Uuid,
    /// Allow or deny.
    pub verdict: Verdict,
    /// Best reason, or `OK`.
    pub reason: Arc<str>,
    /// Codes of all violations, best first.
    pub violations: Vec<Arc<str>>,
    /// Codes that monitored rules found.
    pub monitored: Vec<Arc<str>>,
    /// Kinds of the duties; their parameters can hold text, so they are left out.
    pub obligations: Vec<Arc<str>>,
    /// Rules behind the violations and the monitored codes.
    pub rules: Vec<Arc<str>>,
    /// When to try again, in milliseconds from `evaluated_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Revision of the bundle.
    pub bundle_revision: Arc<str>,
    /// SHA-256 of the bundle.
    pub bundle_digest: Arc<str>,
    /// Revision of the account, if it was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_revision: Option<u64>,
    /// The instant it was decided for.
    pub evaluated_at: Timestamp,
    /// Whether it is the answer to an earlier request with the same id.
    pub replayed: bool,
}

/// Why a request was not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Status code as gRPC names it, e.g. `INVALID_ARGUMENT`.
    pub code: &'static str,
    /// Machine-readable reason, e.g. `FIELD_VIOLATION`.
    pub reason: &'static str,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// When the answer was ready, by the server's clock.
    pub time: Timestamp,
    /// What was asked.
    #[serde(flatten)]
    pub about: About,
    /// What was decided; missing when nothing was.
    #[serde(flatten)]
    pub decided: Option<Decided>,
    /// Why nothing was decided; missing when something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Refused>,
    /// Time from request to answer.
    #[serde(rename = "latency_us", serialize_with = "whole_micros")]
    pub latency: Duration,
}

// === impl About ===

impl About {
    /// What `request` lets be told, masked.
    pub fn request(request: &Request, join: &JoinKey) -> Self {
        let envelope = &request.envelope;
        let destination = destination(&request.action).filter(|text| !text.is_empty());
        Self {
            request_id: envelope.request_id.clone(),
            account_id: envelope.account_id.clone(),
            subaccount_id: envelope.subaccount_id.clone(),
            action: Some(request.action.kind()),
            caller_service: envelope.caller_service.as_deref().map(service),
            sender: request.action.sender().map(mask_sender),
            destination: destination.map(mask_destination),
            destination_key: destination.map(|text| join.key(text)),
            dry_run: envelope.dry_run,
            explained: false,
        }
    }

    /// For a request of which no more is understood than this.
    pub fn named(account_id: AccountId, request_id: Option<RequestId>, action: Option<ActionKind>) -> Self {
        Self {
            request_id,
            account_id,
            subaccount_id: None,
            action,
            caller_service: None,
            sender: None,
            destination: None,
            destination_key: None,
            dry_run: false,
            explained: false,
        }
    }
}

/// An identifier is passed on as it is. Checked requests have nothing else here.
fn service(text: &str) -> Arc<str> {
    let is_id = crate::domain::RequestId::parse(text).is_ok();
    Arc::from(if is_id { text } else { crate::mask::HIDDEN })
}

/// The recipient, or the number that the action is about.
fn destination(action: &Action) -> Option<&str> {
    match action {
        Action::SendSms(m) | Action::SendMms(m) => given(m.to.as_deref()).or(m.dialed.as_deref()),
        Action::PlaceCall(c) => given(c.to.as_deref()).or(c.dialed.as_deref()),
        Action::SendEmail(m) => m.to_email.as_deref(),
        Action::SendOtp(o) => o.to.as_deref(),
        Action::ReceiveMessage(m) => m.to.as_deref(),
        Action::ConfigureNumber(c) => Some(&c.number),
        Action::StartCampaign(_)
        | Action::ProvisionNumber(_)
        | Action::RegisterSender(_)
        | Action::UploadMedia(_)
        | Action::CreateSubaccount(_)
        | Action::Resell(_)
        | Action::AlterRecord(_)
        | Action::ApiOperation(_)
        | Action::OpenSession(_) => None,
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

// === impl Decided ===

impl Decided {
    /// What of `decision` is told. `replayed`: it had been given before.
    pub fn new(decision: &Decision, replayed: bool) -> Self {
        let codes = |reasons: &[Reason]| reasons.iter().map(|reason| reason.code.clone()).collect();
        let found = decision.violations.iter().chain(&decision.monitored);
        let primary = decision.violations.first().map(|reason| reason.code.clone());
        Self {
            decision_id: decision.decision_id,
            verdict: decision.verdict,
            reason: primary.unwrap_or_else(|| Arc::from(crate::domain::OK)),
            violations: codes(&decision.violations),
            monitored: codes(&decision.monitored),
            obligations: decision.obligations.iter().map(|duty| duty.kind.clone()).collect(),
            rules: found.flat_map(|reason| reason.rules.iter().cloned()).collect(),
            retry_after_ms: decision
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            bundle_revision: decision.bundle_revision.clone(),
            bundle_digest: decision.bundle_digest.clone(),
            account_revision: decision.account_revision,
            evaluated_at: decision.evaluated_at,
            replayed,
        }
    }
}

// === impl Record ===

impl Record {
    /// A record of a decision.
    pub fn decided(about: About, decision: &Decision, replayed: bool, latency: Duration) -> Self {
        let decided = Some(Decided::new(decision, replayed));
        Self { time: Timestamp::now(), about, decided, error: None, latency }
    }

    /// A record of an error.
    pub fn refused(about: About, refused: Refused, latency: Duration) -> Self {
        Self { time: Timestamp::now(), about, decided: None, error: Some(refused), latency }
    }

    /// The record as one line of JSON, its line feed included.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(1024);
        if serde_json::to_writer(&mut line, self).is_err() {
            // These types have no map with odd keys and nothing else that serde could refuse; if one
            // gets it, the line still says which decision it is about.
            line.clear();
            let id = self.decided.as_ref().map(|decided| decided.decision_id);
            let fallback = serde_json::json!({"time": self.time, "decision_id": id, "error": UNWRITABLE});
            line.extend_from_slice(fallback.to_string().as_bytes());
        }
        line.push(b'\n');
        line
    }
}

const UNWRITABLE: Refused = Refused { code: "INTERNAL", reason: "RECORD_NOT_SERIALISABLE" };

fn whole_micros<S: Serializer>(latency: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
}
