//! Attempts of which it may yet be told what became of them, by account and id. The oldest go first:
//! those of the account that has most.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use smallvec::SmallVec;

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

/// One attempt: it is seldom asked for again, so it is kept as it is written down.
#[derive(Debug)]
struct Attempt {
    at: i64,
    encoded: Box<[u8]>,
    names: Names,
}

type Names = SmallVec<[Name; 2]>;

#[derive(Debug, Default)]
struct OfAccount {
    by_id: HashMap<Arc<str>, Attempt>,
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
    pub(super) fn keep(
        &mut self,
        account: &str,
        id: &Arc<str>,
        event: &Event,
        encoded: &[u8],
        most: Most,
    ) -> u64 {
        let attempt = Attempt { at: event.at, encoded: encoded.into(), names: names(event, self.secret) };
        let of_account = match self.accounts.get_mut(account) {
            Some(known) => known,
            None => self.accounts.entry(account.into()).or_default(),
        };
        self.all += usize::from(of_account.keep(id, attempt));
        let old = of_account.expire(event.at.saturating_sub(OLDEST));
        let mut evicted = 0;
        while of_account.by_id.len() > most.of_account && of_account.drop_oldest() {
            evicted += 1;
        }
        self.all = self.all.saturating_sub(old + evicted);
        u64::try_from(evicted + self.make_room(most.of_all)).unwrap_or(u64::MAX)
    }

    /// The attempt of that id or decision, as it is encoded.
    pub(super) fn named(&self, account: &str, id: &str) -> Option<&[u8]> {
        let known = self.accounts.get(account)?.by_id.get(id).map(|attempt| &*attempt.encoded);
        known.or_else(|| self.other(account, &Name::Decision(id.into())))
    }

    /// The last message to a recipient, as it is encoded.
    pub(super) fn last_to(&self, account: &str, recipient: &str) -> Option<&[u8]> {
        self.other(account, &Name::LastTo(self.secret.digest(&Fact::Text(recipient.into()))))
    }

    fn other(&self, account: &str, name: &Name) -> Option<&[u8]> {
        let known = self.accounts.get(account)?;
        known.by_id.get(known.names.get(name)?).map(|attempt| &*attempt.encoded)
    }

    /// Puts another state of an attempt in place of the one that is kept.
    pub(super) fn replace(&mut self, account: &str, id: &str, encoded: Vec<u8>) {
        if let Some(known) = self.accounts.get_mut(account).and_then(|known| known.by_id.get_mut(id)) {
            known.encoded = encoded.into();
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.all
    }

    /// Every attempt as it is encoded, each account's in the order in which they were kept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.accounts
            .values()
            .flat_map(|account| account.order.iter().filter_map(|(_, id)| account.by_id.get(id)))
            .map(|attempt| &*attempt.encoded)
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
    /// Whether its id is new.
    fn keep(&mut self, id: &Arc<str>, attempt: Attempt) -> bool {
        self.order.push_back((attempt.at, id.clone()));
        for name in &attempt.names {
            self.names.insert(name.clone(), id.clone());
        }
        let before = self.by_id.insert(id.clone(), attempt);
        if let Some(before) = &before {
            self.forget_names(before, id);
        }
        before.is_none()
    }

    fn expire(&mut self, before: i64) -> usize {
        let mut gone = 0;
        while let Some((at, _)) = self.order.front()
            && *at < before
            && let Some((_, id)) = self.order.pop_front()
        {
            let old = self.by_id.get(&id).is_some_and(|attempt| attempt.at < before);
            gone += usize::from(old && self.remove(&id));
        }
        gone
    }

    fn drop_oldest(&mut self) -> bool {
        while let Some((at, id)) = self.order.pop_front() {
            let same = self.by_id.get(&id).is_some_and(|attempt| attempt.at == at);
            if same && self.remove(&id) {
                return true;
            }
        }
        false
    }

    fn remove(&mut self, id: &Arc<str>) -> bool {
        let Some(attempt) = self.by_id.remove(id) else { return false };
        self.forget_names(&attempt, id);
        true
    }

    /// Forgets the names that an attempt had, as far as they are not another one's now.
    fn forget_names(&mut self, before: &Attempt, id: &Arc<str>) {
        let kept = self.by_id.get(id);
        for name in before.names.iter().filter(|name| kept.is_none_or(|now| !now.names.contains(name))) {
            if self.names.get(name) == Some(id) {
                self.names.remove(name);
            }
        }
    }
}

fn names(event: &Event, secret: Secret) -> Names {
    let decision = event.text(Field::Decision).map(|id| Name::Decision(id.into()));
    let message = MESSAGES.contains(&&*event.kind);
    let to = event.hash(Field::To, secret).filter(|_| message).map(Name::LastTo);
    decision.into_iter().chain(to).collect()
}
