//! `aupd accounts import`: every row is checked, the good ones go in by the thousand, the bad ones
//! are told with their lines.

use std::path::Path;

use indicatif::ProgressBar;
use serde_json::{Map, Value};

use super::super::database::{self, BATCH, Import};
use super::super::output::Output;
use super::refuse;
use crate::bundle::Bundle;
use crate::domain::Account;
use crate::store::{SqliteStore, Store, StoreError};

/// An account, or what is wrong with it, and its line.
type Row = (usize, Result<Account, String>);

pub(super) async fn import(
    store: &SqliteStore,
    bundle: &Bundle,
    file: &Path,
    output: &Output,
) -> anyhow::Result<()> {
    let rows = rows(&database::read(file)?);
    let bar = output.progress(rows.len());
    let (mut import, mut batch) = (Import::default(), Vec::with_capacity(BATCH));
    for (line, row) in rows {
        match row.and_then(|account| refuse(bundle, &account).map(|()| account)) {
            Ok(account) => batch.push((line, account)),
            Err(problem) => import.reject(line, problem),
        }
        if batch.len() == BATCH {
            write(store, std::mem::take(&mut batch), &mut import, &bar).await?;
        }
    }
    write(store, batch, &mut import, &bar).await?;
    bar.finish_and_clear();
    import.report(file, output)
}

/// Writes a batch whole; where one of it cannot be, such as one that closes a circle, one by one, so
/// that the others are kept.
async fn write(
    store: &SqliteStore,
    batch: Vec<(usize, Account)>,
    import: &mut Import,
    bar: &ProgressBar,
) -> Result<(), StoreError> {
    let count = batch.len();
    let whole = store.put_accounts(batch.iter().map(|(_, account)| account.clone()).collect()).await;
    match whole {
        Ok(_) => import.took(count),
        Err(error) if is_about_one(&error) => {
            for (line, account) in batch {
                match store.put_account(account).await {
                    Ok(_) => import.took(1),
                    Err(error) if is_about_one(&error) => import.reject(line, error.to_string()),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(error) => return Err(error),
    }
    bar.inc(u64::try_from(count).unwrap_or(u64::MAX));
    Ok(())
}

const fn is_about_one(error: &StoreError) -> bool {
    match error {
        StoreError::ParentCycle { .. } | StoreError::TooDeep { .. } | StoreError::Invalid { .. } => true,
        StoreError::Unavailable { .. } | StoreError::ReadOnly | StoreError::Corrupt { .. } => false,
    }
}

/// The rows of a file. It is one object of accounts by id if it is one JSON value without an `id` of
/// its own; otherwise every line is an account.
fn rows(text: &str) -> Vec<Row> {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(map) if map.values().all(Value::is_object) && !map.contains_key("id") => by_id(text, map),
        Ok(_) | Err(_) => lines(text),
    }
}

fn lines(text: &str) -> Vec<Row> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| (index + 1, serde_json::from_str(line).map_err(|e| e.to_string()))).collect()
}

fn by_id(text: &str, map: Map<String, Value>) -> Vec<Row> {
    let mut places = Places { text, from: 0, line: 1 };
    map.into_iter().map(|(id, value)| (places.line_of(&id), account(&id, value))).collect()
}

fn account(id: &str, value: Value) -> Result<Account, String> {
    let account: Account = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if account.id.as_str() == id { Ok(account) } else { Err("the account stands under another id".into()) }
}

/// Where the keys of an object stand. Keys are asked for in the order of the text.
struct Places<'t> {
    text: &'t str,
    from: usize,
    line: usize,
}

// === impl Places ===

impl Places<'_> {
    /// The line of the next member with this key; that of the one before if it is spelled with escapes.
    fn line_of(&mut self, key: &str) -> usize {
        let Some(rest) = self.text.get(self.from..) else { return self.line };
        let quoted = format!("\"{key}\"");
        let member = |at: &usize| {
            let after = rest.get(at + quoted.len()..).unwrap_or_default();
            after.trim_start().starts_with(':')
        };
        if let Some(at) = rest.match_indices(&quoted).map(|(at, _)| at).find(member) {
            let passed = rest.get(..at).unwrap_or_default();
            self.line += passed.matches('\n').count();
            self.from += at;
        }
        self.line
    }
}
