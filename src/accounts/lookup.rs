//! From an id to an account with its ancestors, or to the reason why not.

use std::sync::Arc;

use tokio::time::Instant;

use super::Inner;
use super::entry::{Entry, Freshness, Known};
use super::stats::Counts;
use crate::domain::{AccountId, AccountStatus, ResolvedAccount};
use crate::store::{MAX_ANCESTORS, StoreError};

/// What is known of an account. "There is none" and "we cannot tell" are different answers.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// It is there.
    Found(Arc<ResolvedAccount>),
    /// There is no such account.
    NotFound,
    /// It, or one of its ancestors, is not known.
    Unavailable {
        /// Why; whoever answers the request logs it.
        cause: Cause,
    },
    /// It was known once, but not recently enough.
    Stale {
        /// Why it could not be read again; whoever answers the request logs it.
        cause: Cause,
    },
}

/// Why an account is not known.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// The store did not answer.
    #[error("cannot read the account")]
    Store(#[source] Arc<StoreError>),
    /// The store did not answer in time.
    #[error("the store did not answer in time")]
    Timeout,
    /// Too many reads are under way.
    #[error("too many reads of the store are under way")]
    Overloaded,
    /// The read ended without an answer, which is a fault of this program.
    #[error("the read of the account was lost")]
    Lost,
    /// The account above it is not there. It is not the same as having none.
    #[error("account `{account}` names the parent `{parent}`, which is not there")]
    DanglingParent {
        /// The account.
        account: AccountId,
        /// The parent that it names.
        parent: AccountId,
    },
    /// More ancestors than may be, or a cycle.
    #[error("account `{account}` has more than 16 ancestors")]
    TooDeep {
        /// The account.
        account: AccountId,
    },
}

/// A lookup that failed.
pub(super) struct Failure {
    cause: Cause,
    /// There is an entry, and it is worthless.
    stale: bool,
}

impl From<Failure> for Lookup {
    fn from(failure: Failure) -> Self {
        let Failure { cause, stale } = failure;
        if stale { Self::Stale { cause } } else { Self::Unavailable { cause } }
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self { cause, stale: false }
    }
}

// === impl Inner ===

impl Inner {
    pub(super) async fn resolve(
        self: &Arc<Self>,
        id: &AccountId,
        deadline: Instant,
    ) -> Result<Lookup, Failure> {
        let Some(known) = self.known(id, deadline).await? else { return Ok(Lookup::NotFound) };
        if let Some(alone) = known.alone {
            return Ok(Lookup::Found(alone));
        }
        let ancestors = self.ancestors(&known, deadline).await?;
        Ok(Lookup::Found(Arc::new(ResolvedAccount::new(known.account, known.revision, &ancestors))))
    }

    /// The accounts above, nearest first, each with its own status.
    async fn ancestors(
        self: &Arc<Self>,
        of: &Known,
        deadline: Instant,
    ) -> Result<Vec<(AccountId, AccountStatus)>, Failure> {
        let mut ancestors = Vec::new();
        let mut below = of.account.clone();
        while let Some(parent) = &below.parent_id {
            if ancestors.len() >= MAX_ANCESTORS {
                return Err(Cause::TooDeep { account: of.account.id.clone() }.into());
            }
            let Some(known) = self.known(parent, deadline).await? else {
                let (account, parent) = (below.id.clone(), parent.clone());
                return Err(Cause::DanglingParent { account, parent }.into());
            };
            ancestors.push((parent.clone(), known.account.status));
            below = known.account;
        }
        Ok(ancestors)
    }

    /// One account, from memory or from the store; `None` if there is none.
    async fn known(self: &Arc<Self>, id: &AccountId, deadline: Instant) -> Result<Option<Known>, Failure> {
        // Before the entry: a write in between makes the entry worthless, and not the other way round.
        let stamp = self.stamps.current(id);
        let held = self.entries.get(id).await;
        if let Some(held) = self.from_memory(held.as_deref(), id, stamp) {
            Counts::add(&self.counts.hits);
            return Ok(held.known.clone());
        }
        Counts::add(&self.counts.misses);
        let loaded = self.load(id, stamp, deadline).await;
        let stale = held.is_some_and(|held| held.known.is_some());
        loaded.map(|entry| entry.known.clone()).map_err(|cause| Failure { cause, stale })
    }

    /// The entry, if it is good enough to answer with.
    fn from_memory<'a>(
        self: &Arc<Self>,
        held: Option<&'a Entry>,
        id: &AccountId,
        stamp: u64,
    ) -> Option<&'a Entry> {
        let held = held?;
        match held.freshness(stamp, self.clock.now(), &self.config) {
            Freshness::Worthless => return None,
            Freshness::Good => {}
            // Nobody waits for it; where no more reads fit, a later lookup will try again.
            Freshness::Ageing => drop(self.fly(id, stamp)),
        }
        Some(held)
    }
}
