//! Why a store did not do what it was asked.

use std::error::Error;

use crate::domain::AccountId;

/// What a store can answer instead of doing it. Its sentences name ids and bounds, never content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or not in time. Trying again may help.
    #[error("the store is not available")]
    Unavailable {
        /// What the engine said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It takes no writes.
    #[error("the store is read-only")]
    ReadOnly,
    /// What it holds cannot be understood.
    #[error("{what} in the store cannot be read")]
    Corrupt {
        /// Which part.
        what: String,
    },
    /// The account would be its own ancestor.
    #[error("account `{account}` would be its own ancestor")]
    ParentCycle {
        /// The account.
        account: AccountId,
    },
    /// Too many accounts would stand above the account, or above one below it.
    #[error("account `{account}` would make a chain of more than 16 ancestors")]
    TooDeep {
        /// The account.
        account: AccountId,
    },
    /// What was to be written is outside the bounds.
    #[error("{what} {problem}")]
    Invalid {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

// === impl StoreError ===

impl StoreError {
    /// The store did not answer, because of `source`.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }
}
