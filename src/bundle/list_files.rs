//! `lists/*.yaml`: the lists that come with a bundle.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Problem;
use super::files::Files;
use super::lexicon_files;
use super::yaml::{self, Named};
use crate::lists::{Kind, List, Lists, Match};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "doc, source and date are for the reader of the file, and must be there")]
struct RawList {
    name: Named,
    doc: String,
    kind: Kind,
    #[serde(rename = "match")]
    matching: Match,
    of: Option<String>,
    source: String,
    date: String,
    values: Values,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    Plain(Vec<String>),
    WithPayload(Map<String, Value>),
}

/// The line on which each list is declared.
pub type Places = Vec<(String, usize)>;

/// Reads every file below `lists/`, noting where each list is declared.
///
/// # Errors
/// Every problem found: malformed YAML, a name given twice or unlike its file's.
pub fn parse(files: &Files) -> Result<(Lists, Places), Vec<Problem>> {
    let mut lists = Lists::default();
    let mut places = Vec::new();
    let mut problems = Vec::new();
    let is_list = |file: &str| file.starts_with("lists/") && !file.starts_with(lexicon_files::FOLDER);
    for (file, text) in files.0.iter().filter(|(file, _)| is_list(file)) {
        match yaml::parse::<RawList>(file, text) {
            Ok(raw) => {
                let (name, line) = (raw.name.value.clone(), yaml::line_of(&raw.name));
                if *file != format!("lists/{name}.yaml") {
                    problems.push(Problem::at(
                        file,
                        line,
                        format!("list `{name}` must stand in `lists/{name}.yaml`"),
                    ));
                }
                places.push((name, line));
                lists.insert(raw.into_list());
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((lists, places)) } else { Err(problems) }
}

// === impl RawList ===

impl RawList {
    fn into_list(self) -> List {
        List::new(&self.name.value, self.kind, self.matching, self.of.as_deref(), self.values.entries())
    }
}

// === impl Values ===

impl Values {
    fn entries(self) -> Vec<(String, Value)> {
        match self {
            Self::Plain(values) => values.into_iter().map(|value| (value, Value::Null)).collect(),
            Self::WithPayload(values) => values.into_iter().collect(),
        }
    }
}
