//! The command line: what was typed becomes one call; results go to standard output, for people or,
//! with `--json`, for programs; complaints go to standard error, and the exit code says whether it
//! went well.

mod accounts;
mod bundle;
mod cases;
mod catalogue;
mod check;
mod database;
mod first;
mod health;
mod lists;
mod output;
mod pages;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::bundle::Bundle;
use output::Output;

/// May this account do this now, under the Acceptable Use Policy?
#[derive(Parser)]
#[command(name = "aupd", version, about, propagate_version = true)]
struct Cli {
    /// Prints JSON instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the service.
    Serve(serve::ServeArgs),
    /// Decides one request, by a running service or right here.
    Check(check::CheckArgs),
    /// Runs case files and says what differs.
    Test(cases::TestArgs),
    /// Checks or shows a bundle.
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Reads or changes the accounts in a database file.
    Accounts(accounts::AccountsArgs),
    /// Reads or changes the lists in a database file.
    Lists(lists::ListsArgs),
    /// Prints the catalogue of reasons and obligations.
    Reasons(BundleArgs),
    /// Prints every signal that rules may read.
    Signals,
    /// Asks a running service whether it serves; fails if not.
    Health(health::HealthArgs),
    /// Prints completions for a shell.
    Completions(pages::CompletionsArgs),
    /// Prints the manual page, or writes all of them.
    Man(pages::ManArgs),
}

/// Which bundle to use.
#[derive(Args, Clone, Default)]
struct BundleArgs {
    /// Directory of a bundle; the one inside the binary if missing.
    #[arg(long = "bundle", value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
}

/// A command failed after it had said why.
#[derive(Debug)]
struct Reported;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    match run(cli.command, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.downcast_ref::<Reported>().is_none() {
                output.error(&error);
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::serve(&args, output),
        Command::Check(args) => check::check(&args, output),
        Command::Test(args) => cases::test(&args, output),
        Command::Bundle(command) => bundle::run(command, output),
        Command::Accounts(args) => accounts::run(&args, output),
        Command::Lists(args) => lists::run(&args, output),
        Command::Reasons(args) => catalogue::reasons(&args, output),
        Command::Signals => catalogue::signals(output),
        Command::Health(args) => health::health(&args, output),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args, output),
    }
}

impl std::fmt::Display for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it was said why")
    }
}

impl std::error::Error for Reported {}

// === impl BundleArgs ===

impl BundleArgs {
    /// Loads the bundle, or prints each problem as `file:line: what is wrong`.
    fn load(&self, output: &Output) -> anyhow::Result<Bundle> {
        output.bundle(self.dir.as_deref()).map_err(|problems| {
            output.problems(&problems);
            Reported.into()
        })
    }
}
