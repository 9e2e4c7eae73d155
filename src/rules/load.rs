//! From a bundle's files to a [`Program`], or to everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicyId, PolicySet, ValidationMode, pst};
use miette::Diagnostic;

use super::annotations;
use super::bounds;
use super::check;
use super::compile;
use super::index::{self, Loaded};
use super::order;
use super::paths::Mentions;
use super::schema::{self, Schema};
use super::slots::Slots;
use super::statements::{self, Statement};
use super::{Effect, Names, Program, Rule};
use crate::bundle::{Files, Problem};
use crate::domain::{ActionKind, Mode};

/// The folder of the rules that accounts have for their own subtrees, one file an account.
const TENANTS: &str = "tenants/";

// === impl Program ===

impl Program {
    /// Reads the schema and every clause file, and checks them against each other and `names`.
    ///
    /// # Errors
    /// Every problem found, with file and line.
    pub fn load(files: &Files, names: &Names<'_>, progress: &mut Progress<'_>) -> Result<Self, Vec<Problem>> {
        let schema_text = files.0.get(schema::FILE).map_or("", String::as_str);
        let schema = Schema::load(schema_text, names)?;
        let mut problems = Vec::new();
        let mut loaded: Vec<Loaded> = Vec::new();
        let mut slots = Slots::new(names);
        let statements = all_statements(files);
        for (done, (file, ordinal, statement)) in statements.iter().enumerate() {
            match load_one(file, *ordinal, statement, &schema, &mut slots) {
                Ok(one) => loaded.push(one),
                Err(found) => problems.extend(found),
            }
            progress(done + 1, statements.len());
        }
        problems.extend(duplicates(&loaded));
        problems.extend(base(&loaded));
        if problems.is_empty() {
            Ok(index::assemble(loaded, slots.into_all(), &schema))
        } else {
            Err(problems)
        }
    }
}

/// Is told how many rules of how many are loaded.
pub type Progress<'p> = dyn FnMut(usize, usize) + 'p;

fn all_statements(files: &Files) -> Vec<(&str, usize, Statement<'_>)> {
    let files = files.0.iter().filter(|(file, _)| file.ends_with(".cedar"));
    files
        .flat_map(|(file, text)| {
            let numbered = statements::split(text).into_iter().enumerate();
            numbered.map(|(ordinal, statement)| (file.as_str(), ordinal, statement))
        })
        .collect()
}

fn load_one(
    file: &str,
    ordinal: usize,
    statement: &Statement<'_>,
    schema: &Schema,
    slots: &mut Slots<'_>,
) -> Result<Loaded, Vec<Problem>> {
    let problem = |message: String| vec![Problem::at(file, statement.line, message)];
    bounds::text(statement.text).map_err(|error| problem(error.to_string()))?;
    let policy = parse(file, ordinal, statement)?;
    let typed = policy.to_pst().map_err(|error| problem(error.to_string()))?;
    let body = typed.body();
    bounds::tree(body).map_err(|error| problem(error.to_string()))?;
    let mentions = Mentions::of(body);
    let (effect, mode) = checked(file, statement, &policy, body, &mentions, schema, slots.names)?;
    slots.begin_rule();
    let condition = compile::policy(body, slots).map_err(|error| problem(error.to_string()))?.rest;
    let read = slots.of_rule();
    let id = body.annotations.get("id").map_or_else(|| policy.id().to_string(), ToString::to_string);
    let mut rule = Rule {
        id: id.into(),
        file: file.into(),
        line: statement.line,
        effect,
        mode,
        actions: actions(&body.action, schema),
        reads: read.iter().filter_map(|slot| slots.path(*slot).cloned()).collect(),
        ancestors: mentions.ancestors,
        gate: false,
        text: statement.text.trim().into(),
    };
    if let Some(problem) = misplaced_reads(&rule, statement, slots.names) {
        return Err(vec![problem]);
    }
    rule.gate = is_gate(&rule, slots.names);
    let condition = order::cheapest_first(condition, &|slot| slots.traits(slot));
    Ok(Loaded { rule, condition, slots: read, below: below(&body.principal) })
}

fn parse(file: &str, ordinal: usize, statement: &Statement<'_>) -> Result<Policy, Vec<Problem>> {
    let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".cedar");
    let parsed = Policy::parse(Some(PolicyId::new(format!("{stem}#{}", ordinal + 1))), statement.text);
    parsed.map_err(|error| vec![Problem::at(file, place(statement, &error), error.to_string())])
}

/// What a rule's annotations make of it, if everything that it names is declared and in its place.
fn checked(
    file: &str,
    statement: &Statement<'_>,
    policy: &Policy,
    body: &pst::Template,
    mentions: &Mentions,
    schema: &Schema,
    names: &Names<'_>,
) -> Result<(Effect, Mode), Vec<Problem>> {
    let mut problems = names_in(file, statement, mentions, names);
    let read = annotations::read(body, names);
    let complaints = read.as_ref().err().into_iter().flatten();
    problems
        .extend(complaints.map(|c| Problem::at(file, statement.line_of_word(&c.word), c.message.clone())));
    if problems.is_empty() {
        problems.extend(invalid(file, statement, policy, schema));
    }
    problems.extend(misplaced_tenant(file, statement, body));
    match read {
        Ok(read) if problems.is_empty() => Ok(read),
        _ => Err(problems),
    }
}

/// The account that a scope speaks of: a rule for one subtree is found by that account alone.
fn below(principal: &pst::PrincipalConstraint) -> Option<Box<str>> {
    match principal {
        pst::PrincipalConstraint::Eq(pst::EntityOrSlot::Entity(uid))
        | pst::PrincipalConstraint::In(pst::EntityOrSlot::Entity(uid))
        | pst::PrincipalConstraint::IsIn(_, pst::EntityOrSlot::Entity(uid)) => Some(uid.eid.as_str().into()),
        _ => None,
    }
}

/// A file under `tenants/` belongs to the account of its name, whose rules are for its own subtree and
/// can only forbid more.
fn misplaced_tenant(file: &str, statement: &Statement<'_>, policy: &pst::Template) -> Option<Problem> {
    let account = file.strip_prefix(TENANTS)?.strip_suffix(".cedar")?;
    if policy.effect == pst::Effect::Permit {
        let message = "an account's own rules can only forbid";
        return Some(Problem::at(file, statement.line_of_word("permit"), message));
    }
    let own = matches!(
        &policy.principal,
        pst::PrincipalConstraint::In(pst::EntityOrSlot::Entity(uid)) if uid.eid == account
    );
    let message = format!("a rule of this file must begin with `principal in Account::\"{account}\"`");
    (!own).then(|| Problem::at(file, statement.line_of_word("principal"), message))
}

fn place(statement: &Statement<'_>, error: &impl Diagnostic) -> usize {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    offset.map_or(statement.line, |offset| statement.line_of_offset(offset))
}

fn names_in(file: &str, statement: &Statement<'_>, mentions: &Mentions, names: &Names<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if mentions.number {
        let message = "a rule may not hold a number: declare a limit";
        problems.push(Problem::at(file, statement.line_of_number(), message));
    }
    for path in &mentions.paths {
        if let Err(message) = check::provider(path, names) {
            let last = path.rsplit('.').next().unwrap_or(path);
            problems.push(Problem::at(file, statement.line_of_word(last), message));
        }
    }
    problems
}

/// Cedar's own validation, strict; its warnings count as errors.
fn invalid(file: &str, statement: &Statement<'_>, policy: &Policy, schema: &Schema) -> Vec<Problem> {
    let set = match PolicySet::from_policies([policy.clone()]) {
        Ok(set) => set,
        Err(error) => return vec![Problem::at(file, statement.line, error.to_string())],
    };
    let result = schema.validator.validate(&set, ValidationMode::Strict);
    let errors =
        result.validation_errors().map(|e| Problem::at(file, place(statement, e), short(&e.to_string())));
    let warnings =
        result.validation_warnings().map(|w| Problem::at(file, place(statement, w), short(&w.to_string())));
    errors.chain(warnings).collect()
}

/// Cedar names the policy first; file and line say that already.
fn short(message: &str) -> String {
    message
        .split_once(", ")
        .filter(|(head, _)| head.starts_with("for policy"))
        .map_or(message, |(_, m)| m)
        .to_owned()
}

/// A gate must not need the account, and only duties come after the reasons.
fn misplaced_reads(rule: &Rule, statement: &Statement<'_>, names: &Names<'_>) -> Option<Problem> {
    let Effect::Forbid(rank) = rule.effect else { return None };
    let reason = names.catalogue.reasons.get(rank)?;
    if reason.gate && rule.reads_account() {
        let message = format!("reason `{}` is a gate, so its rule may not read the account", reason.code);
        return Some(Problem::at(&rule.file, statement.line_of_word("principal"), message));
    }
    let circular = rule.reads.iter().any(|path| path.starts_with("context.decision."));
    let line = statement.line_of_word("decision");
    circular.then(|| Problem::at(&rule.file, line, "only duties may read `context.decision`"))
}

/// Whether a rule is asked where there is no account. The base permit always is.
fn is_gate(rule: &Rule, names: &Names<'_>) -> bool {
    match rule.effect {
        Effect::Base => true,
        Effect::Forbid(rank) => names.catalogue.reasons.get(rank).is_some_and(|reason| reason.gate),
        Effect::Duty { .. } => !rule.reads_account(),
    }
}

fn actions(constraint: &pst::ActionConstraint, schema: &Schema) -> Vec<ActionKind> {
    let named: Option<BTreeSet<&str>> = match constraint {
        pst::ActionConstraint::Any => None,
        pst::ActionConstraint::Eq(uid) => Some([uid.eid.as_str()].into()),
        pst::ActionConstraint::In(uids) => Some(uids.iter().map(|uid| uid.eid.as_str()).collect()),
    };
    let concerns = |kind: &ActionKind| match (&named, schema.groups.get(kind.as_str())) {
        (None, _) => true,
        (Some(named), Some(groups)) => groups.iter().any(|group| named.contains(group.as_str())),
        (Some(_), None) => false,
    };
    ActionKind::ALL.iter().copied().filter(concerns).collect()
}

fn duplicates(loaded: &[Loaded]) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &Rule> = BTreeMap::new();
    let mut problems = Vec::new();
    for Loaded { rule, .. } in loaded {
        if let Some(first) = seen.insert(&rule.id, rule) {
            let message = format!("rule id `{}` is also used at {}:{}", rule.id, first.file, first.line);
            problems.push(Problem::at(&rule.file, rule.line, message));
        }
    }
    problems
}

fn base(loaded: &[Loaded]) -> Option<Problem> {
    let bases = loaded.iter().filter(|one| one.rule.effect == Effect::Base).count();
    (bases != 1).then(|| {
        Problem::whole(
            "clauses",
            &format!("there must be one permit with `@id(\"base\")`, and there are {bases}"),
        )
    })
}
