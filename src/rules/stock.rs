//! The same rules on Cedar's own authorizer: slow, and the oracle that the compiled program is held
//! against. Nothing that serves requests uses it. It knows of no index: every rule is asked, and its scope
//! says whether it is about the request.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, Response, RestrictedExpression,
};

use super::{Findings, Program, Rule, Scope};
use crate::domain::ActionKind;
use crate::signals::{Cause, Facts, Provider, Subject, Value};

/// A program on the stock authorizer.
pub struct Stock<'p> {
    program: &'p Program,
    prohibitions: Sets,
    duties: Sets,
    // INVARIANT: one entry an action, in the order of `ActionKind::ALL`.
    actions: Vec<StockAction>,
    providers: BTreeMap<&'p str, &'p Provider>,
}

/// An action in Cedar's form.
struct StockAction {
    uid: Option<EntityUid>,
    entities: Entities,
}

/// One set of rules, whole and as far as it needs no account.
struct Sets {
    all: RuleSet,
    gates: RuleSet,
}

/// Policies, and the paths that they read.
#[derive(Default)]
struct RuleSet {
    policies: PolicySet,
    paths: BTreeSet<Arc<str>>,
}

// === impl Stock ===

impl<'p> Stock<'p> {
    /// Puts the rules of a program before the stock authorizer.
    pub fn new(program: &'p Program) -> Self {
        let kinds = ActionKind::ALL.iter().zip(&program.actions);
        let actions = kinds.map(|(kind, rules)| StockAction::new(*kind, &rules.groups)).collect();
        let providers = program.slots.iter().map(|slot| (&*slot.path, &slot.provider)).collect();
        let prohibitions = Sets::new(program, |rule| !rule.effect.is_duty());
        let duties = Sets::new(program, |rule| rule.effect.is_duty());
        Self { program, prohibitions, duties, actions, providers }
    }

    /// Asks the prohibitions that concern the request.
    pub fn prohibitions(&self, facts: &Facts<'_>, scope: Scope) -> Findings {
        self.run(facts, self.prohibitions.of(scope), true)
    }

    /// Asks the duties that concern the request; what rules found must be in [`Facts`] before.
    pub fn duties(&self, facts: &Facts<'_>, scope: Scope) -> Findings {
        self.run(facts, self.duties.of(scope), false)
    }

    /// The prohibitions about the request's action alone, ready for the authorizer: what it takes if others
    /// are kept from it.
    pub fn prepare(&self, facts: &Facts<'_>) -> Option<Prepared> {
        let kind = facts.request.action.kind();
        let about = |rule: &Rule| !rule.effect.is_duty() && rule.actions.contains(&kind);
        let set = RuleSet::new(self.program, about);
        let (mut tree, _) = self.values(facts, &set);
        Prepared::new(facts, self.action(facts)?, set.policies, &mut tree)
    }

    fn action(&self, facts: &Facts<'_>) -> Option<&StockAction> {
        self.actions.get(facts.request.action.kind() as usize)
    }

    fn run(&self, facts: &Facts<'_>, set: &RuleSet, must_permit: bool) -> Findings {
        let (mut tree, causes) = self.values(facts, set);
        let action = self.action(facts);
        let prepared =
            action.and_then(|action| Prepared::new(facts, action, set.policies.clone(), &mut tree));
        let Some(prepared) = prepared else {
            // The request could not even be put: every rule of the set is unanswered.
            let rules = places(set.policies.policies().map(Policy::id));
            return Findings { matched: Vec::new(), errors: rules.map(|rule| (rule, Cause::Rule)).collect() };
        };
        let response = prepared.response();
        let mut findings = self.findings(&response, &causes);
        let denied = response.decision() == Decision::Deny;
        if must_permit && denied && findings.matched.is_empty() && findings.errors.is_empty() {
            findings.errors.push((self.program.base, Cause::Rule));
        }
        findings
    }

    /// Computes what the set reads; what cannot be had is left out, and its cause kept.
    fn values(&self, facts: &Facts<'_>, set: &RuleSet) -> (Tree, HashMap<Arc<str>, Cause>) {
        let mut tree = Tree::default();
        let mut causes = HashMap::new();
        for path in &set.paths {
            match self.providers.get(&**path).map(|provider| provider.value(facts)) {
                Some(Ok(value)) => tree.insert(path, expression(&value)),
                Some(Err(cause)) => {
                    tree.open(path);
                    causes.insert(path.clone(), cause);
                }
                None => {}
            }
        }
        (tree, causes)
    }

    fn findings(&self, response: &Response, causes: &HashMap<Arc<str>, Cause>) -> Findings {
        let hold = places(response.diagnostics().reason());
        let failed =
            response.diagnostics().errors().map(|AuthorizationError::PolicyEvaluationError(e)| e.policy_id());
        let mut findings = Findings {
            matched: hold.filter(|place| *place != self.program.base).collect(),
            errors: places(failed).map(|place| (place, self.cause(place, causes))).collect(),
        };
        findings.matched.sort_unstable();
        findings.errors.sort_unstable();
        findings
    }

    /// A rule that reads something that could not be had failed for that cause, else by itself.
    fn cause(&self, place: usize, causes: &HashMap<Arc<str>, Cause>) -> Cause {
        let reads = self.program.rules.get(place).into_iter().flat_map(|rule| &rule.reads);
        reads.filter_map(|path| causes.get(path)).min().copied().unwrap_or(Cause::Rule)
    }
}

// === impl StockAction ===

impl StockAction {
    fn new(kind: ActionKind, groups: &BTreeSet<String>) -> Self {
        let entities = action_entities(kind, groups).unwrap_or_else(Entities::empty);
        Self { uid: uid("Action", kind.as_str()), entities }
    }
}

// === impl Sets ===

impl Sets {
    fn new(program: &Program, of: impl Fn(&Rule) -> bool) -> Self {
        let gates = |rule: &Rule| of(rule) && rule.gate;
        Self { all: RuleSet::new(program, &of), gates: RuleSet::new(program, gates) }
    }

    const fn of(&self, scope: Scope) -> &RuleSet {
        match scope {
            Scope::All => &self.all,
            Scope::Gates => &self.gates,
        }
    }
}

// === impl RuleSet ===

impl RuleSet {
    fn new(program: &Program, of: impl Fn(&Rule) -> bool) -> Self {
        let mut set = Self::default();
        for (place, rule) in program.rules.iter().enumerate().filter(|(_, rule)| of(rule)) {
            // It was parsed once already, and a fresh id cannot be taken.
            let parsed = Policy::parse(Some(PolicyId::new(place.to_string())), &*rule.text);
            if parsed.is_ok_and(|policy| set.policies.add(policy).is_ok()) {
                set.paths.extend(rule.reads.iter().cloned());
            }
        }
        set
    }
}

fn places<'a>(ids: impl Iterator<Item = &'a PolicyId>) -> impl Iterator<Item = usize> {
    ids.filter_map(|id| AsRef::<str>::as_ref(id).parse().ok())
}

/// A request in Cedar's form: what is left is the authorizer alone.
pub struct Prepared {
    request: Request,
    entities: Entities,
    policies: PolicySet,
}

// === impl Prepared ===

impl Prepared {
    fn new(facts: &Facts<'_>, action: &StockAction, policies: PolicySet, tree: &mut Tree) -> Option<Self> {
        let (id, ancestors) = match facts.subject {
            Subject::Known(account) => (account.account.id.as_str(), account.ancestors.as_slice()),
            Subject::Missing | Subject::Unknown(_) => (facts.request.subject().as_str(), &[][..]),
        };
        let principal = uid("Account", id)?;
        let parents: HashSet<EntityUid> =
            ancestors.iter().filter_map(|id| uid("Account", id.as_str())).collect();
        let attributes = tree.take("principal").fields()?;
        let entity = Entity::new(principal.clone(), attributes, parents).ok()?;
        let entities = action.entities.clone().add_entities([entity], None).ok()?;
        let context = Context::from_pairs(tree.take("context").fields::<Vec<_>>()?).ok()?;
        let (action, resource) = (action.uid.clone()?, uid("Platform", "aup")?);
        let request = Request::new(principal, action, resource, context, None).ok()?;
        Some(Self { request, entities, policies })
    }

    /// Whether the authorizer allows it, by Cedar's own lights.
    pub fn allows(&self) -> bool {
        self.response().decision() == Decision::Allow
    }

    fn response(&self) -> Response {
        Authorizer::new().is_authorized(&self.request, &self.policies, &self.entities)
    }
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
fn action_entities(kind: ActionKind, groups: &BTreeSet<String>) -> Option<Entities> {
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
        Value::Set(texts) => RestrictedExpression::new_set(texts.iter().map(text)),
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
