//! Cool-downs in the traffic memory.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::super::blocks::{Block, Cooling, EVERY_ACCOUNT};
use super::super::event::Event;
use super::super::field::Field;
use super::super::segments::image::Change;
use super::{Memory, Unreadable};
use crate::domain::{Decision, Obligation};

/// The duty that opens a cool-down.
const BLOCK_PREFIX: &str = "BLOCK_PREFIX";

// === impl Memory ===

impl Memory {
    /// Opens the cool-downs that a decision asks for.
    pub(super) fn cool_down(&self, attempt: &Event, decision: &Decision) -> Result<(), Unreadable> {
        let Some(account) = attempt.text(Field::Account) else { return Ok(()) };
        let note = decision.violations.first().map_or("", |reason| &*reason.code);
        let duties = decision.obligations.iter().filter(|duty| &*duty.kind == BLOCK_PREFIX);
        duties.filter_map(prefix_and_life).try_for_each(|(prefix, life)| {
            self.block(account, Block::by_rule(prefix, note, attempt.at, life))
        })
    }

    /// Stops traffic of an account to a prefix. A cool-down that holds and ends later goes on.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn block(&self, account: &str, block: Block) -> Result<(), Unreadable> {
        self.change_cooldowns(account, &Cooling::Open(block)).map(drop)
    }

    /// Stops traffic of an account, or of every account, to a prefix for as long as an operator says, whether
    /// a cool-down holds or not.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn set_cooldown(&self, account: &str, block: Block) -> Result<(), Unreadable> {
        self.change_cooldowns(account, &Cooling::Set(block)).map(drop)
    }

    /// Lifts a cool-down; whether there was one that held at an instant, ms.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn unblock(&self, account: &str, prefix: &str, now: i64) -> Result<bool, Unreadable> {
        self.change_cooldowns(account, &Cooling::Lift { prefix: prefix.into(), now })
    }

    /// The cool-downs of an account, or of all, with whose they are, also those that are over; by prefix and
    /// account.
    pub fn cooldowns(&self, account: Option<&str>) -> Vec<(Arc<str>, Block)> {
        let mut found = Vec::new();
        for blocks in &self.blocks {
            let blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = blocks.iter().filter(|(of, _)| account.is_none_or(|account| account == &***of));
            found.extend(asked.map(|(of, block)| (of.clone(), block.clone())));
        }
        found.sort_unstable_by(|(a, x), (b, y)| (&x.prefix, a).cmp(&(&y.prefix, b)));
        found
    }

    /// Until when, ms, traffic of the account to a number is stopped, if it is.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn blocked_until(&self, account: &str, number: &str, now: i64) -> Result<Option<i64>, Unreadable> {
        let own = self.blocks_of(account)?.until(account, number, now);
        // Hardly ever are there any, and then nobody waits for their lock.
        if self.for_everybody.load(Ordering::Acquire) == 0 {
            return Ok(own);
        }
        Ok(own.max(self.blocks_of(EVERY_ACCOUNT)?.until(EVERY_ACCOUNT, number, now)))
    }

    /// The cool-down of the account for exactly that prefix, also if it is over.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn last_cooldown(&self, account: &str, prefix: &str) -> Result<Option<Block>, Unreadable> {
        Ok(self.blocks_of(account)?.of(account).find(|block| &*block.prefix == prefix).cloned())
    }

    /// Makes a change, and writes it down in the order in which it is made; whether it lifted one that held.
    pub(super) fn change_cooldowns(&self, account: &str, cooling: &Cooling) -> Result<bool, Unreadable> {
        let held = self.journal.change();
        let mut blocks = self.blocks_of(account)?;
        self.write_down(held.as_ref(), &Change::Cooling(account, cooling));
        let lifted = blocks.change(account, cooling, self.bounds.blocks);
        if account == EVERY_ACCOUNT {
            self.for_everybody.store(blocks.of(account).count(), Ordering::Release);
        }
        Ok(lifted)
    }
}

fn prefix_and_life(duty: &Obligation) -> Option<(&str, i64)> {
    let life = duty.parameters.get("ttl")?.parse().ok()?;
    Some((duty.parameters.get("prefix")?, life))
}
