//! When a counter changes though nothing happens.

use super::super::aggregate::Asking;
use super::super::counter::{Counter, Window};
use super::super::window::next_midnight;
use super::{Memory, Unreadable};

/// Most instants that are told.
const MOST_INSTANTS: usize = 16_384;

// === impl Memory ===

impl Memory {
    /// The instants, ms, ascending, at which what a counter counts for this key changes by time
    /// alone; the first 16,384 of them.
    ///
    /// # Errors
    /// When the memory cannot tell, or a limit cannot be had.
    pub fn leaving<E: From<Unreadable>>(
        &self,
        counter: &Counter,
        asking: &Asking<'_, E>,
    ) -> Result<Vec<i64>, E> {
        let plan = self.plan(counter)?;
        let Some(key) = plan.key(asking.present) else { return Ok(Vec::new()) };
        let asked = plan.ask(asking)?.ok_or(Unreadable::Unknown)?;
        let (back, forth) = (asking.now.saturating_sub(asked.from), asking.now.saturating_sub(asked.to));
        if let Window::Day(zone) = &plan.counter.window {
            return Ok(next_midnight(asking.now, zone).into_iter().collect());
        }
        let mut shard = self.shard(key)?;
        let Some(log) = shard.find(key) else { return Ok(Vec::new()) };
        let mut instants = Vec::new();
        for entry in log.iter().filter(|entry| entry.at >= asked.from && plan.admits(entry, &asked.limits)) {
            if entry.at > asked.to {
                instants.push(entry.at.saturating_add(forth));
            }
            if plan.counter.window_ends() {
                instants.push(entry.at.saturating_add(back).saturating_add(1));
            }
            if let Some((first, last)) = asked.part {
                instants.push(entry.at.saturating_add(asking.now.saturating_sub(first)).saturating_add(1));
                instants.push(entry.at.saturating_add(asking.now.saturating_sub(last)));
            }
        }
        drop(shard);
        instants.retain(|at| *at > asking.now);
        instants.sort_unstable();
        instants.dedup();
        instants.truncate(MOST_INSTANTS);
        Ok(instants)
    }
}
