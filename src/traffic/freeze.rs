//! What becomes of the oldest entries of a long log. The newest [`EXACT`] stay as they are. Older
//! ones are merged where that moves no window by more than a part in 256 of all that is newer;
//! values that are seen again later need no older entry; and of very many values a sample is kept.
//! So a key costs a bounded number of entries, whatever its traffic.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};

use super::entry::Entry;
use super::plan::{Kind, Plan};

/// So many of the newest events of a key are kept one by one.
pub(super) const EXACT: usize = 4_096;
/// Merging waits for so many more.
pub(super) const BATCH: usize = 512;
/// Several are one where together they are at most this part of all that is newer.
const PART: u128 = 256;
/// Most merged entries of totals, or of values that are weighed.
const MOST_MERGED: usize = 8_192;
/// Most different values that are kept; beyond it half of them stand for all.
const MOST_VALUES: usize = 65_536;
/// So many of the heaviest values keep their name when there are too many.
const HEAVIEST: usize = 1_024;

/// Whether a value is one of those that are kept at a level of sampling.
pub(super) fn sampled(kind: Kind, entry: &Entry, level: u32) -> bool {
    kind != Kind::Distinct || entry.value().trailing_zeros() >= level
}

/// The entries with old ones merged, and the level of sampling from then on.
pub(super) fn merged(
    plan: &Plan,
    mut entries: VecDeque<Entry>,
    limits: &[i64],
    mut level: u32,
) -> (VecDeque<Entry>, u32) {
    let recent = entries.split_off(entries.len().saturating_sub(EXACT));
    let old: Vec<Entry> = entries.into_iter().filter(|entry| plan.admits(entry, limits)).collect();
    let mut old = match plan.kind {
        Kind::Totals => totals(plan, &old, &recent, limits),
        Kind::Distinct => last_of_each(&old),
        Kind::Run => {
            let mut old = last_of_each(&old);
            old.drain(..old.len().saturating_sub(MOST_VALUES));
            old
        }
        Kind::Share(_) | Kind::Classes => weights(&old, &recent),
    };
    let mut recent: Vec<Entry> = recent.into();
    while plan.kind == Kind::Distinct && old.len() + recent.len() > MOST_VALUES {
        level += 1;
        old.retain(|entry| sampled(plan.kind, entry, level));
        recent.retain(|entry| sampled(plan.kind, entry, level));
    }
    old.append(&mut recent);
    (old.into(), level)
}

/// Merges from the newest to the oldest, so that what is newer is known.
fn totals(plan: &Plan, old: &[Entry], recent: &VecDeque<Entry>, limits: &[i64]) -> Vec<Entry> {
    let part = |entry: &Entry| plan.part_of(entry, limits);
    let mut newer = Sizes::default();
    for entry in recent {
        newer.add(entry.measure, part(entry));
    }
    let mut merged: Vec<Entry> = Vec::new();
    let mut last: Option<Entry> = None;
    for entry in old.iter().rev().map(|entry| entry.frozen(part(entry))) {
        let joined = last.and_then(|last| joined(last, &entry).filter(|both| newer.hardly_has(both)));
        if let Some(both) = joined {
            last = Some(both);
        } else if let Some(done) = last.replace(entry) {
            newer.add(done.measure, done.frozen_part());
            merged.push(done);
        }
    }
    merged.extend(last);
    while merged.len() > MOST_MERGED {
        merged = halved(&merged);
    }
    merged.reverse();
    merged
}

fn joined(newer: Entry, older: &Entry) -> Option<Entry> {
    let part = newer.frozen_part().saturating_add(older.frozen_part());
    newer.joined(older).map(|both| both.frozen(part))
}

/// Each two of the older half as one; newest first.
fn halved(merged: &[Entry]) -> Vec<Entry> {
    let (newer, older) = merged.split_at(merged.len() / 2);
    let mut halved = newer.to_vec();
    for two in older.chunks(2) {
        match two {
            [newer, older] => match joined(*newer, older) {
                Some(both) => halved.push(both),
                None => halved.extend([*newer]),
            },
            rest => halved.extend(rest),
        }
    }
    halved
}

/// Sizes of measures, whichever sign they have.
#[derive(Default)]
struct Sizes {
    measure: u128,
    part: u128,
}

impl Sizes {
    fn add(&mut self, measure: i64, part: i64) {
        self.measure += u128::from(measure.unsigned_abs());
        self.part += u128::from(part.unsigned_abs());
    }

    fn hardly_has(&self, both: &Entry) -> bool {
        u128::from(both.measure.unsigned_abs()) * PART <= self.measure
            && u128::from(both.frozen_part().unsigned_abs()) * PART <= self.part
    }
}

/// Only the newest entry of each value: a window that has an older one has that too, because windows
/// end among the recent ones.
fn last_of_each(old: &[Entry]) -> Vec<Entry> {
    let mut seen = HashSet::with_capacity(old.len());
    let mut kept: Vec<Entry> =
        old.iter().rev().filter(|entry| seen.insert(entry.value())).map(|entry| entry.compared()).collect();
    kept.reverse();
    kept
}

/// Entries of the same value are merged where they are near each other; of too many values the
/// heaviest keep their name.
fn weights(old: &[Entry], recent: &VecDeque<Entry>) -> Vec<Entry> {
    let merged = near(old, recent);
    if merged.len() <= MOST_MERGED {
        return merged;
    }
    let heaviest = heaviest(&merged);
    let nameless = |entry: Entry| if heaviest.contains(&entry.value()) { entry } else { entry.nameless() };
    let mut merged = near(&merged.into_iter().map(nameless).collect::<Vec<_>>(), recent);
    merged.drain(..merged.len().saturating_sub(2 * MOST_MERGED));
    merged
}

fn near(old: &[Entry], recent: &VecDeque<Entry>) -> Vec<Entry> {
    let size = |entry: &Entry| u128::from(entry.measure.unsigned_abs());
    let mut newer: u128 = recent.iter().map(size).sum();
    let (mut group, mut group_size): (HashMap<u64, Entry>, u128) = (HashMap::new(), 0);
    let mut merged = Vec::new();
    for entry in old.iter().rev().map(|entry| entry.compared()) {
        if (group_size + size(&entry)) * PART > newer {
            newer += group_size;
            group_size = 0;
            merged.extend(sorted(&mut group));
        }
        group_size += size(&entry);
        group
            .entry(entry.value())
            .and_modify(|known| known.measure = known.measure.saturating_add(entry.measure))
            .or_insert(entry);
    }
    merged.extend(sorted(&mut group));
    merged.reverse();
    merged
}

fn sorted(group: &mut HashMap<u64, Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = group.drain().map(|(_, entry)| entry).collect();
    entries.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.at), entry.value()));
    entries
}

fn heaviest(merged: &[Entry]) -> HashSet<u64> {
    let mut weights: HashMap<u64, i128> = HashMap::new();
    for entry in merged.iter().filter(|entry| entry.value() != 0) {
        *weights.entry(entry.value()).or_default() += i128::from(entry.measure);
    }
    let mut weights: Vec<_> = weights.into_iter().collect();
    weights.sort_unstable_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    weights.into_iter().take(HEAVIEST).map(|(value, _)| value).collect()
}
