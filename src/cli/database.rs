//! What the commands share that work on the database file itself: which file, what goes in, and what
//! became of it. A running service notices their writes within 100 ms.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::Reported;
use super::output::Output;
use crate::store::SqliteStore;

/// Most bytes of a file or of standard input.
const MAX_INPUT: u64 = 256 << 20;
/// Rows of one transaction.
pub(super) const BATCH: usize = 1_000;
/// Bad rows that are told; the others are only counted.
const MAX_TOLD: usize = 100;

/// Which database to use.
#[derive(Args)]
pub(super) struct StoreArgs {
    /// Database file.
    #[arg(long, value_name = "PATH", default_value = "aupd.db", global = true)]
    store: PathBuf,
}

/// A row of an import that was not taken.
#[derive(Serialize)]
pub(super) struct BadRow {
    /// Line in the file, from 1.
    line: usize,
    /// What is wrong with it.
    problem: String,
}

/// What became of an import.
#[derive(Default, Serialize)]
pub(super) struct Import {
    /// Rows that are in the database now.
    imported: usize,
    /// Rows that are not.
    rejected: usize,
    /// Each of those, up to [`MAX_TOLD`].
    problems: Vec<BadRow>,
}

// === impl StoreArgs ===

impl StoreArgs {
    /// Opens the database, which must be there: a mistyped path is no empty database.
    pub(super) async fn open(&self) -> anyhow::Result<SqliteStore> {
        anyhow::ensure!(self.store.exists(), "there is no database at `{}`", self.store.display());
        self.open_or_create().await
    }

    /// Opens the database, making it if it is not there.
    pub(super) async fn open_or_create(&self) -> anyhow::Result<SqliteStore> {
        Ok(SqliteStore::open(&self.store).await?)
    }
}

// === impl Import ===

impl Import {
    pub(super) const fn took(&mut self, rows: usize) {
        self.imported += rows;
    }

    pub(super) fn reject(&mut self, line: usize, problem: impl Into<String>) {
        self.rejected += 1;
        if self.problems.len() < MAX_TOLD {
            self.problems.push(BadRow { line, problem: problem.into() });
        }
    }

    /// Prints what became of it; fails if a row was not taken.
    pub(super) fn report(mut self, file: &Path, output: &Output) -> anyhow::Result<()> {
        self.problems.sort_by_key(|bad| bad.line);
        if !output.json {
            for BadRow { line, problem } in &self.problems {
                eprintln!("{}:{line}: {problem}", file.display());
            }
        }
        output.show(|| format!("{} imported, {} rejected", self.imported, self.rejected), &self)?;
        if self.rejected == 0 { Ok(()) } else { Err(Reported.into()) }
    }
}

/// Runs `work` to its end in this thread.
pub(super) fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// The text of a file, or of standard input for `-`.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let named = || format!("cannot read `{}`", path.display());
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_INPUT + 1).read_to_string(&mut text)
    } else {
        File::open(path).with_context(named)?.take(MAX_INPUT + 1).read_to_string(&mut text)
    }
    .with_context(named)?;
    let fits = u64::try_from(text.len()).is_ok_and(|bytes| bytes <= MAX_INPUT);
    anyhow::ensure!(fits, "`{}` is larger than 256 MiB; import it in parts", path.display());
    Ok(text)
}
