//! Attempts of which it may yet be told what became of them, by account and id. The oldest go first:
//! those of the account that has most.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::event::Event;

/// Nobody reports an outcome later than this, ms.
const OLDEST: i64 = 31 * 86_400_000;

/// How many attempts are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) of_account: usize,
    pub(super) of_all: usize,
}

/// Attempts of some accounts.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    accounts: HashMap<Arc<str>, OfAccount>,
    all: usize,
}

#[derive(Debug, Default)]
struct OfAccount {
    by_id: HashMap<Arc<str>, Arc<Event>>,
    /// Other names of those, and their ids.
    names: HashMap<Arc<str>, Arc<str>>,
    // Ids in the order in which they were kept; those that were kept again stand in it twice.
    order: VecDeque<(i64, Arc<str>)>,
}

// === impl Attempts ===

impl Attempts {
    /// Keeps an attempt; how many others had to go before their time.
    pub(super) fn keep(&mut self, account: &str, id: &Arc<str>, event: Arc<Event>, most: Most) -> u64 {
        let at = event.at;
        let of_account = match self.accounts.get_mut(account) {
            Some(known) => known,
            None => self.accounts.entry(account.into()).or_default(),
        };
        of_account.order.push_back((at, id.clone()));
        for name in &event.names {
            of_account.names.insert(name.clone(), id.clone());
        }
        let known = of_account.by_id.insert(id.clone(), event);
        self.all += usize::from(known.is_none());
        if let Some(before) = known {
            of_account.forget_names(&before, id);
        }
        let old = of_account.expire(at.saturating_sub(OLDEST));
        let mut evicted = 0;
        while of_account.by_id.len() > most.of_account && of_account.drop_oldest() {
            evicted += 1;
        }
        self.all = self.all.saturating_sub(old + evicted);
        u64::try_from(evicted + self.make_room(most.of_all)).unwrap_or(u64::MAX)
    }

    pub(super) fn get(&self, account: &str, id: &str) -> Option<&Arc<Event>> {
        let known = self.accounts.get(account)?;
        known.by_id.get(id).or_else(|| known.by_id.get(known.names.get(id)?))
    }

    /// Puts another state of an attempt in place of the one that is kept.
    pub(super) fn replace(&mut self, account: &str, id: &str, event: Arc<Event>) {
        let Some(known) = self.accounts.get_mut(account) else { return };
        let id = if known.by_id.contains_key(id) { Some(id) } else { known.names.get(id).map(|id| &**id) };
        if let Some(kept) = id.and_then(|id| known.by_id.get_mut(id)) {
            *kept = event;
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.all
    }

    /// Every attempt, with its id, each account's in the order in which they were kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.accounts
            .values()
            .flat_map(|account| account.order.iter().filter_map(|(_, id)| account.by_id.get(id)))
    }

    fn make_room(&mut self, most: usize) -> usize {
        let mut evicted = 0;
        while self.all > most {
            let biggest = self.accounts.values_mut().max_by_key(|account| account.by_id.len());
            let Some(account) = biggest else { return evicted };
            // For a while, not for one.
            let goes = (account.by_id.len() / 8).max(1);
            let gone = (0..goes).filter(|_| account.drop_oldest()).count();
            if gone == 0 {
                return evicted;
            }
            self.all = self.all.saturating_sub(gone);
            evicted += gone;
            self.accounts.retain(|_, account| !account.by_id.is_empty());
        }
        evicted
    }
}

// === impl OfAccount ===

impl OfAccount {
    fn expire(&mut self, before: i64) -> usize {
        let mut gone = 0;
        while let Some((at, _)) = self.order.front()
            && *at < before
            && let Some((_, id)) = self.order.pop_front()
        {
            let old = self.by_id.get(&id).is_some_and(|event| event.at < before);
            gone += usize::from(old && self.remove(&id));
        }
        gone
    }

    fn drop_oldest(&mut self) -> bool {
        while let Some((at, id)) = self.order.pop_front() {
            let same = self.by_id.get(&id).is_some_and(|event| event.at == at);
            if same && self.remove(&id) {
                return true;
            }
        }
        false
    }

    fn remove(&mut self, id: &Arc<str>) -> bool {
        let Some(event) = self.by_id.remove(id) else { return false };
        self.forget_names(&event, id);
        true
    }

    /// Forgets the names that this event has, unless another one has them now.
    fn forget_names(&mut self, event: &Event, id: &Arc<str>) {
        let still = |name: &Arc<str>| self.by_id.get(id).is_some_and(|known| known.names.contains(name));
        let gone: Vec<_> = event.names.iter().filter(|name| !still(name)).collect();
        for name in gone {
            if self.names.get(name) == Some(id) {
                self.names.remove(name);
            }
        }
    }
}
