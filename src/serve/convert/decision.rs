//! A `Decision` to its answer, and an `Explanation` to its own.

use std::borrow::Borrow;

use super::enums::Closed;
use super::wire::{duration, timestamp};
use crate::domain::{Decision, OK, Obligation, Reason};
use crate::explain::{Explanation, RuleConsidered, RuleOutcome, SignalRead};
use crate::proto as pb;

/// The answer to a Check.
pub fn response(decision: &Decision) -> pb::CheckResponse {
    let Decision {
        decision_id,
        request_id,
        account_id: _,
        action: _,
        verdict,
        violations,
        monitored,
        obligations,
        retry_after,
        bundle_revision,
        bundle_digest,
        account_revision,
        evaluated_at,
        dry_run: _,
    } = decision;
    pb::CheckResponse {
        decision_id: decision_id.to_string(),
        request_id: request_id.as_ref().map_or_else(String::new, ToString::to_string),
        verdict: verdict.number(),
        reason: Some(violations.first().map_or_else(ok, reason)),
        violations: violations.iter().map(reason).collect(),
        monitored: monitored.iter().map(reason).collect(),
        obligations: obligations.iter().map(obligation).collect(),
        retry_after: retry_after.map(duration),
        bundle_revision: bundle_revision.to_string(),
        bundle_digest: bundle_digest.to_string(),
        account_revision: *account_revision,
        evaluated_at: Some(timestamp(*evaluated_at)),
    }
}

/// The answer to an Explain.
pub fn explanation(explanation: impl Borrow<Explanation>) -> pb::ExplainResponse {
    let Explanation { decision, signals, rules, took } = explanation.borrow();
    pb::ExplainResponse {
        decision: Some(response(decision)),
        signals: signals.iter().map(signal).collect(),
        rules: rules.iter().map(rule).collect(),
        took: Some(duration(*took)),
    }
}

/// The number of a code; 0 for one that a bundle has and this enum does not.
pub(super) fn code(name: &str) -> pb::ReasonCode {
    pb::ReasonCode::from_str_name(&format!("REASON_CODE_{name}")).unwrap_or_default()
}

fn reason(reason: &Reason) -> pb::Reason {
    let Reason { code: name, clause, message, detail, retryable, rules: _ } = reason;
    pb::Reason {
        code: code(name).into(),
        name: name.to_string(),
        clause: u32::from(*clause),
        message: message.to_string(),
        detail: detail.to_string(),
        retryable: *retryable,
    }
}

fn ok() -> pb::Reason {
    pb::Reason { code: pb::ReasonCode::Ok.into(), name: OK.to_owned(), ..pb::Reason::default() }
}

fn obligation(obligation: &Obligation) -> pb::Obligation {
    let Obligation { kind, parameters } = obligation;
    let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    pb::Obligation { kind: kind.to_string(), parameters }
}

fn signal(read: &SignalRead) -> pb::SignalRead {
    let SignalRead { path, value, masked, cause } = read;
    let cause = cause.map_or("", crate::signals::Cause::code).to_owned();
    pb::SignalRead { path: path.to_string(), value: value.clone(), cause, masked: *masked }
}

fn rule(considered: &RuleConsidered) -> pb::RuleConsidered {
    let RuleConsidered { rule, reason, mode, outcome, cause, reads } = considered;
    let outcome = match outcome {
        RuleOutcome::Matched => pb::RuleOutcome::Matched,
        RuleOutcome::NotMatched => pb::RuleOutcome::NotMatched,
        RuleOutcome::Error => pb::RuleOutcome::Error,
    };
    pb::RuleConsidered {
        rule_id: rule.to_string(),
        reason: reason.as_deref().unwrap_or_default().to_owned(),
        mode: mode.number(),
        outcome: outcome.into(),
        detail: cause.map_or("", crate::signals::Cause::code).to_owned(),
        reads: reads.iter().map(ToString::to_string).collect(),
    }
}
