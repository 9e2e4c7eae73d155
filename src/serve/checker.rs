//! One Check, from a request that is well formed to a decision that is recorded: replay guard,
//! account, decision, count, record. What is pure happens in [`decide`](crate::decide); here are the clock,
//! the caches and the record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::accounts::{Accounts, Cause as LookupCause, Lookup};
use crate::audit::{About, Recorder};
use crate::bundle::{Policy, REPLAYED, Snapshot};
use crate::decide::{decide_among, decide_attempt, dials_emergency, refuse};
use crate::domain::{AccountId, AccountStatus, Decision, Request};
use crate::explain::{Explanation, explain};
use crate::replay::{Guard, Outcome};
use crate::signals::{Cause, SharedTexts, Subject};
use crate::telemetry::Metrics;

/// Longest wait for the account of somebody who dials an emergency number: the answer does not
/// depend on it, only the reasons beside it do.
const EMERGENCY_WAIT: Duration = Duration::from_millis(50);

/// Everything that deciding needs, shared by all handlers.
pub struct Checker {
    policy: Arc<Policy>,
    accounts: Accounts,
    guard: Guard,
    recorder: Recorder,
    metrics: Arc<Metrics>,
}

/// What requests that are decided on with one snapshot have in common: what texts say is read once for
/// as long as they say the same. The items of a batch share the look at their account too; those of a
/// stream do not, because it may stay open for days, and a suspension takes effect at once.
pub struct Batch {
    account: Option<Mutex<Option<Looked>>>,
    texts: SharedTexts,
}

/// An account that was found, and the ids by which it was looked for.
struct Looked {
    account: AccountId,
    below: Option<AccountId>,
    found: Lookup,
}

// === impl Batch ===

impl Batch {
    /// For the items of a `CheckBatch`.
    pub fn of_items() -> Self {
        Self { account: Some(Mutex::default()), texts: SharedTexts::default() }
    }

    /// For the items of a `CheckStream`, as long as the policy stays the same.
    pub fn of_stream() -> Self {
        Self { account: None, texts: SharedTexts::default() }
    }

    /// The last item's account, if it is this one's too and was found.
    fn account(&self, request: &Request) -> Option<Lookup> {
        let envelope = &request.envelope;
        let last = self.account.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let Looked { account, below, found } = last.as_ref()?;
        (*account == envelope.account_id && *below == envelope.subaccount_id).then(|| found.clone())
    }

    fn keep(&self, request: &Request, found: &Lookup) {
        let Some(last) = self.account.as_ref().filter(|_| matches!(found, Lookup::Found(_))) else { return };
        let envelope = &request.envelope;
        let (account, below) = (envelope.account_id.clone(), envelope.subaccount_id.clone());
        let looked = Looked { account, below, found: found.clone() };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(looked);
    }
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
        self.check_among(policy, request, None).await
    }

    /// The same for an item of a batch, whose other items had the same snapshot.
    pub async fn check_among(
        &self,
        policy: &Snapshot,
        request: &Request,
        batch: Option<&Batch>,
    ) -> Arc<Decision> {
        let record = self.recorder.pending(request);
        let emergency = dials_emergency(policy, request);
        let lookup = if let Some(lookup) = batch.and_then(|batch| batch.account(request)) {
            lookup
        } else {
            let lookup = self.lookup(request, emergency).await;
            if let Some(batch) = batch {
                batch.keep(request, &lookup);
            }
            lookup
        };
        let texts = batch.map(|batch| &batch.texts);
        let (decision, repeated) = if emergency {
            // Before anything else, repetitions included: whoever dials it hears the notice. It is no
            // traffic either.
            let at = at(request);
            (Arc::new(decide_among(policy, request, subject(&lookup), at, Uuid::now_v7(), texts)), false)
        } else {
            let fresh = || Arc::new(counted(policy, request, subject(&lookup), texts));
            self.guarded(policy, request, &lookup, fresh)
        };
        let latency = record.decided(&decision, repeated);
        self.metrics.decided(&decision, latency);
        for reason in decision.violations.iter().filter(|reason| reason.code.starts_with("SYSTEM_")) {
            self.metrics.rule_failed(&reason.code);
        }
        decision
    }

    /// Decides a request and says how; it is recorded, and otherwise nothing is remembered.
    pub async fn explain(&self, policy: &Snapshot, request: &Request) -> Explanation {
        let record = self.recorder.pending(request).explaining();
        let lookup = self.lookup(request, dials_emergency(policy, request)).await;
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

    /// Whether an outcome was reported before; from now on it was.
    pub fn outcome_seen(&self, account: &AccountId, name: &Arc<str>, now: Timestamp) -> bool {
        self.guard.outcome_seen(account, name, now)
    }

    /// Forgets an outcome that was not taken after all.
    pub fn forget_outcome(&self, account: &AccountId, name: &Arc<str>) {
        self.guard.forget_outcome(account, name);
    }

    /// Uses a nonce up; whether it had been.
    pub fn claim_nonce(&self, account: &AccountId, nonce: &str, now: Timestamp) -> bool {
        self.guard.nonce_used(account, nonce, None, now)
    }

    async fn lookup(&self, request: &Request, emergency: bool) -> Lookup {
        let envelope = &request.envelope;
        let wait = if emergency { EMERGENCY_WAIT } else { self.accounts.longest_wait() };
        let account = &envelope.account_id;
        let lookup = match &envelope.subaccount_id {
            Some(child) => self.accounts.subaccount_within(account, child, wait).await,
            None => self.accounts.lookup_within(account, wait).await,
        };
        if let Lookup::Unavailable { cause } | Lookup::Stale { cause } = &lookup {
            log(cause, request);
        }
        lookup
    }

    /// The decision, and whether it had been given before.
    fn guarded(
        &self,
        policy: &Snapshot,
        request: &Request,
        lookup: &Lookup,
        fresh: impl FnOnce() -> Arc<Decision>,
    ) -> (Arc<Decision>, bool) {
        let (subject, now) = (subject(lookup), Timestamp::now());
        let refused = || Arc::new(refuse(policy, request, subject, REPLAYED, at(request), Uuid::now_v7()));
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

/// Decides, and remembers the attempt before anybody else is decided on for the account.
fn counted(
    policy: &Snapshot,
    request: &Request,
    subject: Subject<'_>,
    texts: Option<&SharedTexts>,
) -> Decision {
    let traffic = &policy.traffic;
    let _turn = traffic.turn(request.subject().as_str());
    let id = Uuid::now_v7();
    let (decision, attempt) = decide_attempt(policy, request, subject, at(request), id, texts);
    if let Some(attempt) = attempt {
        traffic.tick(Timestamp::now().as_millisecond());
        if let Err(error) = traffic.remember(attempt, &decision) {
            // Every rule that reads a counter denies from now on; the log says why.
            tracing::error!(%error, "an attempt could not be counted");
        }
    }
    decision
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

#[cfg(test)]
mod tests;
