//! The bundle: the policy as data, loaded whole, checked whole, swapped whole.
//!
//! Schema, rules, reasons, limits, counters and lists come as one set of files. Whatever is wrong is
//! reported with file and line; a bundle with a problem is never used.

mod catalogue;
mod counters;
mod files;
mod lexicon_files;
mod limits;
mod list_files;
mod overrides;
mod problem;
mod snapshot;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use crate::traffic::Counter;
pub use catalogue::{Catalogue, ObligationEntry, On, Origin, Rank, ReasonEntry};
pub use files::Files;
pub use limits::{InvalidLimit, Limit, Limits, UNLIMITED, Unit};
pub use problem::Problem;
pub use snapshot::{Policy, Snapshot};

use crate::lists::{Lists, Match};
use crate::numbers::emergency::{Numbers, Tables};
use crate::rules::{Effect, Names, Program, Progress};
use crate::signals::{self, Cause, Kind};

/// The list of emergency numbers, which code reads.
const EMERGENCY: &str = "emergency_numbers";

/// A checked bundle.
#[derive(Debug)]
pub struct Bundle {
    /// Names this state of the bundle.
    pub revision: Arc<str>,
    /// SHA-256 over all files, in hexadecimal digits.
    pub digest: Arc<str>,
    /// Reasons and obligations.
    pub catalogue: Catalogue,
    /// Thresholds.
    pub limits: Limits,
    /// Counters.
    pub counters: Arc<[Counter]>,
    /// Lists with their default entries.
    pub lists: Lists,
    /// Rules.
    pub program: Program,
    /// Emergency numbers by region.
    pub emergency: Tables,
    /// What is not wrong, but worth knowing.
    pub warnings: Vec<String>,
}

// === impl Bundle ===

impl Bundle {
    /// Reads and checks a bundle.
    ///
    /// # Errors
    /// Every problem found, sorted by file and line.
    pub fn load(files: &Files) -> Result<Self, Vec<Problem>> {
        Self::load_with(files, &mut |_, _| ())
    }

    /// As [`Bundle::load`], telling how far it is: an account's own rules can be many thousands.
    ///
    /// # Errors
    /// As [`Bundle::load`].
    pub fn load_with(files: &Files, progress: &mut Progress<'_>) -> Result<Self, Vec<Problem>> {
        let parts = Parts::parse(files)?;
        let names = Names {
            catalogue: &parts.catalogue,
            limits: &parts.limits,
            counters: &parts.counters,
            lists: &parts.lists,
        };
        let mut problems = parts.cross_check();
        let program = Program::load(files, &names, progress);
        match &program {
            Ok(program) => problems.extend(unused(&parts.catalogue, program)),
            Err(found) => problems.extend(found.iter().cloned()),
        }
        let emergency = emergency(&parts.lists).map_err(|problem| problems.push(problem));
        problems.sort();
        problems.dedup();
        match (program, emergency) {
            (Ok(program), Ok(emergency)) if problems.is_empty() => Ok(parts.join(files, program, emergency)),
            _ => Err(problems),
        }
    }

    /// The bundle of a directory, with the directory before each file's name, or the default one.
    ///
    /// # Errors
    /// As [`Bundle::load`].
    pub fn at(dir: Option<&Path>, progress: &mut Progress<'_>) -> Result<Self, Vec<Problem>> {
        let Some(dir) = dir else { return Self::embedded() };
        let placed = |problem: Problem| {
            let file = dir.join(&problem.file).display().to_string();
            Problem { file, ..problem }
        };
        let load = Files::read(dir).and_then(|files| Self::load_with(&files, progress));
        load.map_err(|problems| problems.into_iter().map(placed).collect())
    }

    /// The default bundle inside the binary.
    ///
    /// # Errors
    /// As [`Bundle::load`]; a test keeps it from happening.
    pub fn embedded() -> Result<Self, Vec<Problem>> {
        Self::load(&Files::embedded())
    }
}

/// The files that hold no rules, parsed.
struct Parts {
    catalogue: Catalogue,
    limits: Limits,
    counters: Vec<Counter>,
    lists: Lists,
    list_places: Vec<(String, usize)>,
}

// === impl Parts ===

impl Parts {
    fn parse(files: &Files) -> Result<Self, Vec<Problem>> {
        let text = |name: &str| {
            let found = files.0.get(name).map(String::as_str);
            found.ok_or_else(|| vec![Problem::whole(name, "is missing")])
        };
        let mut problems = Vec::new();
        let catalogue = keep(text(catalogue::FILE).and_then(Catalogue::parse), &mut problems);
        let limits = keep(text(limits::FILE).and_then(Limits::parse), &mut problems);
        let for_counters = limits.clone().unwrap_or_default();
        let counters =
            keep(text(counters::FILE).and_then(|t| counters::parse(t, &for_counters)), &mut problems);
        let lists = keep(list_files::parse(files), &mut problems);
        let lexicons = keep(lexicon_files::parse(files), &mut problems);
        match (catalogue, limits, counters, lists, lexicons) {
            (
                Some(catalogue),
                Some(limits),
                Some(counters),
                Some((mut lists, list_places)),
                Some(lexicons),
            ) if problems.is_empty() => {
                lists.lexicons = Arc::new(lexicons);
                Ok(Self { catalogue, limits, counters, lists, list_places })
            }
            _ => Err(problems),
        }
    }

    /// Names that one file uses and another declares.
    fn cross_check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> =
            self.list_places.iter().filter_map(|(name, line)| self.looked_up(name, *line)).collect();
        problems.extend(self.parameters());
        problems.extend(self.lists_of_signals());
        problems.extend(self.system_codes());
        problems
    }

    fn looked_up(&self, name: &str, line: usize) -> Option<Problem> {
        let of = self.lists.get(name)?.of.as_ref()?;
        let message = match signals::find(of).map(|signal| signal.kind) {
            Some(Kind::Text | Kind::Set) => return None,
            Some(Kind::Bool | Kind::Long) => format!("list `{name}` looks up `{of}`, which is no text"),
            None => format!("list `{name}` looks up `{of}`, which no signal provides"),
        };
        Some(Problem::at(&format!("lists/{name}.yaml"), line, message))
    }

    fn parameters(&self) -> impl Iterator<Item = Problem> {
        let used = self.catalogue.obligations.iter().filter(|obligation| !obligation.planned);
        used.flat_map(|obligation| {
            let unknown = obligation.parameters.values();
            let unknown = unknown.filter(|path| signals::parameter(path, &self.limits).is_none());
            unknown.map(|path| {
                let message =
                    format!("obligation `{}` takes `{path}`, which no signal provides", obligation.kind);
                Problem::at(catalogue::FILE, obligation.line, message)
            })
        })
    }

    fn lists_of_signals(&self) -> impl Iterator<Item = Problem> {
        let read: BTreeSet<&str> =
            signals::all().flat_map(|signal| signal.lists).copied().chain([EMERGENCY]).collect();
        read.into_iter().filter(|name| self.lists.get(name).is_none()).map(|name| {
            Problem::whole(&format!("lists/{name}.yaml"), "is missing, and a signal reads that list")
        })
    }

    fn system_codes(&self) -> impl Iterator<Item = Problem> {
        let needed = Cause::ALL.iter().map(|cause| cause.code()).chain(CODES);
        needed
            .filter(|code| self.catalogue.reason(code).is_none_or(|reason| reason.origin != Origin::Code))
            .map(|code| {
                Problem::whole(catalogue::FILE, &format!("must have the reason `{code}`, `from: code`"))
            })
    }

    fn join(self, files: &Files, program: Program, emergency: Tables) -> Bundle {
        let digest = digest(files);
        Bundle {
            revision: digest.get(..12).unwrap_or(&digest).into(),
            digest: digest.into(),
            warnings: warnings(&self.catalogue, &self.counters),
            catalogue: self.catalogue,
            limits: self.limits,
            counters: self.counters.into(),
            lists: self.lists,
            program,
            emergency,
        }
    }
}

/// Reasons that code gives, beside those of failures.
pub const CODES: [&str; 2] = ["INVALID_REQUEST", REPLAYED];

/// The reason of a repetition that is none: another payload, or a nonce that was used before.
pub const REPLAYED: &str = "REQUEST_REPLAYED";

fn keep<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|found| problems.extend(found)).ok()
}

fn unused(catalogue: &Catalogue, program: &Program) -> Vec<Problem> {
    let effects = || program.rules.iter().map(|rule| &rule.effect);
    let reasons: BTreeSet<Rank> =
        effects().filter_map(|e| if let Effect::Forbid(rank) = e { Some(*rank) } else { None }).collect();
    let duties: BTreeSet<usize> = effects()
        .flat_map(|e| if let Effect::Duty { obligations, .. } = e { obligations.as_slice() } else { &[] })
        .copied()
        .collect();
    let unused = |what: &str, name: &str, line| {
        Problem::at(
            catalogue::FILE,
            line,
            format!("{what} `{name}` is used by no rule and is not marked as planned"),
        )
    };
    let reasons = catalogue
        .reasons
        .iter()
        .enumerate()
        .filter(|(rank, reason)| reason.origin == Origin::Rules && !reasons.contains(rank));
    let reasons = reasons.map(|(_, reason)| unused("reason", &reason.code, reason.line));
    let obligations = catalogue
        .obligations
        .iter()
        .enumerate()
        .filter(|(place, obligation)| !obligation.planned && !duties.contains(place));
    reasons
        .chain(obligations.map(|(_, obligation)| unused("obligation", &obligation.kind, obligation.line)))
        .collect()
}

fn emergency(lists: &Lists) -> Result<Tables, Problem> {
    let file = format!("lists/{EMERGENCY}.yaml");
    let list = lists.get(EMERGENCY).filter(|list| list.matching == Match::Emergency);
    let list = list.ok_or_else(|| Problem::whole(&file, "must be there, with `match: emergency`"))?;
    let mut entries = Vec::new();
    for (region, numbers) in list.entries() {
        let region =
            region.parse().map_err(|_| Problem::whole(&file, &format!("`{region}` is no region")))?;
        let numbers: Numbers = serde_json::from_value(numbers.clone())
            .map_err(|error| Problem::whole(&file, &format!("entry `{region}`: {error}")))?;
        entries.push((region, numbers));
    }
    Tables::from_entries(entries).map_err(|error| Problem::whole(&file, &error.to_string()))
}

fn digest(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (path, text) in &files.0 {
        for part in [path, text] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn warnings(catalogue: &Catalogue, counters: &[Counter]) -> Vec<String> {
    let reasons = catalogue.reasons.iter().filter(|reason| reason.origin == Origin::Planned).count();
    let obligations = catalogue.obligations.iter().filter(|obligation| obligation.planned).count();
    let counters = counters.iter().filter(|counter| counter.planned).count();
    [(reasons, "reasons"), (obligations, "obligations"), (counters, "counters")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what} are planned: nothing uses them yet"))
        .collect()
}
