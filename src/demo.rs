//! The example accounts and lists, so that a newcomer's first Check works.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use serde_json::Value;

use crate::accounts::Lookup;
use crate::bundle::Snapshot;
use crate::cases::{Fixtures, list_entries};
use crate::domain::{Account, AccountId, ActionKind, ResolvedAccount};
use crate::store::{ListRow, Store, StoreError};

const ACCOUNTS: &str = include_str!("../demo/cases/accounts.json");
const EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/demo/requests/actions");
const FIXTURES: &str = include_str!("../demo/cases/fixtures.json");

/// Why the example data cannot be put into a store.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// They are malformed; a test keeps that from happening.
    #[error("the example data are malformed")]
    Malformed(#[from] serde_json::Error),
    /// The store takes them not.
    #[error("cannot store the example data")]
    Store(#[from] StoreError),
}

/// The example accounts.
///
/// # Errors
/// When they are malformed.
pub fn accounts() -> Result<Vec<Account>, DemoError> {
    let accounts: BTreeMap<String, Account> = serde_json::from_str(ACCOUNTS)?;
    Ok(accounts.into_values().collect())
}

/// The example lists by name.
///
/// # Errors
/// When they are malformed.
pub fn lists() -> Result<BTreeMap<String, Vec<ListRow>>, DemoError> {
    let fixtures: Fixtures = serde_json::from_str(FIXTURES)?;
    let row = |(key, payload): (String, Value)| ListRow {
        key,
        payload: (!payload.is_null()).then(|| payload.to_string()),
    };
    let rows = |values: &Value| list_entries(values).unwrap_or_default().into_iter().map(row).collect();
    Ok(fixtures.lists.iter().map(|(name, values)| (name.clone(), rows(values))).collect())
}

/// A request of that action with every field that it may have, as JSON; it passes on the example accounts.
pub fn example(action: ActionKind) -> Option<&'static str> {
    EXAMPLES.get_file(format!("{action}.json"))?.contents_utf8()
}

/// Puts them into a store. An account that is there stays as it is: nobody's suspension is lifted.
///
/// # Errors
/// When the store does not take them.
pub async fn seed(store: &dyn Store) -> Result<(), DemoError> {
    let mut missing = Vec::new();
    for account in accounts()? {
        if store.account(&account.id).await?.is_none() {
            missing.push(account);
        }
    }
    store.put_accounts(missing).await?;
    for (name, rows) in lists()?.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        store.add_entries(&name, rows).await?;
    }
    Ok(())
}

/// The policy with the example lists added.
///
/// # Errors
/// When they are malformed.
pub fn lists_over(policy: &Snapshot) -> Result<Snapshot, DemoError> {
    let fixtures: Fixtures = serde_json::from_str(FIXTURES)?;
    let mut lists = (*policy.lists).clone();
    for (name, values) in &fixtures.lists {
        if let Some(list) = lists.get(name) {
            let list = list.extended(list_entries(values).unwrap_or_default());
            lists.insert(list);
        }
    }
    Ok(policy.with_lists(Arc::new(lists)))
}

/// The example account of that id.
///
/// # Errors
/// When the accounts are malformed.
pub fn lookup(id: &AccountId) -> Result<Lookup, DemoError> {
    let found = accounts()?.into_iter().find(|account| account.id == *id);
    let resolved = |account| Lookup::Found(Arc::new(ResolvedAccount::new(Arc::new(account), 0, &[])));
    Ok(found.map_or(Lookup::NotFound, resolved))
}
