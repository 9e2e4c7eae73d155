//! What is kept of an account, and how good it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Config;
use crate::domain::{Account, ResolvedAccount};
use crate::store::StoredAccount;

/// After a read in the background failed, how long nobody tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the store said, when, and as of which stamp.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) known: Option<Known>,
    /// When the read began, which is the latest moment that it is certain to show.
    pub(super) read_at: Instant,
    pub(super) stamp: u64,
    /// Not before this is it read again in the background.
    refresh_at: Instant,
}

/// An account that is there.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) account: Arc<Account>,
    pub(super) revision: u64,
    /// The whole answer, where no ancestor can change it.
    pub(super) alone: Option<Arc<ResolvedAccount>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It is the answer.
    Good,
    /// It is the answer, and should be read again.
    Ageing,
    /// It is not the answer.
    Worthless,
}

// === impl Entry ===

impl Entry {
    pub(super) fn new(stored: Option<StoredAccount>, read_at: Instant, stamp: u64, config: &Config) -> Self {
        Self { known: stored.map(Known::new), read_at, stamp, refresh_at: read_at + config.soft_age }
    }

    /// The same, left alone for a while.
    pub(super) fn deferred(&self, now: Instant) -> Self {
        Self { refresh_at: now + RETRY_AFTER, ..self.clone() }
    }

    pub(super) fn freshness(&self, stamp: u64, now: Instant, config: &Config) -> Freshness {
        let age = now.saturating_duration_since(self.read_at);
        let lasts = if self.known.is_some() { config.hard_age } else { config.negative_ttl };
        if self.stamp != stamp || age >= lasts {
            Freshness::Worthless
        } else if now >= self.refresh_at {
            Freshness::Ageing
        } else {
            Freshness::Good
        }
    }
}

// === impl Known ===

impl Known {
    fn new(stored: StoredAccount) -> Self {
        let StoredAccount { account, revision, suspension: _ } = stored;
        let resolve = || Arc::new(ResolvedAccount::new(account.clone(), revision, &[]));
        let alone = account.parent_id.is_none().then(resolve);
        Self { account, revision, alone }
    }
}
