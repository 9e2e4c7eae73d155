//! A decision with its working: every signal that was read, every rule that was asked and what came
//! of it. Pure, like [`decide`](crate::decide::decide), and through the same program; it counts nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::bundle::Snapshot;
use crate::decide::{Decided, decide_with, text};
use crate::domain::{Decision, Mode, Request};
use crate::mask::{HIDDEN, mask_mail, mask_number};
use crate::rules::{Asked, Effect, Read, Rule};
use crate::signals::{Cause, Subject, Value};

/// A decision with its working.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// What was read, by path.
    pub signals: Vec<SignalRead>,
    /// What was asked, in the order of the files.
    pub rules: Vec<RuleConsidered>,
    /// How long it took; whoever has a clock says so.
    pub took: Duration,
}

/// A signal as it was read.
#[derive(Debug, Serialize)]
pub struct SignalRead {
    /// Its path.
    pub path: Arc<str>,
    /// Its value; masked where it tells of a person, empty where there is none.
    pub value: String,
    /// Whether it is masked.
    pub masked: bool,
    /// Why there is none.
    pub cause: Option<Cause>,
}

/// A rule as it was answered.
#[derive(Debug, Serialize)]
pub struct RuleConsidered {
    /// Its id.
    pub rule: Arc<str>,
    /// Reason that it gives; none for a duty.
    pub reason: Option<Arc<str>>,
    /// Its mode in the bundle.
    pub mode: Mode,
    /// What came of it.
    pub outcome: RuleOutcome,
    /// Why it could not be answered.
    pub cause: Option<Cause>,
    /// Paths that were read before it was answered, in that order.
    pub reads: Vec<Arc<str>>,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleOutcome {
    /// It holds.
    Matched,
    /// It does not.
    NotMatched,
    /// It could not be answered, so it denies.
    Error,
}

/// Decides one request and says how.
pub fn explain(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    now: Timestamp,
    id: Uuid,
) -> Explanation {
    decide_with(policy, request, subject, now, id, |decided| {
        let (rules, read) = rules(policy, decided);
        (signals(decided.asked, &read), rules)
    })
    .into()
}

// === impl Explanation ===

impl Explanation {
    /// The same, with how long it took.
    #[must_use]
    pub fn taken(self, took: Duration) -> Self {
        Self { took, ..self }
    }
}

impl From<(Decision, (Vec<SignalRead>, Vec<RuleConsidered>))> for Explanation {
    fn from((decision, (signals, rules)): (Decision, (Vec<SignalRead>, Vec<RuleConsidered>))) -> Self {
        Self { decision, signals, rules, took: Duration::ZERO }
    }
}

fn signals(asked: &Asked<'_, '_, '_>, reads: &BTreeSet<usize>) -> Vec<SignalRead> {
    let mut signals: Vec<SignalRead> =
        reads.iter().filter_map(|slot| asked.read(*slot)).map(signal).collect();
    signals.sort_by(|a, b| a.path.cmp(&b.path));
    signals
}

fn signal(read: Read<'_>) -> SignalRead {
    let (path, private) = (read.path, read.private);
    match read.value {
        Ok(value) if private => SignalRead { path, value: masked(value), masked: true, cause: None },
        Ok(value) => SignalRead { path, value: text(value), masked: false, cause: None },
        Err(cause) => SignalRead { path, value: String::new(), masked: false, cause: Some(cause) },
    }
}

fn masked(value: &Value<'_>) -> String {
    match value {
        Value::Set(texts) => texts.iter().map(hidden).collect::<Vec<_>>().join(","),
        value => hidden(&text(value)),
    }
}

fn hidden(text: &str) -> String {
    match text {
        "" => String::new(),
        _ if text.contains('@') => mask_mail(text),
        _ if text.starts_with(|c: char| c == '+' || c.is_ascii_digit()) => mask_number(text),
        _ => HIDDEN.to_owned(),
    }
}

/// The rules that were asked, and every slot that one of them read.
fn rules(policy: &Snapshot, decided: &Decided<'_, '_, '_>) -> (Vec<RuleConsidered>, BTreeSet<usize>) {
    let findings = [decided.prohibitions, decided.duties];
    let errors: BTreeMap<usize, Cause> = findings.iter().flat_map(|f| f.errors.iter().copied()).collect();
    let base = policy.bundle.program.base();
    let matched = |place: usize| place == base || findings.iter().any(|f| f.matched.contains(&place));
    let mut read = BTreeSet::new();
    let mut rules = Vec::new();
    for place in decided.asked.considered(decided.scope) {
        let cause = errors.get(&place).copied();
        let outcome = match cause {
            Some(_) => RuleOutcome::Error,
            None if matched(place) => RuleOutcome::Matched,
            None => RuleOutcome::NotMatched,
        };
        let slots = decided.asked.reads(place);
        let reads = slots.iter().filter_map(|slot| Some(decided.asked.read(*slot)?.path)).collect();
        read.extend(slots);
        if let Some(rule) = policy.bundle.program.rules.get(place) {
            rules.push(considered(policy, rule, outcome, cause, reads));
        }
    }
    (rules, read)
}

fn considered(
    policy: &Snapshot,
    rule: &Rule,
    outcome: RuleOutcome,
    cause: Option<Cause>,
    reads: Vec<Arc<str>>,
) -> RuleConsidered {
    let reason = match rule.effect {
        Effect::Forbid(rank) => policy.bundle.catalogue.reasons.get(rank).map(|reason| reason.code.clone()),
        Effect::Duty { .. } | Effect::Base => None,
    };
    RuleConsidered { rule: rule.id.clone(), reason, mode: rule.mode, outcome, cause, reads }
}
