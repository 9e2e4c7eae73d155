//! `aupd accounts`: reads and changes the accounts in a database file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::BundleArgs;
use super::database::{self, StoreArgs};
use super::output::Output;
use crate::bundle::Bundle;
use crate::domain::{Account, AccountId};
use crate::store::{MAX_PAGE, SqliteStore, Store, StoredAccount};

mod import;

/// Arguments of `aupd accounts`.
#[derive(Args)]
pub(super) struct AccountsArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(subcommand)]
    command: AccountsCommand,
}

/// What to do with accounts.
#[derive(Subcommand)]
enum AccountsCommand {
    /// Prints accounts in the order of their ids.
    List {
        /// Begins after this id.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// Prints at most so many.
        #[arg(long, default_value_t = MAX_PAGE)]
        limit: usize,
    },
    /// Prints an account.
    Get {
        /// Its id.
        id: String,
    },
    /// Inserts or replaces an account.
    Put {
        /// File with the account as JSON; `-` is standard input.
        file: PathBuf,
    },
    /// Suspends an account, and by that everything below it.
    Suspend {
        /// Its id.
        id: String,
        /// Why, for operators.
        #[arg(long)]
        reason: String,
    },
    /// Inserts or replaces the accounts of a file: one JSON object of accounts by id, or one account a
    /// line.
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
    },
}

pub(super) fn run(args: &AccountsArgs, output: &Output) -> anyhow::Result<()> {
    let bundle = args.bundle.load(output)?;
    database::run(async {
        let store = match &args.command {
            AccountsCommand::Put { .. } | AccountsCommand::Import { .. } => {
                args.store.open_or_create().await?
            }
            AccountsCommand::List { .. } | AccountsCommand::Get { .. } | AccountsCommand::Suspend { .. } => {
                args.store.open().await?
            }
        };
        let done = carry_out(&args.command, &store, &bundle, output).await;
        store.close().await;
        done
    })
}

async fn carry_out(
    command: &AccountsCommand,
    store: &SqliteStore,
    bundle: &Bundle,
    output: &Output,
) -> anyhow::Result<()> {
    match command {
        AccountsCommand::List { after, limit } => list(store, after.as_deref(), *limit, output).await,
        AccountsCommand::Get { id } => get(store, &parse_id(id)?, output).await,
        AccountsCommand::Put { file } => put(store, bundle, file, output).await,
        AccountsCommand::Suspend { id, reason } => suspend(store, &parse_id(id)?, reason, output).await,
        AccountsCommand::Import { file } => import::import(store, bundle, file, output).await,
    }
}

async fn list(store: &SqliteStore, after: Option<&str>, limit: usize, output: &Output) -> anyhow::Result<()> {
    anyhow::ensure!((1..=MAX_PAGE).contains(&limit), "`--limit` must be 1 to {MAX_PAGE}");
    let after = after.map(parse_id).transpose()?;
    let accounts = store.list_accounts(after.as_ref(), limit).await?;
    let more = accounts.last().filter(|_| accounts.len() == limit).map(|last| last.account.id.as_str());
    let text = || {
        let rest = more.map(|id| format!("there may be more: --after {id}"));
        accounts.iter().map(line).chain(rest).collect::<Vec<_>>().join("\n")
    };
    let value: Vec<Value> = accounts.iter().map(summary).collect();
    output.show(text, &json!({ "accounts": value, "next": more }))
}

fn line(stored: &StoredAccount) -> String {
    let account = &stored.account;
    let parent = account.parent_id.as_ref().map_or(String::new(), |parent| format!("  below {parent}"));
    format!("{:<32} {}{parent}", account.id, account.status)
}

fn summary(stored: &StoredAccount) -> Value {
    let account = &stored.account;
    json!({
        "id": account.id, "status": account.status, "parent_id": account.parent_id, "revision": stored.revision,
    })
}

async fn get(store: &SqliteStore, id: &AccountId, output: &Output) -> anyhow::Result<()> {
    let stored = store.account(id).await?.with_context(|| no_such(id))?;
    let account = serde_json::to_string_pretty(&*stored.account)?;
    let suspended = stored.suspension.as_ref().map(|s| json!({ "at": s.at, "reason": s.reason }));
    let value = json!({ "account": &*stored.account, "revision": stored.revision, "suspension": suspended });
    output.show(|| account, &value)
}

async fn put(store: &SqliteStore, bundle: &Bundle, file: &Path, output: &Output) -> anyhow::Result<()> {
    let text = database::read(file)?;
    let account: Account = serde_json::from_str(&text).context("the account is malformed")?;
    refuse(bundle, &account).map_err(anyhow::Error::msg)?;
    let id = account.id.clone();
    let revision = store.put_account(account).await?;
    let text = || format!("account `{id}` is stored at revision {revision}");
    output.show(text, &json!({ "id": id, "revision": revision }))
}

async fn suspend(store: &SqliteStore, id: &AccountId, reason: &str, output: &Output) -> anyhow::Result<()> {
    let suspended = store.suspend_account(id, reason, Timestamp::now()).await?;
    let revision = suspended.with_context(|| no_such(id))?;
    let text = || format!("account `{id}` is suspended at revision {revision}");
    output.show(text, &json!({ "id": id, "revision": revision }))
}

fn parse_id(id: &str) -> anyhow::Result<AccountId> {
    AccountId::parse(id).map_err(|error| anyhow::anyhow!("the id {error}"))
}

fn no_such(id: &AccountId) -> String {
    format!("there is no account `{id}`")
}

/// Says which of an account's own limits and modes the bundle does not take.
fn refuse(bundle: &Bundle, account: &Account) -> Result<(), String> {
    let refused = bundle.refused_overrides(account);
    if refused.is_empty() {
        return Ok(());
    }
    Err(refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
