//! What is kept of events, and what becomes of attempts.

use std::sync::atomic::Ordering;

use super::super::attempts::Attempts;
use super::super::event::Event;
use super::super::field::Field;
use super::super::segments::codec::{decoded, encoded};
use super::super::segments::image::Change;
use super::{Amended, Memory, Unreadable};
use crate::domain::Decision;

// === impl Memory ===

impl Memory {
    /// Keeps an event by the keys of every counter that counts it; an attempt with an id, so that
    /// it can be completed. Returns how many keys and attempts had to go.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn record(&self, event: &Event) -> Result<u64, Unreadable> {
        let held = self.journal.change();
        let encoded = (held.is_some() || event.id.is_some()).then(|| encoded(event, self.secret));
        let encoded = encoded.unwrap_or_default();
        self.write_down(held.as_ref(), &Change::Record(&encoded));
        self.keep(event, &encoded)
    }

    pub(super) fn keep(&self, event: &Event, encoded: &[u8]) -> Result<u64, Unreadable> {
        let evicted = self.apply(None, Some(event))?;
        Ok(evicted + self.await_outcome(event, encoded)?)
    }

    pub(super) fn await_outcome(&self, event: &Event, encoded: &[u8]) -> Result<u64, Unreadable> {
        let Some(id) = event.id.as_ref().filter(|_| !event.refused) else { return Ok(0) };
        let account = event.text(Field::Account).unwrap_or_default();
        let most = self.bounds.attempts();
        let gone = self.attempts_of(account)?.keep(account, id, event, encoded, most);
        self.evicted_attempts.fetch_add(gone, Ordering::Relaxed);
        Ok(gone)
    }

    /// Keeps an attempt with what was decided of it, and opens the block that the decision asks for.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn remember(&self, mut attempt: Event, decision: &Decision) -> Result<(), Unreadable> {
        if let Some(reason) = decision.violations.first() {
            attempt.refused = true;
            attempt.set_text(Field::Reason, &reason.code);
        }
        self.cool_down(&attempt, decision)?;
        self.record(&attempt).map(drop)
    }

    /// Completes the attempt that an account made under an id: it is taken out of its counters,
    /// changed, and put back where it then counts. `change` may alter everything but whose it is,
    /// and must not use the memory itself.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn amend(
        &self,
        account: &str,
        id: &str,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        self.amend_one(account, &|attempts| attempts.named(account, id), change)
    }

    /// As [`Self::amend`], for the last message of the account to a recipient.
    ///
    /// # Errors
    /// When a writer failed before.
    pub fn amend_last(
        &self,
        account: &str,
        recipient: &str,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        self.amend_one(account, &|attempts| attempts.last_to(account, recipient), change)
    }

    fn amend_one(
        &self,
        account: &str,
        find: &dyn Fn(&Attempts) -> Option<&[u8]>,
        change: &mut dyn FnMut(&mut Event),
    ) -> Result<Amended, Unreadable> {
        let held = self.journal.change();
        // Held throughout: two outcomes of one attempt follow each other.
        let mut attempts = self.attempts_of(account)?;
        let Some(encoded_old) = find(&attempts).map(<[u8]>::to_vec) else { return Ok(Amended::Unknown) };
        let old = decoded(&encoded_old).map_err(|_| Unreadable::Damaged)?;
        let Some(id) = old.id.clone() else { return Ok(Amended::Unknown) };
        let mut new = old.clone();
        change(&mut new);
        if new == old {
            return Ok(Amended::Done);
        }
        let encoded_new = encoded(&new, self.secret);
        self.write_down(held.as_ref(), &Change::Amend(&encoded_old, &encoded_new));
        self.apply(Some(&old), Some(&new))?;
        attempts.replace(account, &id, encoded_new);
        Ok(Amended::Done)
    }
}
