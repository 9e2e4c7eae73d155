//! `aupd lists`: reads and changes the lists in a database file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::database::{self, BATCH, Import, StoreArgs};
use super::output::Output;
use super::{BundleArgs, Reported};
use crate::bundle::{Policy, Snapshot};
use crate::lists::{Kind, List};
use crate::live_lists::{Described, ListError, LiveLists, NewEntry, row};
use crate::store::{ListRow, SqliteStore, Store};

/// Arguments of `aupd lists`.
#[derive(Args)]
pub(super) struct ListsArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(subcommand)]
    command: ListsCommand,
}

/// What to do with lists.
#[derive(Subcommand)]
enum ListsCommand {
    /// Prints every list with the number of its entries.
    Names,
    /// Adds entries without payload to a list.
    Add {
        /// The list.
        list: String,
        /// The entries.
        #[arg(required = true)]
        values: Vec<String>,
    },
    /// Removes entries that were added to a list; those of the bundle stay.
    Remove {
        /// The list.
        list: String,
        /// The entries.
        #[arg(required = true)]
        values: Vec<String>,
    },
    /// Says whether a list matches a value; exit code 1 if it does not.
    Contains {
        /// The list.
        list: String,
        /// What to look up.
        value: String,
    },
    /// Adds the entries of a file to a list: a value a line, or JSON lines of `"value"` or
    /// `{"value": …, "payload": …}`. Empty lines and lines that begin with `#` are skipped.
    Import {
        /// The list.
        list: String,
        /// The file; `-` is standard input.
        file: PathBuf,
    },
}

pub(super) fn run(args: &ListsArgs, output: &Output) -> anyhow::Result<()> {
    let bundle = Arc::new(args.bundle.load(output)?);
    let policy = Arc::new(Policy::new(Snapshot::new(bundle)));
    database::run(async {
        let store = Arc::new(match &args.command {
            ListsCommand::Add { .. } | ListsCommand::Import { .. } => args.store.open_or_create().await?,
            ListsCommand::Names | ListsCommand::Remove { .. } | ListsCommand::Contains { .. } => {
                args.store.open().await?
            }
        });
        let lists = LiveLists::new(policy, store.clone());
        let done = carry_out(&args.command, &lists, &store, output).await;
        store.close().await;
        done
    })
}

async fn carry_out(
    command: &ListsCommand,
    lists: &LiveLists,
    store: &SqliteStore,
    output: &Output,
) -> anyhow::Result<()> {
    match command {
        ListsCommand::Names => names(lists, output).await,
        ListsCommand::Add { list, values } => add(lists, list, values, output).await,
        ListsCommand::Remove { list, values } => {
            let (removed, revision) = lists.remove(list, values).await?;
            let text = || format!("{removed} removed from `{list}` at revision {revision}");
            output.show(text, &json!({ "list": list, "removed": removed, "revision": revision }))
        }
        ListsCommand::Contains { list, value } => contains(lists, list, value, output).await,
        ListsCommand::Import { list, file } => import(lists, store, list, file, output).await,
    }
}

async fn names(lists: &LiveLists, output: &Output) -> anyhow::Result<()> {
    lists.load().await?;
    let all = lists.describe().await?;
    let text = || all.iter().map(line).collect::<Vec<_>>().join("\n");
    let value: Vec<Value> = all.iter().map(summary).collect();
    output.show(text, &json!({ "lists": value }))
}

fn line(list: &Described) -> String {
    let kind = match list.declared {
        Some((Kind::Feed, _)) => "feed",
        Some((Kind::Policy, _)) => "policy",
        None => "not in the bundle",
    };
    format!("{:<28} {:>8}  {kind}", list.name, list.entries)
}

fn summary(list: &Described) -> Value {
    let Described { name, declared, entries, revision } = list;
    let (kind, matching) = declared.unzip();
    json!({ "name": name, "kind": kind, "match": matching, "entries": entries, "revision": revision })
}

async fn add(lists: &LiveLists, list: &str, values: &[String], output: &Output) -> anyhow::Result<()> {
    let entries = values.iter().map(NewEntry::bare).collect();
    let revision = match lists.add(list, entries).await {
        Ok(revision) => revision,
        Err(ListError::Invalid { problems }) => {
            let problems = problems.iter().map(ToString::to_string).collect::<Vec<_>>();
            anyhow::bail!("nothing was added to `{list}`: {}", problems.join("; "));
        }
        Err(error) => return Err(error.into()),
    };
    let text = || format!("{} added to `{list}` at revision {revision}", values.len());
    output.show(text, &json!({ "list": list, "added": values.len(), "revision": revision }))
}

async fn contains(lists: &LiveLists, list: &str, value: &str, output: &Output) -> anyhow::Result<()> {
    lists.load().await?;
    let found = lists.contains(list, value)?;
    let text = || match &found {
        None => format!("`{list}` does not match it"),
        Some(found) if found.payload.is_null() => format!("`{list}` matches it by `{}`", found.value),
        Some(found) => format!("`{list}` matches it by `{}`: {}", found.value, found.payload),
    };
    let entry = found.as_ref().map(|found| json!({ "value": found.value, "payload": found.payload }));
    output.show(text, &json!({ "list": list, "contained": found.is_some(), "entry": entry }))?;
    if found.is_some() { Ok(()) } else { Err(Reported.into()) }
}

async fn import(
    lists: &LiveLists,
    store: &SqliteStore,
    name: &str,
    file: &Path,
    output: &Output,
) -> anyhow::Result<()> {
    let list = lists.writable(name)?;
    let text = database::read(file)?;
    let bar = output.progress(text.lines().count());
    let (mut import, mut batch) = (Import::default(), Vec::with_capacity(BATCH));
    for (index, line) in text.lines().enumerate() {
        bar.inc(1);
        match parse(&list, line) {
            Ok(None) => {}
            Ok(Some(row)) => batch.push(row),
            Err(problem) => import.reject(index + 1, problem),
        }
        if batch.len() == BATCH {
            write(store, name, std::mem::take(&mut batch), &mut import).await?;
        }
    }
    write(store, name, batch, &mut import).await?;
    bar.finish_and_clear();
    import.report(file, output)
}

async fn write(
    store: &SqliteStore,
    list: &str,
    rows: Vec<ListRow>,
    import: &mut Import,
) -> anyhow::Result<()> {
    let count = rows.len();
    if count > 0 {
        store.add_entries(list, rows).await.context("the rows before were imported")?;
    }
    import.took(count);
    Ok(())
}

/// A line of JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonRow {
    Bare(String),
    Entry(JsonEntry),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonEntry {
    value: String,
    #[serde(default)]
    payload: Value,
}

/// The row of a line; `None` where the line holds none.
fn parse(list: &List, line: &str) -> Result<Option<ListRow>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let entry = if line.starts_with(['{', '"']) { json_entry(line)? } else { NewEntry::bare(line) };
    row(list, 0, entry).map(Some).map_err(|error| format!("the {} {}", error.part.as_str(), error.problem))
}

fn json_entry(line: &str) -> Result<NewEntry, String> {
    // Serde's own sentence could quote the line.
    let parsed = serde_json::from_str(line);
    match parsed.map_err(|_| "must be `\"value\"` or `{\"value\": …, \"payload\": …}`")? {
        JsonRow::Bare(value) => Ok(NewEntry::bare(value)),
        JsonRow::Entry(JsonEntry { value, payload }) => {
            Ok(NewEntry { value, payload: (!payload.is_null()).then(|| payload.to_string()) })
        }
    }
}
