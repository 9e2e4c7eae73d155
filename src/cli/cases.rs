//! `aupd test`: runs case files.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::output::Output;
use super::{BundleArgs, Reported};
use crate::bundle::Snapshot;
use crate::cases::{Report, Suite, run};

/// Arguments of `aupd test`.
#[derive(Args)]
pub(super) struct TestArgs {
    /// Case files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Runs only the cases whose ids stand in this file, one a line.
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    /// Folder of `accounts.json` and `fixtures.json`; that of the cases if missing.
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    #[command(flatten)]
    bundle: BundleArgs,
}

/// Runs the cases; fails if one of them does, or if there are none.
pub(super) fn test(args: &TestArgs, output: &Output) -> anyhow::Result<()> {
    let policy = Snapshot::new(Arc::new(args.bundle.load(output)?));
    let mut suite = Suite::load(&args.paths, args.fixtures.as_deref())?;
    if let Some(only) = &args.only {
        suite.keep_only(only)?;
    }
    anyhow::ensure!(!suite.cases.is_empty(), "there are no cases to run");
    let bar = output.progress(suite.cases.len());
    let report = run(&suite, &policy, || bar.inc(1));
    bar.finish_and_clear();
    output.show(|| text(&report), &report)?;
    if report.failed.is_empty() { Ok(()) } else { Err(Reported.into()) }
}

fn text(report: &Report) -> String {
    let failures = report.failed.iter().map(|failure| format!("{failure}\n"));
    let total = format!("{} passed, {} failed", report.passed, report.failed.len());
    failures.chain([total]).collect()
}
