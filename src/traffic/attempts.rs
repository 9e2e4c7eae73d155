//! Attempts of which it may yet be told what became of them, by account and id. The oldest go first:
//! those of the account that has most.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::digest::Secret;
use super::event::{Event, Fact};
use super::field::Field;

/// Nobody reports an outcome later than this, ms.
const OLDEST: i64 = 31 * 86_400_000;

/// Attempts that people answer.
const MESSAGES: [&str; 3] = ["SEND_SMS", "SEND_MMS", "SEND_EMAIL"];

/// How many attempts are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) of_account: usize,
    pub(super) of_all: usize,
}

/// What an attempt is named by beside its id: its decision or, by whoever knows no better, the recipient
/// of the last message. Whoever answers `STOP` knows no request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Decision(Arc<str>),
    LastTo([u64; 2]),
}

/// Attempts of some accounts.
#[derive(Debug)]
pub(super) struct Attempts {
    secret: Secret,
    accounts: HashMap<Arc<str>, OfAccount>,
    all: usize,
}

#[derive(Debug, Default)]
struct OfAccount {
    by_id: HashMap<Arc<str>, Arc<Event>>,
    /// What else they are named by, and their ids; of two with one such name, the later is meant.
    names: HashMap<Name, Arc<str>>,
    // Ids in the order in which they were kept; those that were kept again stand in it twice.
    order: VecDeque<(i64, Arc<str>)>,
}

// === impl Attempts ===

impl Attempts {
    pub(super) fn new(secret: Secret) -> Self {
        Self { secret, accounts: HashMap::new(), all: 0 }
    }

    /// Keeps an attempt; how many others had to go before their time.
    pub(super) fn keep(&mut self, account: &str, id: &Arc<str>, event: Arc<Event>, most: Most) -> u64 {
        let (at, secret) = (event.at, self.secret);
        let of_account = match self.accounts.get_mut(account) {
            Some(known) => known,
            None => self.accounts.entry(account.into()).or_default(),
        };
        of_account.order.push_back((at, id.clone()));
        for name in names(&event, secret) {
            of_account.names.insert(name, id.clone());
        }
        let known = of_account.by_id.insert(id.clone(), event);
        self.all += usize::from(known.is_none());
        if let Some(before) = known {
            of_account.forget_names(&before, id, secret);
        }
        let old = of_account.expire(at.saturating_sub(OLDEST), secret);
        let mut evicted = 0;
        while of_account.by_id.len() > most.of_account && of_account.drop_oldest(secret) {
            evicted += 1;
        }
        self.all = self.all.saturating_sub(old + evicted);
        u64::try_from(evicted + self.make_room(most.of_all)).unwrap_or(u64::MAX)
    }

    pub(super) fn get(&self, account: &str, id: &str) -> Option<&Arc<Event>> {
        self.accounts.get(account)?.by_id.get(id)
    }

    /// The attempt of that id or decision.
    pub(super) fn named(&self, account: &str, id: &str) -> Option<&Arc<Event>> {
        let decision = || self.other(account, &Name::Decision(id.into()));
        self.get(account, id).or_else(decision)
    }

    /// The last message to a recipient.
    pub(super) fn last_to(&self, account: &str, recipient: &str) -> Option<&Arc<Event>> {
        self.other(account, &Name::LastTo(self.secret.digest(&Fact::Text(recipient.into()))))
    }

    fn other(&self, account: &str, name: &Name) -> Option<&Arc<Event>> {
        let known = self.accounts.get(account)?;
        known.by_id.get(known.names.get(name)?)
    }

    /// Puts another state of an attempt in place of the one that is kept.
    pub(super) fn replace(&mut self, account: &str, id: &str, event: Arc<Event>) {
        if let Some(known) = self.accounts.get_mut(account).and_then(|known| known.by_id.get_mut(id)) {
            *known = event;
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
        let (mut evicted, secret) = (0, self.secret);
        while self.all > most {
            let biggest = self.accounts.values_mut().max_by_key(|account| account.by_id.len());
            let Some(account) = biggest else { return evicted };
            // For a while, not for one.
            let goes = (account.by_id.len() / 8).max(1);
            let gone = (0..goes).filter(|_| account.drop_oldest(secret)).count();
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
    fn expire(&mut self, before: i64, secret: Secret) -> usize {
        let mut gone = 0;
        while let Some((at, _)) = self.order.front()
            && *at < before
            && let Some((_, id)) = self.order.pop_front()
        {
            let old = self.by_id.get(&id).is_some_and(|event| event.at < before);
            gone += usize::from(old && self.remove(&id, secret));
        }
        gone
    }

    fn drop_oldest(&mut self, secret: Secret) -> bool {
        while let Some((at, id)) = self.order.pop_front() {
            let same = self.by_id.get(&id).is_some_and(|event| event.at == at);
            if same && self.remove(&id, secret) {
                return true;
            }
        }
        false
    }

    fn remove(&mut self, id: &Arc<str>, secret: Secret) -> bool {
        let Some(event) = self.by_id.remove(id) else { return false };
        self.forget_names(&event, id, secret);
        true
    }

    /// Forgets the names that this event had, as far as they are not another one's now.
    fn forget_names(&mut self, event: &Event, id: &Arc<str>, secret: Secret) {
        let now = self.by_id.get(id).cloned();
        let kept =
            |name: &Name| now.as_ref().is_some_and(|now| names(now, secret).any(|known| known == *name));
        for name in names(event, secret) {
            if self.names.get(&name) == Some(id) && !kept(&name) {
                self.names.remove(&name);
            }
        }
    }
}

fn names(event: &Event, secret: Secret) -> impl Iterator<Item = Name> {
    let decision = event.text(Field::Decision).map(|id| Name::Decision(id.into()));
    let message = MESSAGES.contains(&&*event.kind);
    let to = event.get(Field::To).filter(|_| message).map(|to| Name::LastTo(secret.digest(to)));
    decision.into_iter().chain(to)
}
