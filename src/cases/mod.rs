//! Case files: policy tests as data, in the format of `demo/cases/README.md`.
//!
//! A case says: with this account, these lists and this history, this request gets this decision.
//! Cases are run through the same [`decide`](crate::decide::decide) as live requests, so that a
//! policy author adds one without writing Rust.

mod fixtures;
mod history;
mod run;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

pub use fixtures::{Fixtures, entries as list_entries};
pub use run::{Failure, Got, Report, run};

/// Largest case file, in bytes.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// One case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Clause that it exercises; 0 for malformed requests.
    pub clause: u8,
    /// One line of reason.
    #[serde(default)]
    pub why: String,
    /// Account in `accounts.json`; one that is not there does not exist.
    pub account: String,
    /// Merge patch (RFC 7396) on that account.
    #[serde(default)]
    pub account_patch: Option<Value>,
    /// Added to the fixtures' lists for this case.
    #[serde(default)]
    pub lists: Map<String, Value>,
    /// Earlier events.
    #[serde(default)]
    pub history: Vec<Event>,
    /// The action.
    pub action: String,
    /// The request; its `at` is the clock of the case.
    pub request: Map<String, Value>,
    /// What must come of it.
    pub expect: Expect,
}

/// An earlier event, with whatever fields its kind has.
#[derive(Clone, Deserialize)]
pub struct Event {
    /// Seconds relative to the request's time, zero or negative.
    pub t: f64,
    /// What happened.
    pub action: String,
    /// Its other fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What a case expects.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `ALLOW` or `DENY`.
    pub decision: String,
    /// Primary reason, `OK` on allow.
    pub reason: String,
    /// Whether the primary reason is retryable, if asserted.
    #[serde(default)]
    pub retryable: Option<bool>,
    /// The exact set of obligations, if asserted.
    #[serde(default)]
    pub obligations: Option<BTreeSet<String>>,
    /// The other violations.
    #[serde(default)]
    pub also: BTreeSet<String>,
}

/// Cases with the accounts and fixtures that they share.
#[derive(Default)]
pub struct Suite {
    /// The cases, in file order.
    pub cases: Vec<Case>,
    /// Base accounts by id, as JSON to be patched.
    pub accounts: BTreeMap<String, Value>,
    /// Lists and policy constants.
    pub fixtures: Fixtures,
}

/// Why a suite cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error("cannot read `{}`", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// A file is not what it should be.
    #[error("{}:{line}: is malformed", .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// There is nothing to run.
    #[error("`{}` holds no case files", .0.display())]
    Empty(PathBuf),
}

// === impl Suite ===

impl Suite {
    /// Reads case files; a folder stands for its `.jsonl` files in order. Accounts and fixtures come
    /// from `fixtures`, or else from the folder of the first path.
    ///
    /// # Errors
    /// When a file cannot be read or a line is no case.
    pub fn load(paths: &[PathBuf], fixtures: Option<&Path>) -> Result<Self, LoadError> {
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let own = if first.is_dir() { first } else { first.parent().unwrap_or(Path::new(".")) };
        let shared = fixtures.unwrap_or(own);
        let mut suite = Self {
            cases: Vec::new(),
            accounts: optional(&shared.join("accounts.json"))?.unwrap_or_default(),
            fixtures: optional(&shared.join("fixtures.json"))?.unwrap_or_default(),
        };
        for path in paths {
            for file in files(path)? {
                suite.cases.extend(read_cases(&file)?);
            }
        }
        Ok(suite)
    }

    /// Keeps the cases whose ids stand in a file, one a line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keep_only(&mut self, file: &Path) -> Result<(), LoadError> {
        let text = read(file)?;
        let ids: BTreeSet<&str> = text.lines().map(str::trim).filter(|id| !id.is_empty()).collect();
        self.cases.retain(|case| ids.contains(case.id.as_str()));
        Ok(())
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| LoadError::Read(path.to_owned(), error))?;
    let cases =
        entries.flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl"));
    let mut files: Vec<PathBuf> = cases.collect();
    files.sort();
    if files.is_empty() { Err(LoadError::Empty(path.to_owned())) } else { Ok(files) }
}

fn read(file: &Path) -> Result<String, LoadError> {
    let fail = |error| LoadError::Read(file.to_owned(), error);
    if std::fs::metadata(file).map_err(fail)?.len() > MAX_FILE_BYTES {
        return Err(fail(std::io::Error::other("is larger than 256 MiB")));
    }
    std::fs::read_to_string(file).map_err(fail)
}

fn optional<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Option<T>, LoadError> {
    if !file.exists() {
        return Ok(None);
    }
    let malformed = |source: serde_json::Error| LoadError::Malformed {
        file: file.to_owned(),
        line: source.line(),
        source,
    };
    serde_json::from_str(&read(file)?).map(Some).map_err(malformed)
}

fn read_cases(file: &Path) -> Result<Vec<Case>, LoadError> {
    let text = read(file)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let case = |(at, line): (usize, &str)| {
        let malformed = |source| LoadError::Malformed { file: file.to_owned(), line: at + 1, source };
        serde_json::from_str(line).map_err(malformed)
    };
    lines.map(case).collect()
}
