//! The decision: pure. Values in, a value out; no IO, no clock, no knowledge of gRPC or SQL.
//!
//! Rules find what holds; here findings become a verdict. A rule that failed denies, with a reason
//! that says what was missing, ranked after every definite one. Reasons that another one masks are
//! not violations. Monitored rules are reported and deny nothing. Duties come last, because they may
//! read the reasons, and one that fails denies too.

mod retry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::bundle::{Catalogue, Rank, Snapshot};
use crate::domain::{Decision, Mode, Obligation, Reason, Request, Verdict};
use crate::rules::{Asked, DutyOn, Effect, Findings, Kept, Rule, Scope};
use crate::signals::{Cause, Facts, SharedTexts, Subject, Value, parameter};
use crate::traffic::Event;
use crate::traffic::outcome::await_outcomes;

/// How the codes of what could not be decided begin.
const SYSTEM: &str = "SYSTEM_";

/// Rules behind each reason, by its rank.
type Found = BTreeMap<Rank, Vec<Arc<str>>>;

/// Decides one request at the instant `now`.
pub fn decide(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    now: Timestamp,
    id: Uuid,
) -> Decision {
    decide_with(policy, request, subject, now, id, |_| ()).0
}

/// What was read and found on the way to a decision.
pub struct Decided<'d, 'f, 'a> {
    /// The facts.
    pub facts: &'f Facts<'a>,
    /// The rules and what they read of the facts.
    pub asked: &'d Asked<'d, 'f, 'a>,
    /// Which rules were asked.
    pub scope: Scope,
    /// What the prohibitions found.
    pub prohibitions: &'d Findings,
    /// What the duties found.
    pub duties: &'d Findings,
}

/// As [`decide`], for one of several requests that are decided on with the same snapshot: what their
/// texts say is read once where they say the same.
pub fn decide_among(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    now: Timestamp,
    id: Uuid,
    texts: Option<&SharedTexts>,
) -> Decision {
    decide_on(policy, &facts(policy, request, subject, now).sharing(texts), id, |_| ()).0
}

/// As [`decide_among`], with the attempt that the request is, where past traffic is to know of it: one
/// that is meant, of an account that exists, and about which there was a decision. What the platform
/// could not decide says nothing about the account.
pub fn decide_attempt(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    now: Timestamp,
    id: Uuid,
    texts: Option<&SharedTexts>,
) -> (Decision, Option<Event>) {
    let facts = facts(policy, request, subject, now).sharing(texts);
    let (decision, ()) = decide_on(policy, &facts, id, |_| ());
    let known = matches!(subject, Subject::Known(_));
    let decided = decision.violations.first().is_none_or(|reason| !reason.code.starts_with(SYSTEM));
    let attempt = (known && decided && !decision.dry_run).then(|| {
        let mut attempt = facts.into_present();
        if decision.verdict == Verdict::Allow {
            let (given, id) = (request.envelope.request_id.as_ref(), id.to_string().into());
            match given {
                Some(given) => await_outcomes(&mut attempt, given.as_str().into(), Some(id)),
                None => await_outcomes(&mut attempt, id, None),
            }
        }
        attempt
    });
    (decision, attempt)
}

/// As [`decide`], and lets `look` see how; it changes nothing.
pub fn decide_with<T>(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    now: Timestamp,
    id: Uuid,
    look: impl FnOnce(&Decided<'_, '_, '_>) -> T,
) -> (Decision, T) {
    decide_on(policy, &facts(policy, request, subject, now), id, look)
}

fn facts<'a>(policy: &'a Snapshot, request: &'a Request, subject: Subject<'a>, now: Timestamp) -> Facts<'a> {
    Facts::new(request, subject, &policy.limits, &policy.lists, &policy.bundle.emergency, now)
        .with_traffic(&policy.traffic)
}

fn decide_on<T>(
    policy: &Snapshot,
    facts: &Facts<'_>,
    id: Uuid,
    look: impl FnOnce(&Decided<'_, '_, '_>) -> T,
) -> (Decision, T) {
    let mut kept = Kept::default();
    let asked = policy.bundle.program.ask(facts, &mut kept);
    let scope = scope(facts.subject);
    let prohibitions = asked.prohibitions(scope);
    let mut judged = Judged::new(policy, facts.subject, &prohibitions);
    let (duties, obligations) = judged.impose(policy, facts, &asked, scope);
    let wait = retry::wait(policy, facts, &prohibitions.matched, &judged.enforced);
    let (prohibitions, duties) = (&prohibitions, &duties);
    let seen = look(&Decided { facts, asked: &asked, scope, prohibitions, duties });
    (judged.into_decision(policy, facts, obligations, wait, id), seen)
}

/// Whether what was dialled is an emergency number, as far as can be told without the account.
pub fn dials_emergency(policy: &Snapshot, request: &Request) -> bool {
    let unknown = Subject::Unknown(Cause::AccountUnavailable);
    facts(policy, request, unknown, Timestamp::UNIX_EPOCH).dials_emergency()
}

/// A decision that code alone makes: a denial for one reason, at once.
pub fn refuse(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    code: &str,
    now: Timestamp,
    id: Uuid,
) -> Decision {
    let facts = facts(policy, request, subject, now);
    let rank = rank_of(&policy.bundle.catalogue, code);
    let mut judged = Judged { enforced: Found::from([(rank, Vec::new())]), monitored: Found::new() };
    let mut kept = Kept::default();
    let asked = policy.bundle.program.ask(&facts, &mut kept);
    let (_, obligations) = judged.impose(policy, &facts, &asked, scope(subject));
    let wait = retry::wait(policy, &facts, &[], &judged.enforced);
    judged.into_decision(policy, &facts, obligations, wait, id)
}

const fn scope(subject: Subject<'_>) -> Scope {
    match subject {
        Subject::Known(_) => Scope::All,
        Subject::Missing | Subject::Unknown(_) => Scope::Gates,
    }
}

/// What was found, sorted into what denies and what is only reported.
struct Judged {
    enforced: Found,
    monitored: Found,
}

// === impl Judged ===

impl Judged {
    fn new(policy: &Snapshot, subject: Subject<'_>, findings: &Findings) -> Self {
        let mut judged = Self { enforced: Found::new(), monitored: Found::new() };
        for rule in findings.matched.iter().filter_map(|place| policy.bundle.program.rules.get(*place)) {
            judged.add(policy, subject, rule);
        }
        let catalogue = &policy.bundle.catalogue;
        judged.enforced = unmasked(catalogue, judged.enforced);
        judged.monitored = unmasked(catalogue, judged.monitored);
        judged.monitored.retain(|rank, _| !judged.enforced.contains_key(rank));
        judged.add_errors(policy, subject, findings);
        judged
    }

    fn add(&mut self, policy: &Snapshot, subject: Subject<'_>, rule: &Rule) {
        let Effect::Forbid(rank) = rule.effect else { return };
        let found = match mode(&policy.bundle.catalogue, subject, rule, rank) {
            Mode::Enforce => &mut self.enforced,
            Mode::Monitor => &mut self.monitored,
            Mode::Off => return,
        };
        found.entry(rank).or_default().push(rule.id.clone());
    }

    /// A rule that is off for the account counts for nothing, whatever came of it; one that is monitored
    /// and fails is still not understood.
    fn add_errors(&mut self, policy: &Snapshot, subject: Subject<'_>, findings: &Findings) {
        let catalogue = &policy.bundle.catalogue;
        for (place, cause) in &findings.errors {
            let Some(rule) = policy.bundle.program.rules.get(*place) else { continue };
            let mode = match rule.effect {
                Effect::Forbid(rank) => mode(catalogue, subject, rule, rank),
                Effect::Base | Effect::Duty { .. } => rule.mode,
            };
            if mode != Mode::Off {
                let rank = rank_of(catalogue, cause.code());
                self.enforced.entry(rank).or_default().push(rule.id.clone());
            }
        }
    }

    /// Asks the duties, which may read the reasons; one that fails denies too.
    fn impose(
        &mut self,
        policy: &Snapshot,
        facts: &Facts<'_>,
        asked: &Asked<'_, '_, '_>,
        scope: Scope,
    ) -> (Findings, Vec<Obligation>) {
        facts.set_reasons(self.codes(&policy.bundle.catalogue));
        let duties = asked.duties(scope);
        self.add_errors(policy, facts.subject, &duties);
        let obligations = obligations(policy, facts, &duties, self.verdict());
        (duties, obligations)
    }

    fn verdict(&self) -> Verdict {
        if self.enforced.is_empty() { Verdict::Allow } else { Verdict::Deny }
    }

    fn codes(&self, catalogue: &Catalogue) -> Vec<Arc<str>> {
        self.enforced.keys().filter_map(|rank| catalogue.reasons.get(*rank)).map(|r| r.code.clone()).collect()
    }

    fn into_decision(
        self,
        policy: &Snapshot,
        facts: &Facts<'_>,
        obligations: Vec<Obligation>,
        retry_after: Option<Duration>,
        id: Uuid,
    ) -> Decision {
        let (catalogue, request) = (&policy.bundle.catalogue, facts.request);
        let account = match facts.subject {
            Subject::Known(account) => Some(account),
            Subject::Missing | Subject::Unknown(_) => None,
        };
        Decision {
            decision_id: id,
            request_id: request.envelope.request_id.clone(),
            account_id: request.subject().clone(),
            action: request.action.kind(),
            verdict: self.verdict(),
            retry_after,
            violations: reasons(catalogue, self.enforced),
            monitored: reasons(catalogue, self.monitored),
            obligations,
            bundle_revision: policy.bundle.revision.clone(),
            bundle_digest: policy.bundle.digest.clone(),
            account_revision: account.map(|account| account.revision),
            evaluated_at: facts.now,
            dry_run: request.envelope.dry_run,
        }
    }
}

/// The rank of a code that is given without a rule. No bundle loads without these; if one were missing,
/// the denial would stand without its words rather than not at all.
fn rank_of(catalogue: &Catalogue, code: &str) -> Rank {
    catalogue.rank(code).unwrap_or(Rank::MAX)
}

/// The rule's mode, unless the account has its own for the reason and may have one.
fn mode(catalogue: &Catalogue, subject: Subject<'_>, rule: &Rule, rank: Rank) -> Mode {
    let Some(reason) = catalogue.reasons.get(rank).filter(|reason| !reason.locked) else { return rule.mode };
    match subject {
        Subject::Known(account) => account.account.modes.get(&*reason.code).copied().unwrap_or(rule.mode),
        Subject::Missing | Subject::Unknown(_) => rule.mode,
    }
}

fn unmasked(catalogue: &Catalogue, mut found: Found) -> Found {
    let reasons = found.keys().filter_map(|rank| catalogue.reasons.get(*rank));
    let masked: BTreeSet<Rank> = reasons.flat_map(|reason| reason.masks.iter().copied()).collect();
    found.retain(|rank, _| !masked.contains(rank));
    found
}

fn reasons(catalogue: &Catalogue, found: Found) -> Vec<Reason> {
    let entry = |(rank, rules): (Rank, Vec<Arc<str>>)| {
        let entry = catalogue.reasons.get(rank)?;
        Some(Reason {
            code: entry.code.clone(),
            clause: entry.clause,
            message: entry.message.clone(),
            detail: detail(&entry.detail, &rules),
            retryable: entry.retryable,
            rules,
        })
    };
    found.into_iter().filter_map(entry).collect()
}

/// The catalogue's words for operators, and which rules found it.
fn detail(words: &Arc<str>, rules: &[Arc<str>]) -> Arc<str> {
    if rules.is_empty() {
        return words.clone();
    }
    format!("{words} (rule {})", rules.join(", ")).into()
}

fn obligations(policy: &Snapshot, facts: &Facts<'_>, duties: &Findings, verdict: Verdict) -> Vec<Obligation> {
    let mut places = BTreeSet::new();
    for rule in duties.matched.iter().filter_map(|place| policy.bundle.program.rules.get(*place)) {
        if let (Effect::Duty { obligations, on }, Mode::Enforce) = (&rule.effect, rule.mode)
            && stands(*on, verdict)
        {
            places.extend(obligations.iter().copied());
        }
    }
    let entries = places.into_iter().filter_map(|place| policy.bundle.catalogue.obligations.get(place));
    entries
        .map(|entry| Obligation { kind: entry.kind.clone(), parameters: parameters(entry, facts) })
        .collect()
}

const fn stands(on: DutyOn, verdict: Verdict) -> bool {
    matches!(
        (on, verdict),
        (DutyOn::Always, _) | (DutyOn::Allow, Verdict::Allow) | (DutyOn::Deny, Verdict::Deny)
    )
}

fn parameters(entry: &crate::bundle::ObligationEntry, facts: &Facts<'_>) -> BTreeMap<Arc<str>, String> {
    let value = |path: &str| parameter(path, facts.limits)?.value(facts).ok().map(|value| text(&value));
    entry.parameters.iter().filter_map(|(name, path)| Some((name.clone(), value(path)?))).collect()
}

/// A signal's value as text, for parameters and explanations.
pub fn text(value: &Value<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Text(value) => value.to_string(),
        Value::Set(texts) => texts.iter().collect::<Vec<_>>().join(","),
    }
}
