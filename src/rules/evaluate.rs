//! Evaluation on `cedar-policy`'s own authorizer.
//!
//! For each action the rules that concern it are put into sets once, with the slots that they read;
//! a request then costs one context and one walk over those rules.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, Response, RestrictedExpression,
};

use super::load::Loaded;
use super::schema::Schema;
use super::{Effect, Findings, Names, Program, Scope, Slot};
use crate::domain::ActionKind;
use crate::signals::{Cause, Facts, Provider, Subject, Value};

/// The rules that concern one action, in the sets in which they are evaluated.
pub(super) struct ActionRules {
    prohibitions: Sets,
    duties: Sets,
    action: Option<EntityUid>,
    entities: Entities,
}

/// One set of rules, whole and as far as it needs no account.
struct Sets {
    all: RuleSet,
    gates: RuleSet,
}

/// Policies, and the slots that they read, as places in [`Program::slots`].
#[derive(Default)]
struct RuleSet {
    policies: PolicySet,
    slots: Vec<usize>,
    empty: bool,
}

/// A path as a rule read it.
#[derive(Debug)]
pub struct Read<'f> {
    /// Its value, or why there is none.
    pub value: Result<Value<'f>, Cause>,
    /// Whether it tells of a person.
    pub private: bool,
}

// === impl Read ===

impl<'f> Read<'f> {
    fn of(provider: &Provider, facts: &'f Facts<'_>) -> Self {
        let private = match provider {
            Provider::Signal(signal) => signal.private,
            Provider::Limit(_) | Provider::Listed { .. } => false,
        };
        Self { value: provider.value(facts), private }
    }
}

// === impl ActionRules ===

impl ActionRules {
    pub(super) fn new(
        kind: ActionKind,
        loaded: &[Loaded],
        slots: &[Slot],
        schema: &Schema,
        names: &Names<'_>,
    ) -> Self {
        let concerned = || loaded.iter().enumerate().filter(|(_, one)| one.rule.actions.contains(&kind));
        let prohibition = |one: &Loaded| !matches!(one.rule.effect, Effect::Duty { .. });
        let gate = |one: &Loaded| match one.rule.effect {
            Effect::Base => true,
            Effect::Forbid(rank) => names.catalogue.reasons.get(rank).is_some_and(|reason| reason.gate),
            Effect::Duty { .. } => !one.rule.reads_account(),
        };
        let set = |wanted: &dyn Fn(&Loaded) -> bool| {
            RuleSet::new(concerned().filter(|(_, one)| wanted(one)), slots)
        };
        Self {
            prohibitions: Sets {
                all: set(&|one| prohibition(one)),
                gates: set(&|one| prohibition(one) && gate(one)),
            },
            duties: Sets {
                all: set(&|one| !prohibition(one)),
                gates: set(&|one| !prohibition(one) && gate(one)),
            },
            action: uid("Action", kind.as_str()),
            entities: action_entities(kind, schema).unwrap_or_else(Entities::empty),
        }
    }
}

// === impl Sets ===

impl Sets {
    const fn of(&self, scope: Scope) -> &RuleSet {
        match scope {
            Scope::All => &self.all,
            Scope::Gates => &self.gates,
        }
    }
}

// === impl RuleSet ===

impl RuleSet {
    fn new<'a>(rules: impl Iterator<Item = (usize, &'a Loaded)>, slots: &[Slot]) -> Self {
        let mut set = Self { empty: true, ..Self::default() };
        let mut paths = BTreeSet::new();
        for (place, one) in rules {
            let policy: Policy = one.policy.new_id(PolicyId::new(place.to_string()));
            // A fresh id cannot be taken.
            if set.policies.add(policy).is_ok() {
                set.empty = false;
                paths.extend(one.rule.reads.iter().map(|path| &**path));
            }
        }
        let read = slots.iter().enumerate().filter(|(_, slot)| paths.contains(&*slot.path));
        set.slots = read.map(|(place, _)| place).collect();
        set
    }
}

// === impl Program ===

impl Program {
    /// Asks the prohibitions that concern the request.
    pub fn prohibitions(&self, facts: &Facts<'_>, scope: Scope) -> Findings {
        self.run(facts, |action| action.prohibitions.of(scope), true)
    }

    /// Asks the duties that concern the request; [`Facts::reasons`] must be filled before.
    pub fn duties(&self, facts: &Facts<'_>, scope: Scope) -> Findings {
        self.run(facts, |action| action.duties.of(scope), false)
    }

    /// The rules that are asked for an action, by place in [`Program::rules`].
    pub fn considered(&self, kind: ActionKind, scope: Scope) -> impl Iterator<Item = usize> {
        let sets = self.actions.get(kind as usize).map(|action| [&action.prohibitions, &action.duties]);
        let policies = sets.into_iter().flatten().flat_map(move |sets| sets.of(scope).policies.policies());
        places(policies.map(Policy::id))
            .filter(|place| self.rules.get(*place).is_some_and(|r| r.effect != Effect::Base))
    }

    /// Everything that those rules read, with its value or why there is none.
    pub fn reads<'f>(&self, facts: &'f Facts<'_>, scope: Scope) -> BTreeMap<Arc<str>, Read<'f>> {
        let sets = self.actions.get(facts.request.action.kind() as usize);
        let sets =
            sets.into_iter().flat_map(|action| [action.prohibitions.of(scope), action.duties.of(scope)]);
        let slots = sets.flat_map(|set| &set.slots).filter_map(|place| self.slots.get(*place));
        slots.map(|slot| (slot.path.clone(), Read::of(&slot.provider, facts))).collect()
    }

    fn run<'p>(
        &'p self,
        facts: &Facts<'_>,
        set: impl Fn(&'p ActionRules) -> &'p RuleSet,
        must_permit: bool,
    ) -> Findings {
        let kind = facts.request.action.kind();
        let Some(action) = self.actions.get(kind as usize) else { return Findings::default() };
        let set = set(action);
        if set.empty {
            return Findings::default();
        }
        let (mut tree, causes) = self.values(facts, set);
        let response = ask(facts, action, set, &mut tree);
        match response {
            Some(response) => {
                let mut findings = self.findings(&response, &causes);
                let denied = response.decision() == Decision::Deny;
                if must_permit && denied && findings.matched.is_empty() && findings.errors.is_empty() {
                    // No rule forbids and the base permit does not hold: nothing allows it.
                    findings.errors.extend(self.base().map(|base| (base, Cause::Rule)));
                }
                findings
            }
            // The request could not even be put: every rule of the set is unanswered.
            None => Findings {
                matched: Vec::new(),
                errors: places(set.policies.policies().map(Policy::id))
                    .map(|rule| (rule, Cause::Rule))
                    .collect(),
            },
        }
    }

    /// Computes what the set reads; what cannot be had is left out, and its cause kept.
    fn values(&self, facts: &Facts<'_>, set: &RuleSet) -> (Tree, HashMap<&str, Cause>) {
        let mut tree = Tree::default();
        let mut causes = HashMap::new();
        for slot in set.slots.iter().filter_map(|place| self.slots.get(*place)) {
            match slot.provider.value(facts) {
                Ok(value) => tree.insert(&slot.path, expression(&value)),
                Err(cause) => {
                    tree.open(&slot.path);
                    causes.insert(&*slot.path, cause);
                }
            }
        }
        (tree, causes)
    }

    fn findings(&self, response: &Response, causes: &HashMap<&str, Cause>) -> Findings {
        let hold = places(response.diagnostics().reason());
        let matched =
            hold.filter(|place| self.rules.get(*place).is_some_and(|rule| rule.effect != Effect::Base));
        let failed =
            response.diagnostics().errors().map(|AuthorizationError::PolicyEvaluationError(e)| e.policy_id());
        let mut findings = Findings {
            matched: matched.collect(),
            errors: places(failed).map(|place| (place, self.cause(place, causes))).collect(),
        };
        findings.matched.sort_unstable();
        findings.errors.sort_unstable();
        findings
    }

    fn base(&self) -> Option<usize> {
        self.rules.iter().position(|rule| rule.effect == Effect::Base)
    }

    /// A rule that reads something that could not be had failed for that cause, else by itself.
    fn cause(&self, place: usize, causes: &HashMap<&str, Cause>) -> Cause {
        let reads = self.rules.get(place).into_iter().flat_map(|rule| &rule.reads);
        reads.filter_map(|path| causes.get(&**path)).min().copied().unwrap_or(Cause::Rule)
    }
}

fn places<'a>(ids: impl Iterator<Item = &'a PolicyId>) -> impl Iterator<Item = usize> {
    ids.filter_map(|id| AsRef::<str>::as_ref(id).parse().ok())
}

fn ask(facts: &Facts<'_>, action: &ActionRules, set: &RuleSet, tree: &mut Tree) -> Option<Response> {
    let (id, ancestors) = match facts.subject {
        Subject::Known(account) => (account.account.id.as_str(), account.ancestors.as_slice()),
        Subject::Missing | Subject::Unknown(_) => (facts.request.subject().as_str(), &[][..]),
    };
    let principal = uid("Account", id)?;
    let parents: HashSet<EntityUid> = ancestors.iter().filter_map(|id| uid("Account", id.as_str())).collect();
    let attributes = tree.take("principal").fields()?;
    let entity = Entity::new(principal.clone(), attributes, parents).ok()?;
    let entities = action.entities.clone().add_entities([entity], None).ok()?;
    let context = Context::from_pairs(tree.take("context").fields::<Vec<_>>()?).ok()?;
    let request =
        Request::new(principal, action.action.clone()?, uid("Platform", "aup")?, context, None).ok()?;
    Some(Authorizer::new().is_authorized(&request, &set.policies, &entities))
}

/// The entity types of the schema, parsed once: Cedar's parser costs more than a rule.
static TYPES: LazyLock<HashMap<&'static str, EntityTypeName>> = LazyLock::new(|| {
    ["Account", "Action", "Platform"]
        .into_iter()
        .filter_map(|kind| Some((kind, kind.parse().ok()?)))
        .collect()
});

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(TYPES.get(kind)?.clone(), EntityId::new(id)))
}

/// The action with the groups that it is in, and the platform.
fn action_entities(kind: ActionKind, schema: &Schema) -> Option<Entities> {
    let groups = schema.groups.get(kind.as_str())?;
    let parents =
        groups.iter().filter(|group| *group != kind.as_str()).filter_map(|group| uid("Action", group));
    let action = Entity::new_no_attrs(uid("Action", kind.as_str())?, parents.collect());
    let platform = Entity::with_uid(uid("Platform", "aup")?);
    Entities::from_entities([action, platform], None).ok()
}

fn expression(value: &Value<'_>) -> RestrictedExpression {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    match value {
        Value::Bool(value) => RestrictedExpression::new_bool(*value),
        Value::Long(value) => RestrictedExpression::new_long(*value),
        Value::Text(value) => text(value),
        Value::Set(values) => RestrictedExpression::new_set(values.iter().map(|value| text(value))),
    }
}

/// Values by path, nested as records.
#[derive(Default)]
struct Tree {
    value: Option<RestrictedExpression>,
    below: HashMap<String, Tree>,
}

// === impl Tree ===

impl Tree {
    fn insert(&mut self, path: &str, value: RestrictedExpression) {
        let mut node = self;
        for name in path.split('.') {
            node = node.below.entry(name.to_owned()).or_default();
        }
        node.value = Some(value);
    }

    /// Makes the record that the path would stand in, so that only the last name is absent.
    fn open(&mut self, path: &str) {
        let mut node = self;
        for name in path.rsplit_once('.').map_or("", |(record, _)| record).split('.') {
            node = node.below.entry(name.to_owned()).or_default();
        }
    }

    fn take(&mut self, name: &str) -> Self {
        self.below.remove(name).unwrap_or_default()
    }

    fn fields<C: FromIterator<(String, RestrictedExpression)>>(self) -> Option<C> {
        self.below.into_iter().map(|(name, node)| Some((name, node.expression()?))).collect()
    }

    fn expression(self) -> Option<RestrictedExpression> {
        match self.value {
            Some(value) => Some(value),
            None => RestrictedExpression::new_record(self.fields::<Vec<_>>()?).ok(),
        }
    }
}
