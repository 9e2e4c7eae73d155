//! What goes into a store and comes out of it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::Account;

/// Number of a change; 0 before the first. It only grows, and serves as the token of freshness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account as it lies in the store, without what its ancestors make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub account: Arc<Account>,
    /// The change that it was last part of.
    pub revision: u64,
    /// When and why it was suspended, if it was and still is.
    pub suspension: Option<Suspension>,
}

/// A suspension.
#[derive(Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub at: Timestamp,
    /// The operator's words.
    pub reason: String,
}

impl fmt::Debug for Suspension {
    // An operator's words may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suspension {{ at: {}, .. }}", self.at)
    }
}

/// An entry of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct ListRow {
    /// What is looked up, in the form that the list's matcher wants.
    pub key: String,
    /// What comes with it, as JSON text.
    pub payload: Option<String>,
}

impl fmt::Debug for ListRow {
    // A key may be a phone number or a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListRow { .. }")
    }
}

/// A list at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListInfo {
    /// Its name.
    pub name: String,
    /// How many entries it has.
    pub entries: u64,
    /// The change that it was last part of.
    pub revision: Revision,
}

/// What kind of change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// An account was inserted or replaced.
    PutAccount,
    /// An account was suspended.
    SuspendAccount,
    /// Entries were added to a list.
    AddEntries,
    /// Entries were removed from a list.
    RemoveEntries,
    /// A list was replaced.
    ReplaceList,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::PutAccount, Self::SuspendAccount, Self::AddEntries, Self::RemoveEntries, Self::ReplaceList];

    /// The text that the audit keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PutAccount => "PUT_ACCOUNT",
            Self::SuspendAccount => "SUSPEND_ACCOUNT",
            Self::AddEntries => "ADD_ENTRIES",
            Self::RemoveEntries => "REMOVE_ENTRIES",
            Self::ReplaceList => "REPLACE_LIST",
        }
    }
}

/// A line of the audit: that something changed, never what it says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Number of the line.
    pub seq: u64,
    /// The change.
    pub revision: Revision,
    /// When it was written, by the clock of the machine that wrote it.
    pub at: Timestamp,
    /// What kind.
    pub kind: ChangeKind,
    /// The id of the account, or the name of the list.
    pub subject: String,
}
