//! Answers as JSON for people and scripts: the field names of the proto, with the values of enums
//! bare (`ALLOW`), as everywhere outside the wire.

use serde_json::{Map, Value, json};

use crate::proto as pb;

/// A decision. What is empty or not given is left out, except the lists.
pub fn response_json(response: &pb::CheckResponse) -> Value {
    let pb::CheckResponse {
        decision_id,
        request_id,
        verdict,
        reason: primary,
        violations,
        monitored,
        obligations,
        retry_after,
        bundle_revision,
        bundle_digest,
        account_revision,
        evaluated_at,
    } = response;
    let mut fields = Map::new();
    fields.insert("decision_id".into(), json!(decision_id));
    if !request_id.is_empty() {
        fields.insert("request_id".into(), json!(request_id));
    }
    let verdict = pb::Verdict::try_from(*verdict).unwrap_or_default().as_str_name();
    fields.insert("verdict".into(), json!(bare(verdict, "VERDICT_")));
    fields.insert("reason".into(), primary.as_ref().map_or(Value::Null, reason));
    for (name, reasons) in [("violations", violations), ("monitored", monitored)] {
        fields.insert(name.into(), reasons.iter().map(reason).collect());
    }
    fields.insert("obligations".into(), obligations.iter().map(obligation).collect());
    if let Some(wait) = retry_after {
        fields.insert("retry_after".into(), json!(wait.to_string()));
    }
    fields.insert("bundle_revision".into(), json!(bundle_revision));
    fields.insert("bundle_digest".into(), json!(bundle_digest));
    if let Some(revision) = account_revision {
        fields.insert("account_revision".into(), json!(revision));
    }
    if let Some(at) = evaluated_at {
        fields.insert("evaluated_at".into(), json!(at.to_string()));
    }
    Value::Object(fields)
}

/// A decision with its workings.
pub fn explanation_json(response: &pb::ExplainResponse) -> Value {
    let pb::ExplainResponse { decision, signals, rules, took } = response;
    json!({
        "decision": decision.as_ref().map_or(Value::Null, response_json),
        "signals": signals.iter().map(signal).collect::<Value>(),
        "rules": rules.iter().map(rule).collect::<Value>(),
        "took": took.map(|took| took.to_string()),
    })
}

fn reason(reason: &pb::Reason) -> Value {
    let pb::Reason { code: _, name, clause, message, detail, retryable } = reason;
    // The name is there for codes too that this client's enum does not know.
    json!({
        "code": name,
        "clause": clause,
        "message": message,
        "detail": detail,
        "retryable": retryable,
    })
}

fn obligation(obligation: &pb::Obligation) -> Value {
    let pb::Obligation { kind, parameters } = obligation;
    let sorted: std::collections::BTreeMap<_, _> = parameters.iter().collect();
    json!({ "kind": kind, "parameters": sorted })
}

fn signal(signal: &pb::SignalRead) -> Value {
    let pb::SignalRead { path, value, cause, masked } = signal;
    json!({ "path": path, "value": value, "cause": cause, "masked": masked })
}

fn rule(rule: &pb::RuleConsidered) -> Value {
    let pb::RuleConsidered { rule_id, reason, mode, outcome, detail, reads } = rule;
    let mode = pb::RuleMode::try_from(*mode).unwrap_or_default().as_str_name();
    let outcome = pb::RuleOutcome::try_from(*outcome).unwrap_or_default().as_str_name();
    json!({
        "rule_id": rule_id,
        "reason": reason,
        "mode": bare(mode, "RULE_MODE_"),
        "outcome": bare(outcome, "RULE_OUTCOME_"),
        "detail": detail,
        "reads": reads,
    })
}

fn bare<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}
