//! The memory as it is kept over a restart: what changed, its state at a cut, and both taken in again.

use std::sync::PoisonError;

use super::super::blocks::Cooling;
use super::super::field::Field;
use super::super::journal::Waiting;
use super::super::segments::Malformed;
use super::super::segments::codec::encoded;
use super::super::segments::image::{self, Change, Changed};
use super::{Memory, Unreadable, shard_number};

/// Kinds of parts of an image.
const SPANS: u8 = 1;
const KEYS: u8 = 2;
const ATTEMPTS: u8 = 3;
/// Changes, in an image or after it.
pub(in crate::traffic) const CHANGES: u8 = 4;

// === impl Memory ===

impl Memory {
    /// From now on every change is written down until it is taken.
    pub(in crate::traffic) fn begin_journal(&self) {
        self.journal.begin();
    }

    /// What changed since this was asked last.
    pub(in crate::traffic) fn take_changes(&self) -> Waiting {
        self.journal.take()
    }

    /// Cuts the state from what comes after it: what changed before, and from then on
    /// [`Memory::image`] is of the state at the cut.
    pub(in crate::traffic) fn cut(&self) -> Waiting {
        let _cut = self.journal.cut();
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).cut();
        }
        self.journal.take()
    }

    /// The state at the cut, one part after the other; each is locked only while it is copied. What
    /// of attempts and blocks changed since is in the parts too, and repeating those changes is
    /// harmless.
    pub(in crate::traffic) fn image(&self) -> impl Iterator<Item = Vec<u8>> {
        let spans = self.plans.iter().map(|plan| (&*plan.counter.name, self.span(plan)));
        let spans = std::iter::once(kind(SPANS, image::of_spans(spans)));
        let shards = self.shards.iter().map(|shard| {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            kind(KEYS, image::of_shard(&mut shard, &self.plans))
        });
        let attempts = self.attempts.iter().map(|attempts| {
            let attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
            kind(ATTEMPTS, attempts.iter().flatten().copied().collect())
        });
        let blocks = self.blocks.iter().map(|blocks| {
            let blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            let changes = blocks
                .iter()
                .map(|(account, block)| Change::Cooling(account, &Cooling::Set(block.clone())).bytes());
            kind(CHANGES, changes.flatten().collect())
        });
        spans.chain(shards).chain(attempts).chain(blocks)
    }

    /// Takes in one part of an image, or changes, in the order in which they were written.
    ///
    /// # Errors
    /// When it is malformed; what came before the fault is taken in.
    pub(in crate::traffic) fn take_in(&self, part: &[u8]) -> Result<(), Malformed> {
        let (kind, part) = part.split_first().ok_or(Malformed)?;
        match *kind {
            SPANS => {
                for span in image::spans(part) {
                    let (name, span) = span?;
                    if let Some(plan) = self.plans.named(name) {
                        self.widen_to(plan, span);
                    }
                }
            }
            KEYS => self.take_in_keys(part)?,
            ATTEMPTS => {
                for event in image::attempts(part) {
                    let event = event?;
                    self.await_outcome(&event, &encoded(&event, self.secret)).map_err(|_| Malformed)?;
                }
            }
            CHANGES => {
                for change in image::changes(part) {
                    self.repeat(change?).map_err(|_| Malformed)?;
                }
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Every part is of one shard; there may be another number of shards by now.
    fn take_in_keys(&self, part: &[u8]) -> Result<(), Malformed> {
        image::to_shards(part, &self.plans, &|key| {
            let shard = self.shards.get(shard_number(key))?;
            Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn repeat(&self, change: Changed) -> Result<(), Unreadable> {
        match change {
            Changed::Record(event) => self.keep(&event, &encoded(&event, self.secret)).map(drop),
            Changed::Amend(both) => {
                let (old, new) = *both;
                self.apply(Some(&old), Some(&new))?;
                let account = new.text(Field::Account).unwrap_or_default().to_owned();
                if let Some(id) = new.id.clone() {
                    self.attempts_of(&account)?.replace(&account, &id, encoded(&new, self.secret));
                }
                Ok(())
            }
            Changed::Cooling(account, cooling) => self.change_cooldowns(&account, &cooling).map(drop),
        }
    }
}

/// A part with its kind before it.
fn kind(kind: u8, mut part: Vec<u8>) -> Vec<u8> {
    part.insert(0, kind);
    part
}
