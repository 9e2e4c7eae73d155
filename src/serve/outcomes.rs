//! `ReportOutcomes`: what came of attempts, taken in one by one. One that is not taken does not touch the
//! others.
//!
//! Opt-outs go into the list of the store before anybody is told that they were taken, those of a call
//! together. Everything else is kept by the traffic memory.

mod opts;

use std::sync::Arc;

use jiff::Timestamp;

use super::account::known_account;
use super::checker::Checker;
use super::convert;
use super::status::{self, Refusal};
use crate::accounts::Accounts;
use crate::bundle::Snapshot;
use crate::domain::{AccountId, AttemptId, Happened, Outcome, ResolvedAccount};
use crate::live_lists::LiveLists;
use crate::proto;
use crate::signals::History;
use crate::telemetry::Metrics;
use crate::traffic::outcome::{Became, Change};
use crate::traffic::{Amended, Event, Fact, Field, Unreadable};

/// Takes outcomes in. Clones share everything.
#[derive(Clone)]
pub struct Outcomes {
    inner: Arc<Inner>,
}

struct Inner {
    checker: Arc<Checker>,
    accounts: Accounts,
    lists: LiveLists,
    metrics: Arc<Metrics>,
    /// Held from reading an entry of the list to writing it.
    opting: tokio::sync::Mutex<()>,
}

type Taken = Result<Change, Refusal>;

// === impl Outcomes ===

impl Outcomes {
    /// Over the checker whose attempts they are about.
    pub fn new(checker: Arc<Checker>, accounts: Accounts, lists: LiveLists, metrics: Arc<Metrics>) -> Self {
        let opting = tokio::sync::Mutex::default();
        Self { inner: Arc::new(Inner { checker, accounts, lists, metrics, opting }) }
    }

    /// Takes in what can be, in order, and says why the others were not.
    pub async fn report(&self, outcomes: Vec<proto::Outcome>) -> proto::ReportOutcomesResponse {
        let inner = &*self.inner;
        let (policy, now) = (inner.checker.snapshot(), Timestamp::now());
        policy.traffic.tick(now.as_millisecond());
        let mut results: Vec<Option<(&'static str, Taken)>> = Vec::with_capacity(outcomes.len());
        let mut opts = Vec::new();
        for (index, message) in outcomes.into_iter().enumerate() {
            results.push(match convert::outcome(message, now) {
                Err(refusal) => Some(("OTHER", Err(refusal))),
                Ok(outcome) if matches!(outcome.event, Happened::Opt(_)) => {
                    opts.push((index, outcome));
                    None
                }
                Ok(outcome) => Some((outcome.event.name(), inner.once(&policy, &outcome, now).await)),
            });
            // A thousand of them must not hold up everybody else on this thread.
            tokio::task::consume_budget().await;
        }
        for (index, taken) in inner.opt(&policy, opts, now).await {
            if let Some(place) = results.get_mut(index) {
                *place = Some(("OPT_CHANGE", taken));
            }
        }
        inner.answer(results.into_iter().flatten())
    }
}

// === impl Inner ===

impl Inner {
    fn answer(&self, results: impl Iterator<Item = (&'static str, Taken)>) -> proto::ReportOutcomesResponse {
        let mut answer = proto::ReportOutcomesResponse::default();
        for (index, (event, taken)) in (0..).zip(results) {
            self.metrics.outcome(event, result(&taken));
            match taken {
                Ok(_) => answer.accepted += 1,
                Err(refusal) => {
                    let error = Some(status::item_error(refusal));
                    answer.rejected.push(proto::RejectedOutcome { index, error });
                }
            }
        }
        answer
    }

    /// Takes one in, unless it was taken before. One that is not taken may come again.
    async fn once(&self, policy: &Snapshot, outcome: &Outcome, now: Timestamp) -> Taken {
        let claim = claim(outcome);
        if let Some(claim) = &claim
            && self.checker.outcome_seen(&outcome.account_id, claim, now)
        {
            return Ok(Change::Repeated);
        }
        let taken = self.take(policy, outcome, now).await;
        if let (Some(claim), Err(_)) = (&claim, &taken) {
            self.checker.forget_outcome(&outcome.account_id, claim);
        }
        taken
    }

    async fn take(&self, policy: &Snapshot, outcome: &Outcome, now: Timestamp) -> Taken {
        let of = Of { policy, outcome, at: outcome.at.unwrap_or(now) };
        match &outcome.event {
            Happened::Message(delivery) => of.amend(Became::Message(*delivery)),
            Happened::Call(answer) => of.amend(Became::Call(*answer)),
            Happened::Code { verified } => of.amend(Became::Code { verified: *verified }),
            Happened::Cancelled => of.amend(Became::Cancelled),
            Happened::CallEnded => of.amend(Became::Ended),
            Happened::Bounce { mailbox } => of.amend_or(Became::Bounced, mailbox),
            Happened::Complaint { complainant, sender } => {
                let account = known_account(&self.accounts, &outcome.account_id).await?;
                of.complaint(&account, complainant.as_deref(), sender.as_deref())
            }
            Happened::AuthFailure(actor) => {
                let mut event = of.event("AUTH_FAILURE");
                event.set_text(Field::Ip, actor.ip.as_deref().unwrap_or_default());
                of.record(event, None)
            }
            Happened::Nonce(nonce) => {
                let used = self.checker.claim_nonce(&outcome.account_id, nonce, now);
                Ok(if used { Change::Repeated } else { Change::Done })
            }
            Happened::Lookup { actor, target } => {
                let account = known_account(&self.accounts, &outcome.account_id).await?;
                let mut event = of.event("LOOKUP");
                event.set_text(Field::Ip, actor.ip.as_deref().unwrap_or_default());
                event.set_text(Field::To, &target.to_ascii_lowercase());
                of.record(event, Some(&account))
            }
            Happened::NumberReleased { number, count } => {
                let account = known_account(&self.accounts, &outcome.account_id).await?;
                of.released(&account, number, *count)
            }
            // Those of a call are taken together.
            Happened::Opt(_) => Ok(Change::Repeated),
        }
    }
}

/// By what a repetition is told, if it can be: by its own id; else, for what no attempt keeps, by all that
/// it says, time included.
fn claim(outcome: &Outcome) -> Option<Arc<str>> {
    if let Some(id) = &outcome.outcome_id {
        return Some(format!("id {id}").into());
    }
    let (name, at) = (outcome.event.name(), outcome.at);
    let said = match &outcome.event {
        Happened::Complaint { complainant, sender: _ } => match &outcome.attempt {
            Some(attempt) => return Some(format!("{name} {}", written(attempt)).into()),
            None => complainant.clone().unwrap_or_default(),
        },
        Happened::AuthFailure(actor) => actor.ip.clone().unwrap_or_default(),
        Happened::Lookup { target, .. } => target.clone(),
        Happened::NumberReleased { number, .. } => number.clone(),
        _ => return None,
    };
    at.map(|at| format!("{name} {at} {said}").into())
}

fn written(attempt: &AttemptId) -> String {
    match attempt {
        AttemptId::Request(id) => id.to_string(),
        AttemptId::Decision(id) => id.to_string(),
    }
}

const fn result(taken: &Taken) -> &'static str {
    match taken {
        Ok(Change::Done) => "TAKEN",
        Ok(Change::Repeated) => "REPEATED",
        Ok(Change::Late | Change::Mismatch) => "LATE",
        Err(Refusal::NotFound(_)) => "UNKNOWN",
        Err(_) => "REFUSED",
    }
}

/// One outcome, and what it is counted with.
struct Of<'a> {
    policy: &'a Snapshot,
    outcome: &'a Outcome,
    at: Timestamp,
}

// === impl Of ===

impl Of<'_> {
    fn account(&self) -> &AccountId {
        &self.outcome.account_id
    }

    /// An event of its own.
    fn event(&self, kind: &str) -> Event {
        let mut event = Event::new(kind, self.at.as_millisecond());
        event.set_text(Field::Account, self.account().as_str());
        event
    }

    fn history<'a>(&'a self, account: Option<&'a ResolvedAccount>) -> History<'a> {
        let account = account.map(|account| &*account.account);
        History { lists: &self.policy.lists, limits: &self.policy.limits, account }
    }

    fn record(&self, event: Event, account: Option<&ResolvedAccount>) -> Taken {
        let event = self.history(account).complete(event, self.at);
        self.policy.traffic.record(&event).map_err(damaged)?;
        Ok(Change::Done)
    }

    /// Changes the attempt that it names.
    fn amend(&self, became: Became) -> Taken {
        let id = self.outcome.attempt.as_ref().map(written).ok_or_else(|| Refusal::missing("request_id"))?;
        self.change(became, |apply| self.policy.traffic.amend(self.account().as_str(), &id, apply))
    }

    /// Changes the attempt that it names or, if it names none that is known, the last message to a
    /// recipient.
    fn amend_or(&self, became: Became, recipient: &str) -> Taken {
        match self.outcome.attempt.as_ref().map(|_| self.amend(became)) {
            None | Some(Err(Refusal::NotFound(_))) => self.change(became, |apply| {
                self.policy.traffic.amend_last(self.account().as_str(), recipient, apply)
            }),
            Some(taken) => taken,
        }
    }

    fn change(
        &self,
        became: Became,
        amend: impl FnOnce(&mut dyn FnMut(&mut Event)) -> Result<Amended, Unreadable>,
    ) -> Taken {
        let mut change = Change::Repeated;
        let history = self.history(None);
        let mut apply = |attempt: &mut Event| {
            change = became.apply(attempt);
            if change == Change::Done {
                let at = Timestamp::from_millisecond(attempt.at).unwrap_or(self.at);
                *attempt = history.complete(attempt.clone(), at);
                rate(attempt, became);
            }
        };
        match amend(&mut apply).map_err(damaged)? {
            Amended::Unknown => Err(Refusal::NotFound("attempt")),
            Amended::Done if change == Change::Mismatch => {
                Err(Refusal::FailedPrecondition("the attempt cannot come to that".to_owned()))
            }
            Amended::Done => Ok(change),
        }
    }

    /// What is known of the attempt that it names.
    fn attempt(&self) -> Result<Option<Event>, Refusal> {
        let Some(id) = self.outcome.attempt.as_ref().map(written) else { return Ok(None) };
        let mut found = None;
        let mut look = |attempt: &mut Event| found = Some(attempt.clone());
        self.policy.traffic.amend(self.account().as_str(), &id, &mut look).map_err(damaged)?;
        Ok(found)
    }

    /// A complaint counts by itself; the mail that it is about counts as complained of too.
    fn complaint(&self, account: &ResolvedAccount, complainant: Option<&str>, sender: Option<&str>) -> Taken {
        let attempt = self.attempt()?;
        if self.outcome.attempt.is_some() && attempt.is_none() && complainant.is_none() {
            return Err(Refusal::NotFound("attempt"));
        }
        let complainant = complainant.map(str::to_ascii_lowercase);
        match self.amend_or(Became::Complaint, complainant.as_deref().unwrap_or_default()) {
            // Of a text or call it is enough that somebody complained.
            Ok(_) | Err(Refusal::NotFound(_) | Refusal::FailedPrecondition(_)) => {}
            Err(refusal) => return Err(refusal),
        }
        let mut event = self.event("COMPLAINT");
        event.set_text(Field::From, sender.unwrap_or_default());
        match (&complainant, &attempt) {
            (Some(complainant), _) => event.set_text(Field::To, complainant),
            (None, Some(attempt)) => {
                let known = [Field::To, Field::Country];
                let known = known.into_iter().filter_map(|field| Some((field, attempt.get(field)?.clone())));
                known.for_each(|(field, fact)| event.set(field, fact));
            }
            (None, None) => {}
        }
        self.record(event, Some(account))
    }

    /// A number that was given back, with how long it had been leased.
    fn released(&self, account: &ResolvedAccount, number: &str, count: u32) -> Taken {
        let lease = account.account.numbers.iter().find(|leased| leased.e164 == number);
        let since = lease.and_then(|lease| lease.leased_at).map(Timestamp::as_millisecond);
        let since = match since {
            Some(since) => Some(since),
            None => self.attempt()?.map(|order| order.at),
        };
        let since = since.ok_or(Refusal::NotFound("lease of that number"))?;
        let mut event = self.event("RELEASE_NUMBER");
        event.weight = i64::from(count);
        event.set(Field::LeaseAgeS, Fact::Number((self.at.as_millisecond() - since).max(0)));
        self.record(event, Some(account))
    }
}

/// What a call cost by the rate deck, where nobody says what it did.
fn rate(call: &mut Event, became: Became) {
    let Became::Call(answer) = became else { return };
    let rated = i128::from(call.number(Field::RatedCost)) / Field::RatedCost.divisor();
    if answer.cost.is_none()
        && answer.duration_ms.is_some()
        && let Some(cost) = i64::try_from(rated).ok().filter(|cost| *cost > 0)
    {
        call.set(Field::Cost, Fact::Number(cost));
    }
}

fn damaged(error: Unreadable) -> Refusal {
    Refusal::Internal(Box::new(error))
}
