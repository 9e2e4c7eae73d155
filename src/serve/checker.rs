//! One Check, from a request that is well formed to a decision that is recorded: replay guard,
//! account, decision, record. What is pure happens in [`decide`](crate::decide); here are the clock,
//! the caches and the record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::accounts::{Accounts, Cause as LookupCause, Lookup};
use crate::audit::{About, Recorder};
use crate::bundle::{Policy, Snapshot};
use crate::decide::{decide, dials_emergency, refuse};
use crate::domain::{AccountStatus, Decision, Request};
use crate::explain::{Explanation, explain};
use crate::replay::{Guard, Outcome};
use crate::signals::{Cause, Subject};
use crate::telemetry::Metrics;

/// Longest wait for the account of somebody who dials an emergency number: the answer does not
/// depend on it, only the reasons beside it do.
const EMERGENCY_WAIT: Duration = Duration::from_millis(50);

/// The reason of a repetition that is none.
const REPLAYED: &str = "REQUEST_REPLAYED";

/// Everything that deciding needs, shared by all handlers.
pub struct Checker {
    policy: Arc<Policy>,
    accounts: Accounts,
    guard: Guard,
    recorder: Recorder,
    metrics: Arc<Metrics>,
}

// === impl Checker ===

impl Checker {
    /// Joins the parts.
    pub fn new(
        policy: Arc<Policy>,
        accounts: Accounts,
        guard: Guard,
        recorder: Recorder,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { policy, accounts, guard, recorder, metrics }
    }

    /// The policy in force; one request, or one batch, keeps to one snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.policy.current()
    }

    /// What the replay guard did so far.
    pub fn replay_stats(&self) -> crate::replay::Stats {
        self.guard.stats()
    }

    /// Decides a request and records it, whatever becomes of the call.
    pub async fn check(&self, policy: &Snapshot, request: &Request) -> Arc<Decision> {
        let record = self.recorder.pending(request);
        let lookup = self.lookup(policy, request).await;
        let (decision, repeated) = self.guarded(policy, request, &lookup);
        let latency = record.decided(&decision, repeated);
        self.metrics.decided(&decision, latency);
        for reason in decision.violations.iter().filter(|reason| reason.code.starts_with("SYSTEM_")) {
            self.metrics.rule_failed(&reason.code);
        }
        decision
    }

    /// Decides a request and says how; it is recorded, and otherwise nothing is remembered.
    pub async fn explain(&self, policy: &Snapshot, request: &Request) -> Explanation {
        let record = self.recorder.pending(request);
        let lookup = self.lookup(policy, request).await;
        let begin = Instant::now();
        let explanation = explain(policy, request, subject(&lookup), at(request), Uuid::now_v7());
        let explanation = explanation.taken(begin.elapsed());
        record.decided(&explanation.decision, false);
        explanation
    }

    /// Records that a request was refused with an error. Both texts are names from closed sets.
    pub fn refused(&self, about: About, code: &'static str, reason: &'static str) {
        self.recorder.pending_about(about).refused(code, reason);
    }

    async fn lookup(&self, policy: &Snapshot, request: &Request) -> Lookup {
        let envelope = &request.envelope;
        let lookup = if let Some(child) = &envelope.subaccount_id {
            self.accounts.subaccount(&envelope.account_id, child).await
        } else if dials_emergency(policy, request) {
            self.accounts.lookup_within(&envelope.account_id, EMERGENCY_WAIT).await
        } else {
            self.accounts.lookup(&envelope.account_id).await
        };
        if let Lookup::Unavailable { cause } | Lookup::Stale { cause } = &lookup {
            log(cause, request);
        }
        lookup
    }

    /// The decision, and whether it had been given before.
    fn guarded(&self, policy: &Snapshot, request: &Request, lookup: &Lookup) -> (Arc<Decision>, bool) {
        let (subject, now) = (subject(lookup), Timestamp::now());
        let refused = || Arc::new(refuse(policy, request, subject, REPLAYED, at(request), Uuid::now_v7()));
        let fresh = || Arc::new(decide(policy, request, subject, at(request), Uuid::now_v7()));
        if dials_emergency(policy, request) {
            // Before anything else, repetitions included: whoever dials it hears the notice.
            return (fresh(), false);
        }
        if self.nonce_used(request, now) {
            return (refused(), false);
        }
        match self.guard.decide(request, now, |_| in_standing(lookup), fresh) {
            Outcome::Fresh(decision) => (decision, false),
            Outcome::Repeated(decision) => (decision, true),
            Outcome::OtherPayload => (refused(), false),
        }
    }

    fn nonce_used(&self, request: &Request, now: Timestamp) -> bool {
        let envelope = &request.envelope;
        let Some(nonce) = envelope.nonce.as_deref() else { return false };
        let (account, id) = (&envelope.account_id, envelope.request_id.as_ref());
        if envelope.dry_run {
            self.guard.nonce_seen(account, nonce, id, now)
        } else {
            self.guard.nonce_used(account, nonce, id, now)
        }
    }
}

/// The instant that is decided for: as the request says, else the server's clock.
fn at(request: &Request) -> Timestamp {
    request.envelope.at.unwrap_or_else(Timestamp::now)
}

/// What a lookup makes of the account that is decided on.
pub fn subject(lookup: &Lookup) -> Subject<'_> {
    match lookup {
        Lookup::Found(account) => Subject::Known(account),
        Lookup::NotFound => Subject::Missing,
        Lookup::Unavailable { .. } => Subject::Unknown(Cause::AccountUnavailable),
        Lookup::Stale { .. } => Subject::Unknown(Cause::AccountStale),
    }
}

/// Whether an ALLOW that was given before may be given again.
fn in_standing(lookup: &Lookup) -> bool {
    match lookup {
        Lookup::Found(account) => !matches!(account.status, AccountStatus::Suspended | AccountStatus::Closed),
        Lookup::NotFound | Lookup::Unavailable { .. } | Lookup::Stale { .. } => false,
    }
}

fn log(cause: &LookupCause, request: &Request) {
    let mut text = cause.to_string();
    let mut source = std::error::Error::source(cause);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    tracing::warn!(account_id = %request.subject(), cause = text, "the account could not be read");
}
