//! Runs cases and says what differs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::fixtures::FixtureError;
use super::{Case, Expect, Suite, history};
use crate::bundle::{REPLAYED, Snapshot};
use crate::decide::{decide, refuse};
use crate::domain::{Account, AccountId, AccountStatus, Decision, OK, Request, ResolvedAccount, Verdict};
use crate::signals::Subject;

/// How far up a tree of accounts is followed.
const MAX_DEPTH: usize = 16;

/// What came of all cases.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How many got what they expect.
    pub passed: usize,
    /// The others.
    pub failed: Vec<Failure>,
}

/// One case that got something else.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The case.
    pub id: String,
    /// Why it exists.
    pub why: String,
    /// What it expects.
    pub expected: Got,
    /// What it got, or why it could not be run.
    pub got: Result<Got, String>,
}

/// A decision as far as cases compare it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Got {
    /// `ALLOW` or `DENY`.
    pub decision: String,
    /// Primary reason.
    pub reason: String,
    /// The other violations.
    pub also: BTreeSet<String>,
    /// Whether the primary reason is retryable, where asserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// Obligations, where asserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obligations: Option<BTreeSet<String>>,
}

/// Runs every case of a suite against a bundle; `done` is called after each.
pub fn run(suite: &Suite, policy: &Snapshot, mut done: impl FnMut()) -> Report {
    let mut report = Report::default();
    for case in &suite.cases {
        let got = run_one(suite, policy, case).map(|decision| Got::of(&decision, &case.expect));
        let expected = Got::expected(&case.expect);
        if got.as_ref() == Ok(&expected) {
            report.passed += 1;
        } else {
            report.failed.push(Failure { id: case.id.clone(), why: case.why.clone(), expected, got });
        }
        done();
    }
    report
}

/// What the service would answer: a decision, or a refusal as malformed.
enum Answer {
    Decision(Box<Decision>),
    Malformed,
}

fn run_one(suite: &Suite, policy: &Snapshot, case: &Case) -> Result<Answer, String> {
    Ok(match Prepared::new(suite, policy, case)? {
        Some(prepared) => Answer::Decision(Box::new(prepared.decide(prepared.now))),
        None => Answer::Malformed,
    })
}

/// A case made ready: its history is remembered, and its request can be decided at any instant.
pub(super) struct Prepared {
    policy: Snapshot,
    request: Request,
    account: Option<ResolvedAccount>,
    replayed: bool,
    /// The clock of the case.
    pub(super) now: Timestamp,
}

// === impl Prepared ===

impl Prepared {
    /// None where the request is malformed.
    pub(super) fn new(suite: &Suite, policy: &Snapshot, case: &Case) -> Result<Option<Self>, String> {
        let policy = suite.fixtures.apply(policy, &case.lists).map_err(|error| chain(&error))?;
        let Ok(request) = request(case) else { return Ok(None) };
        let now = request.envelope.at.ok_or("the request has no `at`")?;
        let account = account(suite, case)?;
        let own = account.as_ref().map(|account| &*account.account);
        history::remember(&policy, case, own, now.as_millisecond())?;
        let nonce = request.envelope.nonce.as_deref();
        let replayed = nonce.is_some_and(|nonce| history::nonce_used(case, nonce));
        Ok(Some(Self { policy, request, account, replayed, now }))
    }

    pub(super) fn decide(&self, now: Timestamp) -> Decision {
        let subject = self.account.as_ref().map_or(Subject::Missing, Subject::Known);
        if self.replayed {
            return refuse(&self.policy, &self.request, subject, REPLAYED, now, Uuid::nil());
        }
        decide(&self.policy, &self.request, subject, now, Uuid::nil())
    }
}

fn chain(error: &FixtureError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn request(case: &Case) -> Result<Request, Vec<crate::domain::FieldViolation>> {
    let mut fields = case.request.clone();
    fields.insert("action".into(), Value::from(case.action.as_str()));
    fields.insert("account_id".into(), Value::from(case.account.as_str()));
    Request::from_json(Value::Object(fields))
}

fn account(suite: &Suite, case: &Case) -> Result<Option<ResolvedAccount>, String> {
    let Some(base) = suite.accounts.get(&case.account) else { return Ok(None) };
    let mut json = base.clone();
    if let Some(patch) = &case.account_patch {
        json_patch::merge(&mut json, patch);
    }
    let mut account: Account =
        serde_json::from_value(json).map_err(|error| format!("the account is malformed: {error}"))?;
    opt_outs_after(&mut account, case);
    let ancestors = ancestors(suite, &account)?;
    Ok(Some(ResolvedAccount::new(Arc::new(account), 0, &ancestors)))
}

/// The account's opt-outs as its own history leaves them: the last word of each recipient counts.
fn opt_outs_after(account: &mut Account, case: &Case) {
    let text = |event: &'_ super::Event, name: &str| {
        event.fields.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let own = |event: &&super::Event| text(event, "account_id").is_none_or(|id| id == case.account);
    let mut words: Vec<_> = case.history.iter().filter(own).collect();
    words.sort_by(|a, b| a.t.total_cmp(&b.t));
    for event in words {
        match (event.action.as_str(), text(event, "to")) {
            ("OPT_OUT", Some(to)) => drop(account.opt_outs.insert(to)),
            ("OPT_IN", Some(to)) => drop(account.opt_outs.remove(&to)),
            _ => {}
        }
    }
}

fn ancestors(suite: &Suite, account: &Account) -> Result<Vec<(AccountId, AccountStatus)>, String> {
    let mut found: Vec<(AccountId, AccountStatus)> = Vec::new();
    let mut next = account.parent_id.clone();
    while let Some(id) = next {
        let json =
            suite.accounts.get(id.as_str()).ok_or_else(|| format!("there is no parent account `{id}`"))?;
        let parent: Account =
            serde_json::from_value(json.clone()).map_err(|error| format!("`{id}`: {error}"))?;
        if found.len() == MAX_DEPTH || found.iter().any(|(seen, _)| *seen == id) {
            return Err(format!("the accounts above `{id}` go in a circle or too far up"));
        }
        found.push((id, parent.status));
        next = parent.parent_id;
    }
    Ok(found)
}

// === impl Got ===

impl Got {
    fn expected(expect: &Expect) -> Self {
        Self {
            decision: expect.decision.clone(),
            reason: expect.reason.clone(),
            also: expect.also.clone(),
            retryable: expect.retryable,
            obligations: expect.obligations.clone(),
        }
    }

    /// What a case compares; what it does not assert is left out on both sides.
    fn of(answer: &Answer, expect: &Expect) -> Self {
        let (decision, codes, retryable, obligations) = match answer {
            Answer::Malformed => (Verdict::Deny, vec!["INVALID_REQUEST".to_owned()], false, BTreeSet::new()),
            Answer::Decision(d) => {
                let codes = d.violations.iter().map(|reason| reason.code.to_string()).collect();
                let retryable = d.violations.first().is_some_and(|reason| reason.retryable);
                (d.verdict, codes, retryable, d.obligations.iter().map(|o| o.kind.to_string()).collect())
            }
        };
        let mut codes = codes.into_iter();
        Self {
            decision: decision.as_str().to_owned(),
            reason: codes.next().unwrap_or_else(|| OK.to_owned()),
            also: codes.collect(),
            retryable: expect.retryable.map(|_| retryable),
            obligations: expect.obligations.as_ref().map(|_| obligations),
        }
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decision, self.reason)?;
        let list = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        if !self.also.is_empty() {
            write!(f, ", also {}", list(&self.also))?;
        }
        if let Some(retryable) = self.retryable {
            write!(f, ", {}retryable", if retryable { "" } else { "not " })?;
        }
        if let Some(obligations) = &self.obligations {
            write!(f, ", obligations [{}]", list(obligations))?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.id, self.why)?;
        writeln!(f, "  expected {}", self.expected)?;
        match &self.got {
            Ok(got) => write!(f, "  got      {got}"),
            Err(error) => write!(f, "  could not be run: {error}"),
        }
    }
}
