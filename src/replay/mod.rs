//! The replay guard: one request, one answer, one count, however often it is sent.
//!
//! A caller that got no answer sends the same `request_id` again. It must get the answer that was
//! given, and the attempt must not be counted twice; and the same id with another payload must be
//! told apart from it. The guard remembers, by account and `request_id`, the decision and a digest
//! of everything that could have changed it.
//!
//! What it remembers is bounded: an entry lives for the configured time, and when there is no room
//! the oldest goes, which is counted ([`Stats::evicted`]); a repetition of that request is then
//! decided anew. The memory is that of this process: after a restart, and on another replica, a
//! repetition is decided anew as well. It does no IO and waits for nothing but a decision on the
//! same key.

mod digest;
mod memory;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::{AccountId, Decision, Request, RequestId, Verdict};

pub use digest::{Digest, payload_digest};
use memory::Memory;

/// How long a reported outcome is recognised: older ones are not taken any more.
const OUTCOMES: Duration = Duration::from_hours(40 * 24);

/// What the guard made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was decided now.
    Fresh(Arc<Decision>),
    /// It was decided before; nothing is to be counted.
    Repeated(Arc<Decision>),
    /// Its `request_id` was used for another payload; nothing was decided.
    OtherPayload,
}

/// What the guard holds and did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Requests remembered.
    pub entries: usize,
    /// Nonces remembered.
    pub nonces: usize,
    /// Requests answered from memory.
    pub repeated: u64,
    /// Requests whose id had been used for another payload.
    pub other_payload: u64,
    /// Requests, nonces and outcomes forgotten before their time, for want of room.
    pub evicted: u64,
}

/// Remembers decisions by account and `request_id`, and nonces by account.
#[derive(Debug)]
pub struct Guard {
    seen: Memory<(AccountId, RequestId), Arc<Slot>>,
    nonces: Memory<(AccountId, Arc<str>), Option<RequestId>>,
    outcomes: Memory<(AccountId, Arc<str>), ()>,
    repeated: AtomicU64,
    other_payload: AtomicU64,
}

/// One key's place. Its lock is held while the decision is made, so that a second request with the
/// same key waits for the first one's answer.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<Stored>>);

#[derive(Debug)]
struct Stored {
    digest: Digest,
    decision: Arc<Decision>,
    /// When it was decided, by the server's clock; the request's own time may lie elsewhere.
    at: Timestamp,
}

enum Recall {
    Nothing,
    Same(Arc<Decision>),
    Other,
}

// === impl Guard ===

impl Guard {
    /// A guard of at most `capacity` requests, and as many nonces, each for at most `ttl`.
    pub fn new(capacity: usize, ttl: Duration) -> Self {
        Self {
            // A slot that someone else holds is being decided on: forgetting it would let a
            // simultaneous repetition through.
            seen: Memory::new(capacity, ttl, |slot| Arc::strong_count(slot) == 1),
            nonces: Memory::new(capacity, ttl, |_| true),
            outcomes: Memory::new(capacity, OUTCOMES, |()| true),
            repeated: AtomicU64::new(0),
            other_payload: AtomicU64::new(0),
        }
    }

    /// Answers a repetition from memory, and anything else by `fresh`.
    ///
    /// `now` is the server's clock, not the time that the request claims. `still_good` says whether
    /// a remembered ALLOW may still be given (is the account still in good standing?); if not, it
    /// is decided anew. A retryable DENY is given again only until `retry_after` is over.
    ///
    /// Requests without `request_id` and dry runs are neither looked up nor remembered. Calls with
    /// the same key wait for each other, others do not; `fresh` must not come back to the guard with
    /// the same key. A `fresh` that panics leaves nothing behind.
    pub fn decide(
        &self,
        request: &Request,
        now: Timestamp,
        still_good: impl Fn(&Decision) -> bool,
        fresh: impl FnOnce() -> Arc<Decision>,
    ) -> Outcome {
        let Some(key) = key(request) else {
            return Outcome::Fresh(fresh());
        };
        let digest = payload_digest(request);
        let slot = self.seen.get_or_insert(key.clone(), now, Arc::default);
        let mut stored = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        match recall(stored.as_ref(), &digest, now, still_good) {
            Recall::Same(decision) => {
                self.repeated.fetch_add(1, Ordering::Relaxed);
                Outcome::Repeated(decision)
            }
            Recall::Other => {
                self.other_payload.fetch_add(1, Ordering::Relaxed);
                Outcome::OtherPayload
            }
            Recall::Nothing => {
                let decision = fresh();
                let before = stored.replace(Stored { digest, decision: decision.clone(), at: now });
                if before.is_some() {
                    self.seen.renew(&key, now, |kept| Arc::ptr_eq(kept, &slot));
                }
                Outcome::Fresh(decision)
            }
        }
    }

    /// Claims `nonce` for a request, and says whether it had been claimed by another one.
    ///
    /// The same `request_id` may come again with its nonce. A request without one cannot be told
    /// from its repetition, so for it every use after the first is a second use.
    pub fn nonce_used(
        &self,
        account: &AccountId,
        nonce: &str,
        request_id: Option<&RequestId>,
        now: Timestamp,
    ) -> bool {
        let key = (account.clone(), Arc::from(nonce));
        let mut claimed = false;
        let owner = self.nonces.get_or_insert(key, now, || {
            claimed = true;
            request_id.cloned()
        });
        !claimed && (request_id.is_none() || owner.as_ref() != request_id)
    }

    /// As [`Guard::nonce_used`], without claiming it: for dry runs and explanations.
    pub fn nonce_seen(
        &self,
        account: &AccountId,
        nonce: &str,
        request_id: Option<&RequestId>,
        now: Timestamp,
    ) -> bool {
        let owner = self.nonces.get(&(account.clone(), Arc::from(nonce)), now);
        owner.is_some_and(|owner| request_id.is_none() || owner.as_ref() != request_id)
    }

    /// Whether an outcome of the account was reported before; from now on it was.
    pub fn outcome_seen(&self, account: &AccountId, name: &Arc<str>, now: Timestamp) -> bool {
        let mut seen = true;
        self.outcomes.get_or_insert((account.clone(), name.clone()), now, || seen = false);
        seen
    }

    /// Forgets an outcome that was not taken after all.
    pub fn forget_outcome(&self, account: &AccountId, name: &Arc<str>) {
        self.outcomes.forget(&(account.clone(), name.clone()));
    }

    /// What it holds and did so far.
    pub fn stats(&self) -> Stats {
        Stats {
            entries: self.seen.len(),
            nonces: self.nonces.len(),
            repeated: self.repeated.load(Ordering::Relaxed),
            other_payload: self.other_payload.load(Ordering::Relaxed),
            evicted: self.seen.evicted() + self.nonces.evicted() + self.outcomes.evicted(),
        }
    }
}

fn key(request: &Request) -> Option<(AccountId, RequestId)> {
    let envelope = &request.envelope;
    let id = envelope.request_id.as_ref().filter(|_| !envelope.dry_run)?;
    Some((envelope.account_id.clone(), id.clone()))
}

fn recall(
    stored: Option<&Stored>,
    digest: &Digest,
    now: Timestamp,
    still_good: impl Fn(&Decision) -> bool,
) -> Recall {
    match stored {
        None => Recall::Nothing,
        Some(stored) if stored.digest != *digest => Recall::Other,
        Some(Stored { decision, at, .. }) => {
            let holds = match decision.verdict {
                Verdict::Allow => still_good(decision),
                Verdict::Deny => denial_holds(decision, *at, now),
            };
            if holds { Recall::Same(decision.clone()) } else { Recall::Nothing }
        }
    }
}

/// A denial is as retryable as its best reason. "Try later" without saying when means now.
fn denial_holds(decision: &Decision, at: Timestamp, now: Timestamp) -> bool {
    let retryable = decision.violations.first().is_some_and(|reason| reason.retryable);
    let until = decision.retry_after.map(|wait| at.saturating_add(wait));
    match until {
        _ if !retryable => true,
        Some(Ok(until)) => now < until,
        Some(Err(_)) | None => false,
    }
}

#[cfg(test)]
mod tests;
