//! Reads of the store that are under way, one for an account.
//!
//! A read runs in a task of its own: whoever asked first may go away, and those who joined still get the
//! answer. Those who come after a write never join a read that began before it; they start another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::Inner;
use super::entry::{Entry, Freshness};
use super::lookup::Cause;
use super::stats::Counts;
use crate::domain::AccountId;

/// Longest time that a read may take before it is given up.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// Most reads under way.
const MAX_FLIGHTS: usize = 65_536;

type Outcome = Result<Arc<Entry>, Cause>;
type Sender = watch::Sender<Option<Outcome>>;
type Receiver = watch::Receiver<Option<Outcome>>;

#[derive(Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<AccountId, Flight>>,
}

struct Flight {
    stamp: u64,
    outcome: Receiver,
}

enum Seat {
    Passenger(Receiver),
    Pilot(Sender, Receiver),
    Full,
}

// === impl Flights ===

impl Flights {
    /// Joins the read of the account, if there is one that began at `stamp` or later.
    fn board(&self, id: &AccountId, stamp: u64) -> Seat {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        match under_way.get(id) {
            Some(flight) if flight.stamp >= stamp => return Seat::Passenger(flight.outcome.clone()),
            None if under_way.len() >= MAX_FLIGHTS => return Seat::Full,
            _ => {}
        }
        let (sender, outcome) = watch::channel(None);
        under_way.insert(id.clone(), Flight { stamp, outcome: outcome.clone() });
        Seat::Pilot(sender, outcome)
    }

    fn land(&self, id: &AccountId, stamp: u64) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.get(id).is_some_and(|flight| flight.stamp == stamp) {
            under_way.remove(id);
        }
    }
}

/// Takes the read off the list, also when it panics.
struct Landing<'a> {
    inner: &'a Inner,
    id: &'a AccountId,
    stamp: u64,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.inner.flights.land(self.id, self.stamp);
    }
}

// === impl Inner ===

impl Inner {
    /// Reads the account, or waits for whoever reads it already.
    pub(super) async fn load(self: &Arc<Self>, id: &AccountId, stamp: u64, deadline: Instant) -> Outcome {
        let mut outcome = self.fly(id, stamp)?;
        let landed = async { outcome.wait_for(Option::is_some).await.map(|landed| landed.clone()) };
        match timeout_at(deadline, landed).await {
            Ok(Ok(Some(outcome))) => outcome,
            Ok(Ok(None) | Err(_)) => Err(Cause::Lost),
            Err(_) => {
                Counts::add(&self.counts.timeouts);
                Err(Cause::Timeout)
            }
        }
    }

    /// Makes sure that the account is being read.
    pub(super) fn fly(self: &Arc<Self>, id: &AccountId, stamp: u64) -> Result<Receiver, Cause> {
        match self.flights.board(id, stamp) {
            Seat::Passenger(outcome) => Ok(outcome),
            Seat::Full => Err(Cause::Overloaded),
            Seat::Pilot(sender, outcome) => {
                let (inner, id) = (self.clone(), id.clone());
                let flight = async move { inner.read_and_tell(&id, stamp, &sender).await };
                // Who waits for it hears of its end, however that comes.
                match &self.background {
                    Some(background) => drop(background.spawn(flight)),
                    None => drop(tokio::spawn(flight)),
                }
                Ok(outcome)
            }
        }
    }

    async fn read_and_tell(&self, id: &AccountId, stamp: u64, sender: &Sender) {
        let landing = Landing { inner: self, id, stamp };
        let outcome = self.read(id, stamp).await;
        // In this order: who finds no flight finds the entry.
        drop(landing);
        sender.send_replace(Some(outcome));
    }

    async fn read(&self, id: &AccountId, stamp: u64) -> Outcome {
        let held = self.entries.get(id).await;
        // Between the look that found nothing and this flight, another one may have landed.
        if let Some(held) = &held
            && held.freshness(stamp, self.clock.now(), &self.config) == Freshness::Good
        {
            return Ok(held.clone());
        }
        let outcome = self.ask_store(id, stamp).await;
        let entry = match (&outcome, held) {
            (Ok(entry), _) => Some(entry.clone()),
            (Err(_), held) => held.map(|held| Arc::new(held.deferred(self.clock.now()))),
        };
        // A read that was overtaken by a write must not push out what was read since.
        if let Some(entry) = entry.filter(|_| self.stamps.current(id) == stamp) {
            self.entries.insert(id.clone(), entry).await;
        }
        outcome
    }

    async fn ask_store(&self, id: &AccountId, stamp: u64) -> Outcome {
        Counts::add(&self.counts.loads);
        let read_at = self.clock.now();
        let answer = match timeout(LIMIT, self.store.account(id)).await {
            Ok(answer) => answer.map_err(|error| Cause::Store(Arc::new(error))),
            Err(_) => Err(Cause::Timeout),
        };
        if answer.is_err() {
            Counts::add(&self.counts.errors);
        }
        answer.map(|stored| Arc::new(Entry::new(stored, read_at, stamp, &self.config)))
    }
}
