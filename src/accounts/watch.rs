//! Notices that another process wrote to the store.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Accounts;
use crate::store::StoreError;

/// How often the store is asked.
pub const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// How long it may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

// === impl Accounts ===

impl Accounts {
    /// Starts a task that asks the store every [`WATCH_INTERVAL`] whether somebody else has changed it,
    /// and then flushes. It ends with `stop`.
    pub fn spawn_watch(&self, stop: CancellationToken) -> JoinHandle<()> {
        let watch = Watch { accounts: self.clone(), seen: 0, blind: false };
        tokio::spawn(async move {
            let _ = stop.run_until_cancelled(watch.run()).await;
        })
    }
}

struct Watch {
    accounts: Accounts,
    seen: u64,
    blind: bool,
}

impl Watch {
    async fn run(mut self) {
        let mut ticks = interval(WATCH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match timeout(ANSWER_TIMEOUT, self.accounts.store().changed_by_others()).await {
                Ok(Ok(changes)) => self.heard(changes),
                Ok(Err(error)) => self.went_blind(&error),
                Err(late) => self.went_blind(&StoreError::unavailable(late)),
            }
        }
    }

    fn heard(&mut self, changes: u64) {
        if std::mem::take(&mut self.blind) {
            tracing::info!("changes of the store by other processes are noticed again");
        }
        if std::mem::replace(&mut self.seen, changes) != changes {
            tracing::debug!(changes, "another process changed the store; accounts are read again");
            self.accounts.flush();
        }
    }

    /// Until it sees again, entries live on by their age alone. Said once, not twenty times a second.
    fn went_blind(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.blind, true) {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(%error, cause, "changes of the store by other processes go unnoticed");
        }
    }
}
