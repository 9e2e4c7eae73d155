//! Recipients who opt out or in. What they said holds once it is in the store and in force.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Inner, Of, Taken};
use crate::bundle::Snapshot;
use crate::domain::{Happened, OptChange, OptKind, Outcome};
use crate::lists::opt_outs::{OPT_OUTS, Wishes, Word, key};
use crate::live_lists::{ListError, NewEntry, check_bounds};
use crate::numbers::E164;
use crate::serve::account::known_account;
use crate::serve::status::Refusal;
use crate::store::StoreError;
use crate::traffic::Field;
use crate::traffic::outcome::{Became, Change};

// === impl Inner ===

impl Inner {
    /// Takes in those of one call, by their places in it.
    pub(super) async fn opt(
        &self,
        policy: &Snapshot,
        opts: Vec<(usize, Outcome)>,
        now: Timestamp,
    ) -> Vec<(usize, Taken)> {
        if opts.is_empty() {
            return Vec::new();
        }
        let _turn = self.opting.lock().await;
        let mut heard = match self.heard().await {
            Ok(heard) => heard,
            Err(refusal) => return all(opts, &refusal),
        };
        let (mut taken, mut changed) = (Vec::new(), Vec::new());
        for (index, outcome) in opts {
            match self.hear(&mut heard, &outcome, now).await {
                Ok(true) => changed.push((index, outcome)),
                Ok(false) => taken.push((index, Ok(Change::Repeated))),
                Err(refusal) => taken.push((index, Err(refusal))),
            }
        }
        match self.write(heard).await {
            Ok(()) => taken.extend(changed.into_iter().map(|(index, outcome)| {
                let of = Of { policy, outcome: &outcome, at: outcome.at.unwrap_or(now) };
                (index, of.opted())
            })),
            Err(refusal) => taken.extend(all(changed, &refusal)),
        }
        taken
    }

    async fn heard(&self) -> Result<Heard, Refusal> {
        let revision = self.accounts.store().revision().await?;
        let list = self.lists.writable(OPT_OUTS).map_err(refused)?;
        Ok(Heard { list, revision: revision.0, entries: BTreeMap::new() })
    }

    /// Whether it is new.
    async fn hear(&self, heard: &mut Heard, outcome: &Outcome, now: Timestamp) -> Result<bool, Refusal> {
        let Happened::Opt(change) = &outcome.event else { return Ok(false) };
        known_account(&self.accounts, &outcome.account_id).await?;
        let key = key(outcome.account_id.as_str(), &change.recipient);
        check_bounds(&key).map_err(|_| {
            Refusal::invalid("opt_change.recipient", "is too long to be kept, or holds control characters")
        })?;
        let at = outcome.at.unwrap_or(now).as_millisecond();
        let word = Word { out: change.kind == OptKind::Out, at, revision: heard.revision };
        Ok(heard.hear(key, sender(change).as_deref(), word))
    }

    async fn write(&self, heard: Heard) -> Result<(), Refusal> {
        let entries = heard.entries.into_iter().filter(|(_, (_, new))| *new);
        let entries: Vec<NewEntry> = entries.map(|(value, (wishes, _))| entry(value, &wishes)).collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.lists.add(OPT_OUTS, entries).await.map(drop).map_err(refused)
    }
}

/// What recipients said, as far as this call has to do with them.
struct Heard {
    list: std::sync::Arc<crate::lists::List>,
    revision: u64,
    /// By key, and whether there is something new.
    entries: BTreeMap<String, (Wishes, bool)>,
}

// === impl Heard ===

impl Heard {
    fn hear(&mut self, key: String, sender: Option<&str>, word: Word) -> bool {
        let known = self.list.get(&key).map(Wishes::of).unwrap_or_default();
        let (wishes, new) = self.entries.entry(key).or_insert((known, false));
        let changes = wishes.hear(sender, word);
        *new |= changes;
        changes
    }
}

// === impl Of ===

impl Of<'_> {
    /// Counts an opt-out, and the message that it answers.
    fn opted(&self) -> Taken {
        let Happened::Opt(change) = &self.outcome.event else { return Ok(Change::Repeated) };
        if change.kind == OptKind::In {
            return Ok(Change::Done);
        }
        match self.amend_or(Became::OptOut, &change.recipient) {
            // It holds whether the message is known or not.
            Ok(_) | Err(Refusal::NotFound(_) | Refusal::FailedPrecondition(_)) => {}
            Err(refusal) => return Err(refusal),
        }
        let mut event = self.event("OPT_OUT");
        event.set_text(Field::To, &change.recipient);
        event.set_text(Field::From, change.sender.as_deref().unwrap_or_default());
        self.record(event, None)
    }
}

/// The sender in the spelling that it is compared in.
fn sender(change: &OptChange) -> Option<String> {
    let sender = change.sender.as_deref()?;
    Some(E164::parse(sender).map_or_else(|_| sender.to_lowercase(), |number| number.to_string()))
}

fn entry(value: String, wishes: &Wishes) -> NewEntry {
    NewEntry { value, payload: serde_json::to_string(wishes).ok() }
}

/// The same refusal for each of them. A refusal has its cause once; the log has it.
fn all(opts: Vec<(usize, Outcome)>, refusal: &Refusal) -> Vec<(usize, Taken)> {
    let again = || match refusal {
        Refusal::FailedPrecondition(why) => Refusal::FailedPrecondition(why.clone()),
        other => Refusal::StoreUnavailable(StoreError::unavailable(other.to_string())),
    };
    opts.into_iter().map(|(index, _)| (index, Err(again()))).collect()
}

fn refused(error: ListError) -> Refusal {
    match error {
        ListError::Store(error) => Refusal::from(error),
        ListError::Unknown { .. } | ListError::Policy { .. } | ListError::Invalid { .. } => {
            Refusal::FailedPrecondition(error.to_string())
        }
    }
}
