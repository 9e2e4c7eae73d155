//! `counters.yaml`: every counter over past traffic, declared.
//!
//! A counter that nothing counts yet is `planned`, and no rule may read it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::Problem;
use super::limits::Limits;
use super::yaml::{self, Named};

/// The file.
pub const FILE: &str = "counters.yaml";

/// One counter.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Its name: `context.traffic.NAME`.
    pub name: Arc<str>,
    /// What it tells.
    pub doc: Arc<str>,
    /// Line in the file.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    counters: Vec<RawCounter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "checked for shape now, read by the traffic memory")]
struct RawCounter {
    name: Named,
    doc: String,
    k: String,
    events: Vec<String>,
    #[serde(rename = "where", default)]
    filter: BTreeMap<String, serde_json::Value>,
    key: Vec<String>,
    window: serde_json::Value,
    aggregate: serde_json::Value,
    counts_this: bool,
    attempts: Attempts,
    #[serde(default)]
    planned: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Attempts {
    Allowed,
    Refused,
}

/// Reads and checks the file's text.
///
/// # Errors
/// Every problem found: malformed YAML, a name given twice, a window that is not a declared limit,
/// a counter that is not planned although nothing counts yet.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Counter>, Vec<Problem>> {
    let raw: RawFile = yaml::parse(FILE, text).map_err(|problem| vec![problem])?;
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut counters = Vec::new();
    for raw in raw.counters {
        let (line, name) = (yaml::line_of(&raw.name), raw.name.value.as_str());
        let mut complain =
            |what: String| problems.push(Problem::at(FILE, line, format!("counter `{name}` {what}")));
        if !seen.insert(name.to_owned()) {
            complain("is declared twice".into());
        }
        if let Some(window) = raw.window.as_str().filter(|w| *w != "now" && limits.get(w).is_none()) {
            complain(format!("has the window `{window}`, which is not a declared limit"));
        }
        if !raw.planned {
            complain("must be planned: nothing counts it yet".into());
        }
        counters.push(Counter { name: name.into(), doc: raw.doc.as_str().into(), line });
    }
    if problems.is_empty() { Ok(counters) } else { Err(problems) }
}
