//! When the same request could pass: for each rule behind a denial the first instant at which it does
//! not hold any more, as far as that is a matter of time alone.
//!
//! Between two instants at which something leaves a window nothing changes, so only those are tried.
//! A rule whose counters can only go down passes for good once it passes; for others the first instants
//! are tried one by one, and those behind them by leaps, which finds an instant at which it passes.

use std::time::Duration;

use jiff::Timestamp;

use super::Found;
use crate::bundle::{Rank, Snapshot};
use crate::rules::{Effect, Kept, Rule};
use crate::signals::Facts;
use crate::traffic::Aggregate;

/// Most instants that are tried one by one.
const ONE_BY_ONE: usize = 64;

/// The longest of the waits for each reason; none if any of them stays.
pub(super) fn wait(
    policy: &Snapshot,
    facts: &Facts<'_>,
    matched: &[usize],
    found: &Found,
) -> Option<Duration> {
    let reasons = &policy.bundle.catalogue.reasons;
    // One that stays is the end of it, so the costly part comes after.
    let usual = |rank: &Rank| reasons.get(*rank).and_then(|reason| reason.retry_after);
    let usual: Vec<Duration> = found.keys().map(usual).collect::<Option<_>>()?;
    let exact = |((rank, ids), usual): ((&Rank, &Vec<_>), Duration)| {
        let rules = &policy.bundle.program.rules;
        let behind = matched.iter().filter_map(|place| Some((*place, rules.get(*place)?)));
        let behind =
            behind.filter(|(_, rule)| rule.effect == Effect::Forbid(*rank) && ids.contains(&rule.id));
        behind.map(|(place, rule)| passes(policy, facts, place, rule).unwrap_or(usual)).max().unwrap_or(usual)
    };
    found.iter().zip(usual).map(exact).max()
}

/// How long a rule goes on to hold, if time alone ends that.
fn passes(policy: &Snapshot, facts: &Facts<'_>, place: usize, rule: &Rule) -> Option<Duration> {
    let counters = &policy.bundle.counters;
    let mut instants: Vec<i64> = rule.reads.iter().flat_map(|path| facts.changes(counters, path)).collect();
    instants.sort_unstable();
    instants.dedup();
    let falling = rule.reads.iter().filter_map(|path| Facts::counter_of(counters, path)).all(|counter| {
        matches!(counter.aggregate, Aggregate::Count | Aggregate::Sum(_) | Aggregate::Distinct(_))
    });
    let passes = |at: i64| {
        let Ok(at) = Timestamp::from_millisecond(at) else { return false };
        let later = facts.at(at);
        let mut kept = Kept::default();
        policy.bundle.program.ask(&later, &mut kept).holds_not(place)
    };
    let at = first(&instants, if falling { 0 } else { ONE_BY_ONE }, passes)?;
    let wait = at.checked_sub(facts.now.as_millisecond()).and_then(|wait| u64::try_from(wait).ok())?;
    Some(Duration::from_millis(wait.max(1)))
}

/// The first instant that passes, of those before `one_by_one` and, behind them, as by leaps.
pub(super) fn first(instants: &[i64], one_by_one: usize, passes: impl Fn(i64) -> bool) -> Option<i64> {
    let (near, far) = instants.split_at(one_by_one.min(instants.len()));
    if let Some(at) = near.iter().copied().find(|at| passes(*at)) {
        return Some(at);
    }
    // Everything before `begin` does not pass.
    let (mut begin, mut leap) = (0, 1);
    loop {
        let end = (begin + leap).min(far.len());
        let tried = far.get(begin..end).filter(|tried| !tried.is_empty())?;
        if tried.last().is_some_and(|at| passes(*at)) {
            return tried.get(tried.partition_point(|at| !passes(*at))).copied();
        }
        (begin, leap) = (end, leap * 2);
    }
}

#[cfg(test)]
mod tests;
