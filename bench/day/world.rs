//! A platform for a day: accounts, the policy, and what was attempted and became of it, in the order in
//! which it happens.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use aupd::bundle::Snapshot;
use aupd::decide::decide_attempt;
use aupd::domain::{Decision, Request, ResolvedAccount};
use aupd::signals::{History, Subject};
use aupd::traffic::Event;
use aupd::traffic::outcome::{Became, Change};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// Midnight, UTC, a Tuesday.
pub const MIDNIGHT: i64 = 1_796_083_200_000;
pub const SECOND: i64 = 1_000;
pub const HOUR: i64 = 3_600 * SECOND;

/// A sequence that is the same in every run (xorshift64*).
pub struct Random(u64);

/// What somebody attempts, and what becomes of it after so many ms, if it is allowed.
pub struct Attempt {
    pub request: Value,
    pub outcomes: Vec<(i64, Became)>,
    /// Whether it is part of an attack.
    pub attack: bool,
}

/// Somebody who attempts things.
pub trait Actor {
    fn account(&self) -> &ResolvedAccount;
    /// The next attempt, and how long until the one after it, ms; none: no more.
    fn next(&mut self, random: &mut Random) -> Option<(Attempt, i64)>;
    /// Told of each decision.
    fn told(&mut self, at: i64, attack: bool, decision: &Decision);

    fn caller(&self) -> Option<&super::cdr::Caller> {
        None
    }

    fn honest(&self) -> Option<&super::people::Honest> {
        None
    }
}

/// What is to happen.
enum Due {
    Attempt(usize),
    Outcome { actor: usize, id: Uuid, became: Became },
}

/// The day: the policy, who is there, and what is to happen next.
pub struct Day {
    policy: Snapshot,
    actors: Vec<Box<dyn Actor>>,
    due: BinaryHeap<Reverse<(i64, u64)>>,
    what: std::collections::HashMap<u64, Due>,
    random: Random,
    nth: u64,
    pub attempts: u64,
}

// === impl Random ===

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below a bound.
    pub fn below(&mut self, bound: i64) -> i64 {
        i64::try_from(self.next() >> 1).unwrap_or(0) % bound.max(1)
    }

    pub fn percent(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

// === impl Day ===

impl Day {
    pub fn new(policy: Snapshot, seed: u64) -> Self {
        Self {
            policy,
            actors: Vec::new(),
            due: BinaryHeap::new(),
            what: std::collections::HashMap::new(),
            random: Random::new(seed),
            nth: 0,
            attempts: 0,
        }
    }

    /// Somebody who begins at an instant.
    pub fn enter(&mut self, actor: Box<dyn Actor>, begin: i64) {
        self.actors.push(actor);
        self.plan(begin, Due::Attempt(self.actors.len() - 1));
    }

    pub fn actors(&self) -> impl Iterator<Item = &dyn Actor> {
        self.actors.iter().map(|actor| &**actor)
    }

    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Lets everything happen until an instant; `tell` hears of every millionth attempt.
    pub fn run(&mut self, until: i64, tell: &mut dyn FnMut(u64)) {
        while let Some(Reverse((at, nth))) = self.due.pop() {
            if at >= until {
                return;
            }
            self.policy.traffic.tick(at);
            match self.what.remove(&nth) {
                Some(Due::Attempt(actor)) => {
                    self.attempt(at, actor);
                    if self.attempts.is_multiple_of(1_000_000) {
                        tell(self.attempts);
                    }
                }
                Some(Due::Outcome { actor, id, became }) => self.outcome(actor, id, became),
                None => {}
            }
        }
    }

    fn plan(&mut self, at: i64, due: Due) {
        self.nth += 1;
        self.due.push(Reverse((at, self.nth)));
        self.what.insert(self.nth, due);
    }

    fn attempt(&mut self, at: i64, number: usize) {
        let Some(actor) = self.actors.get_mut(number) else { return };
        let Some((attempt, wait)) = actor.next(&mut self.random) else { return };
        self.attempts += 1;
        let request = Request::from_json(attempt.request).expect("the attempt is well-formed");
        let now = Timestamp::from_millisecond(at).expect("an instant");
        let id = Uuid::from_u128(u128::from(self.attempts));
        let subject = Subject::Known(actor.account());
        let (decision, event) = decide_attempt(&self.policy, &request, subject, now, id, None);
        let outcomes = event.is_some_and(|event| {
            let awaits = event.id.is_some();
            self.policy.traffic.remember(event, &decision).expect("it is remembered");
            awaits
        });
        actor.told(at, attempt.attack, &decision);
        self.plan(at + wait.max(1), Due::Attempt(number));
        if outcomes {
            for (after, became) in attempt.outcomes {
                self.plan(at + after, Due::Outcome { actor: number, id, became });
            }
        }
    }

    fn outcome(&self, actor: usize, id: Uuid, became: Became) {
        let Some(account) = self.actors.get(actor).map(|actor| actor.account()) else { return };
        let history = History {
            lists: &self.policy.lists,
            limits: &self.policy.limits,
            account: Some(&account.account),
        };
        let mut apply = |event: &mut Event| {
            if became.apply(event) == Change::Done {
                let at = Timestamp::from_millisecond(event.at).expect("an instant");
                *event = history.complete(event.clone(), at);
            }
        };
        let name = account.account.id.as_str();
        self.policy.traffic.amend(name, &id.to_string(), &mut apply).expect("it can be amended");
    }
}

/// An account as it is in the examples, changed.
pub fn account(example: &Value, id: &str, patch: &Value) -> ResolvedAccount {
    let mut json = example.clone();
    json["id"] = Value::from(id);
    merge(&mut json, patch);
    ResolvedAccount::new(Arc::new(serde_json::from_value(json).expect("a well-formed account")), 1, &[])
}

fn merge(to: &mut Value, patch: &Value) {
    match (to, patch) {
        (Value::Object(to), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(to.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (to, patch) => *to = patch.clone(),
    }
}
