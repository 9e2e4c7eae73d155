//! The schema: what rules may read, checked against what signals provide.
//!
//! `aup.cedarschema` is written for people. The types of the four families that other files
//! declare (`Limits`, `Listed`, `Spoken`, `Traffic`) are added to it here, so that a limit, a list or a
//! counter is declared once.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use cedar_policy::{SchemaFragment, Validator};
use miette::Diagnostic;
use serde_json::Value;

use super::Names;
use super::statements::line_at;
use crate::bundle::{Counter, Problem};
use crate::domain::ActionKind;
use crate::signals;

/// The file.
pub(super) const FILE: &str = "aup.cedarschema";

/// Paths whose attributes other files declare.
pub(super) const FAMILIES: [&str; 4] =
    ["principal.limits", "context.listed", "context.lexicon", "context.traffic"];

/// The schema and what was read from it.
pub(super) struct Schema {
    /// Validates against it; made once, because it copies the schema.
    pub(super) validator: Validator,
    /// For each action, itself and every group that it is in.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
}

// === impl Schema ===

impl Schema {
    /// Reads the schema and holds it against the registry of signals.
    ///
    /// # Errors
    /// Malformed schema, an attribute that no signal provides or that has another type, a signal that
    /// is not declared, an action that is missing or unknown.
    pub(super) fn load(text: &str, names: &Names<'_>) -> Result<Self, Vec<Problem>> {
        let whole = format!("{text}\n{}", generated(names));
        let json = json(text, &whole)?;
        let mut problems = attributes(text, &json);
        let groups = groups(&json);
        problems.extend(actions(text, &json));
        let schema = cedar_policy::Schema::from_str(&whole).map_err(|error| vec![at(text, &error)]);
        match schema {
            Ok(cedar) if problems.is_empty() => Ok(Self { validator: Validator::new(cedar), groups }),
            Ok(_) => Err(problems),
            Err(more) => Err(problems.into_iter().chain(more).collect()),
        }
    }
}

fn generated(names: &Names<'_>) -> String {
    let fields = |names: Vec<&str>, kind: &str| {
        names.into_iter().map(|name| format!("{name}: {kind}")).collect::<Vec<_>>().join(", ")
    };
    let limits = fields(names.limits.iter().map(|limit| &*limit.name).collect(), "Long");
    let listed = names.lists.iter().filter(|list| list.of.is_some()).map(|list| &*list.name);
    let listed = fields(listed.collect(), "Bool");
    let spoken = fields(names.lists.lexicons.iter().map(|lexicon| &*lexicon.name).collect(), "Bool");
    let counted = names.counters.iter().filter(|counter| !counter.planned);
    let traffic: Vec<String> =
        counted.map(|counter| format!("{}: {}", counter.name, shape(counter))).collect();
    let traffic = traffic.join(", ");
    format!(
        "type Limits = {{ {limits} }};\ntype Listed = {{ {listed} }};\ntype Spoken = {{ {spoken} }};\ntype Traffic = {{ {traffic} }};\n"
    )
}

/// A counter is a number, or a record where a part stands beside its whole.
const fn shape(counter: &Counter) -> &'static str {
    if counter.is_record() { "{ part: Long, of: Long, enough: Bool }" } else { "Long" }
}

fn at(text: &str, error: &(impl Diagnostic + std::fmt::Display)) -> Problem {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    Problem::at(FILE, offset.map_or(0, |offset| line_at(text, offset)), error.to_string())
}

fn json(text: &str, whole: &str) -> Result<Value, Vec<Problem>> {
    let (fragment, warnings) =
        SchemaFragment::from_cedarschema_str(whole).map_err(|error| vec![at(text, &error)])?;
    let warnings: Vec<Problem> = warnings.map(|warning| at(text, &warning)).collect();
    if !warnings.is_empty() {
        return Err(warnings);
    }
    fragment.to_json_value().map_err(|error| vec![at(text, &error)])
}

/// Every attribute that rules may read must be a signal of the same type, and the other way round.
fn attributes(text: &str, json: &Value) -> Vec<Problem> {
    let mut declared = BTreeMap::new();
    let types = json.pointer("//commonTypes");
    let account = json.pointer("//entityTypes/Account/shape").cloned().unwrap_or(Value::Null);
    leaves(&account, types, "principal", &mut declared);
    for action in entries(json.pointer("//actions")).map(|(_, action)| action) {
        let context = action.pointer("/appliesTo/context").cloned().unwrap_or(Value::Null);
        leaves(&context, types, "context", &mut declared);
    }
    let unprovided = declared.iter().filter_map(|(path, kind)| unprovided(path, kind, text));
    let undeclared = signals::all()
        .filter(|signal| !declared.contains_key(signal.path))
        .map(|signal| Problem::at(FILE, 0, format!("signal `{}` is not declared", signal.path)));
    unprovided.chain(undeclared).collect()
}

fn unprovided(path: &str, kind: &str, text: &str) -> Option<Problem> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let line =
        text.lines().position(|line| line.trim_start().starts_with(&format!("{last}:"))).map_or(0, |n| n + 1);
    match signals::find(path) {
        None => Some(Problem::at(FILE, line, format!("attribute `{path}` is provided by no signal"))),
        Some(signal) if signal.kind.as_str() != kind => {
            let is = signal.kind.as_str();
            Some(Problem::at(
                FILE,
                line,
                format!("attribute `{path}` is declared as {kind}, and its signal gives {is}"),
            ))
        }
        Some(_) => None,
    }
}

/// Collects `path → type` of every leaf below a type, families left out.
fn leaves(shape: &Value, types: Option<&Value>, path: &str, found: &mut BTreeMap<String, String>) {
    if FAMILIES.contains(&path) {
        return;
    }
    match shape.get("type").and_then(Value::as_str) {
        Some("Record") => {
            for (name, attribute) in entries(shape.get("attributes")) {
                leaves(attribute, types, &format!("{path}.{name}"), found);
            }
        }
        Some("Set") => drop(found.insert(path.to_owned(), format!("Set<{}>", name_of(shape.get("element"))))),
        Some("EntityOrCommon") => match types.and_then(|types| types.get(name_of(Some(shape)))) {
            Some(common) => leaves(common, types, path, found),
            None => drop(found.insert(path.to_owned(), name_of(Some(shape)).to_owned())),
        },
        Some(other) => match types.and_then(|types| types.get(other)) {
            Some(common) => leaves(common, types, path, found),
            None => drop(found.insert(path.to_owned(), other.to_owned())),
        },
        None => {}
    }
}

fn name_of(shape: Option<&Value>) -> &str {
    let name =
        shape.and_then(|shape| shape.get("name")).or_else(|| shape.and_then(|shape| shape.get("type")));
    let name = name.and_then(Value::as_str).unwrap_or_default();
    name.strip_prefix("__cedar::").unwrap_or(name)
}

fn entries(object: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.and_then(Value::as_object).into_iter().flatten()
}

fn actions(text: &str, json: &Value) -> Vec<Problem> {
    let declared: BTreeSet<&str> = entries(json.pointer("//actions"))
        .filter(|(_, action)| action.pointer("/appliesTo/principalTypes/0").is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let known: BTreeSet<&str> = ActionKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let line =
        |name: &str| text.lines().position(|line| line.contains(&format!("\"{name}\""))).map_or(0, |n| n + 1);
    let missing = known
        .difference(&declared)
        .map(|name| Problem::at(FILE, 0, format!("action `{name}` is not declared")));
    let unknown = declared
        .difference(&known)
        .map(|name| Problem::at(FILE, line(name), format!("action `{name}` is not one of the 16")));
    missing.chain(unknown).collect()
}

/// The groups of each action, over any number of steps.
fn groups(json: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let parents: BTreeMap<&str, Vec<&str>> = entries(json.pointer("//actions"))
        .map(|(name, action)| {
            let member_of = action.get("memberOf").and_then(Value::as_array).into_iter().flatten();
            (name.as_str(), member_of.filter_map(|group| group.get("id")?.as_str()).collect())
        })
        .collect();
    parents.keys().map(|name| ((*name).to_owned(), above(name, &parents))).collect()
}

fn above(name: &str, parents: &BTreeMap<&str, Vec<&str>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        if found.insert(name.to_owned()) {
            open.extend(parents.get(name).into_iter().flatten());
        }
    }
    found
}
