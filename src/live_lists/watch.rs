//! Notices that another process wrote to the store, and makes up for reads that failed.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::LiveLists;
use crate::store::StoreError;

/// How often the store is asked.
pub const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// How long it may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

// === impl LiveLists ===

impl LiveLists {
    /// Starts a task that asks the store every [`WATCH_INTERVAL`] whether somebody else has changed it,
    /// and then loads. It ends with `stop`.
    pub fn spawn_watch(&self, stop: CancellationToken) -> JoinHandle<()> {
        let watch = Watch { lists: self.clone(), blind: false };
        tokio::spawn(async move {
            let _ = stop.run_until_cancelled(watch.run()).await;
        })
    }

    /// Loads if the store has changed, or if a read is owed.
    async fn look(&self) -> Result<(), StoreError> {
        let asked = timeout(ANSWER_TIMEOUT, self.inner.store.changed_by_others()).await;
        let changes = asked.unwrap_or_else(|late| Err(StoreError::unavailable(late)))?;
        let mut state = self.inner.state.lock().await;
        if state.changes != Some(changes) {
            self.inner.load(&mut state).await?;
            tracing::debug!(revision = state.revision.0, "lists were read again");
        }
        Ok(())
    }
}

struct Watch {
    lists: LiveLists,
    blind: bool,
}

// === impl Watch ===

impl Watch {
    async fn run(mut self) {
        let mut ticks = interval(WATCH_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let looked = self.lists.look().await;
            self.report(looked);
        }
    }

    /// Said once, not twenty times a second. Until it sees again, the lists in force stay as they are.
    fn report(&mut self, looked: Result<(), StoreError>) {
        match looked {
            Ok(()) => {
                if std::mem::take(&mut self.blind) {
                    tracing::info!("lists of the store are read again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.blind, true) {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, "changes of lists in the store are not in force");
                }
            }
        }
    }
}
