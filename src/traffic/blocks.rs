//! Cool-downs: prefixes to which nothing of an account goes for a while.
//!
//! A rule opens one for a time, and for a longer one if it does so again; an operator opens, changes and
//! lifts them, also for every account.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Whose cool-downs hold for every account. No account has this id.
pub const EVERY_ACCOUNT: &str = "";

/// One that is over is remembered so long, ms: the most that `cooldown_memory_s` may ask for.
const REMEMBERED: i64 = 31 * 86_400_000;
/// Accounts are looked through for old ones when there are twice as many as then were left.
const FEW_ACCOUNTS: usize = 64;

/// Who opened a cool-down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A rule, by a duty.
    Rule,
    /// An operator.
    Operator,
}

/// A prefix that nothing goes to for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The beginning of the numbers.
    pub prefix: Arc<str>,
    /// Since when, ms.
    pub opened: i64,
    /// When it ends, ms.
    pub until: i64,
    /// For how long it was opened when it was opened last, ms.
    pub life: i64,
    /// Who opened it.
    pub origin: Origin,
    /// Why: a reason's code, or an operator's words.
    pub note: Arc<str>,
}

/// A change of the cool-downs of an account.
#[derive(Debug, Clone)]
pub(super) enum Cooling {
    /// A rule opens one: one that holds and ends later goes on, one that ends sooner ends with the new one.
    Open(Block),
    /// An operator puts one in the place of whatever there is for that prefix.
    Set(Block),
    /// An operator lifts one, and it is forgotten: the next one is as long as a first one.
    Lift { prefix: Arc<str>, now: i64 },
}

/// Blocks of all accounts.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    accounts: HashMap<Arc<str>, VecDeque<Block>>,
    look_at: usize,
}

// === impl Block ===

impl Block {
    /// One that a rule opens for `life` ms.
    pub fn by_rule(prefix: &str, note: &str, opened: i64, life: i64) -> Self {
        Self {
            prefix: prefix.into(),
            opened,
            until: opened.saturating_add(life),
            life,
            origin: Origin::Rule,
            note: note.into(),
        }
    }

    /// Whether it holds at an instant, ms.
    pub const fn holds(&self, now: i64) -> bool {
        now < self.until
    }
}

// === impl Blocks ===

impl Blocks {
    /// Makes a change; whether it lifted one that held. Of more than `most` those go that end soonest.
    pub(super) fn change(&mut self, account: &str, cooling: &Cooling, most: usize) -> bool {
        match cooling {
            Cooling::Open(block) => self.open(account, block.clone(), most),
            Cooling::Set(block) => self.set(account, block.clone(), most),
            Cooling::Lift { prefix, now } => return self.lift(account, prefix, *now),
        }
        false
    }

    fn open(&mut self, account: &str, new: Block, most: usize) {
        let known = self.of(account).find(|known| known.prefix == new.prefix && known.holds(new.opened));
        let new = match known {
            Some(known) if known.until >= new.until => return,
            Some(known) => Block { opened: known.opened, ..new },
            None => new,
        };
        self.set(account, new, most);
    }

    fn set(&mut self, account: &str, new: Block, most: usize) {
        self.forget_old(new.opened);
        let blocks = self.accounts.entry(account.into()).or_default();
        blocks.retain(|known| {
            known.prefix != new.prefix && known.until.saturating_add(REMEMBERED) > new.opened
        });
        blocks.push_back(new);
        while blocks.len() > most {
            let soonest = blocks.iter().enumerate().min_by_key(|(_, block)| block.until).map(|(nth, _)| nth);
            soonest.map(|nth| blocks.remove(nth));
        }
    }

    fn lift(&mut self, account: &str, prefix: &str, now: i64) -> bool {
        let Some(blocks) = self.accounts.get_mut(account) else { return false };
        let held = blocks.iter().any(|block| &*block.prefix == prefix && block.holds(now));
        blocks.retain(|block| &*block.prefix != prefix);
        if blocks.is_empty() {
            self.accounts.remove(account);
        }
        held
    }

    fn forget_old(&mut self, now: i64) {
        if self.accounts.len() < self.look_at.max(FEW_ACCOUNTS) {
            return;
        }
        self.accounts.retain(|_, blocks| {
            blocks.retain(|block| block.until.saturating_add(REMEMBERED) > now);
            !blocks.is_empty()
        });
        self.look_at = 2 * self.accounts.len();
    }

    /// Those of an account, also those that are over.
    pub(super) fn of(&self, account: &str) -> impl Iterator<Item = &Block> {
        self.accounts.get(account).into_iter().flatten()
    }

    /// Until when traffic to a number is stopped.
    pub(super) fn until(&self, account: &str, number: &str, now: i64) -> Option<i64> {
        let holding = self.of(account).filter(|block| block.holds(now) && number.starts_with(&*block.prefix));
        holding.map(|block| block.until).max()
    }

    pub(super) fn len(&self) -> usize {
        self.accounts.values().map(VecDeque::len).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Block)> {
        self.accounts.iter().flat_map(|(account, blocks)| blocks.iter().map(move |block| (account, block)))
    }
}
