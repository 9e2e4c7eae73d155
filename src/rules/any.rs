//! Any Cedar program, through the compiled form and through Cedar's own authorizer, side by side.
//!
//! Our own program knows what its paths are; this one knows nothing and follows them name by name
//! through entities that are given with the question. It is how the compiler is held against Cedar
//! on programs that nobody here wrote.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, EvalResult, Policy, PolicyId, PolicySet, Request, Schema,
    ValidationMode, Validator, pst,
};
use serde::Serialize;
use serde_json::Value as Json;

use super::compile::{self, Condition, Paths, Place, Unsupported};
use super::eval::{self, Env, Fault};
use super::expr::{Expr, Root};
use super::value::{Datum, Entity, Heap, Record, Uid, Val};
use crate::domain::Verdict;

/// Why a program or a question cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum AnyError {
    /// The schema is malformed.
    #[error("the schema: {0}")]
    Schema(String),
    /// A policy is malformed, or does not fit the schema.
    #[error("the policies: {0}")]
    Policies(String),
    /// A policy uses what has no compiled form.
    #[error("policy `{id}`: {what}")]
    Unsupported {
        /// The policy.
        id: String,
        /// What cannot be compiled.
        what: Unsupported,
    },
    /// The entities are malformed.
    #[error("the entities: {0}")]
    Entities(String),
    /// The request is malformed.
    #[error("the request: {0}")]
    Request(String),
}

/// A program in both forms.
pub struct AnyProgram {
    schema: Schema,
    policies: Vec<AnyPolicy>,
    slots: Vec<(Root, Box<[Box<str>]>)>,
    permits: PolicySet,
    forbids: PolicySet,
}

struct AnyPolicy {
    id: String,
    effect: pst::Effect,
    condition: Condition,
}

/// What one evaluator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Allowed if some permit holds, no forbid holds and no forbid failed.
    pub decision: Verdict,
    /// Policies whose condition holds, by id.
    pub matched: BTreeSet<String>,
    /// Policies that could not be evaluated, by id.
    pub errors: BTreeSet<String>,
}

/// What both say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// Whether they say the same.
    pub agree: bool,
    /// The compiled program.
    pub compiled: Answer,
    /// Cedar's authorizer, with a forbid that failed denying here too.
    pub stock: Answer,
}

/// Entities, ready to be asked about in both forms.
pub struct World {
    cedar: Entities,
    nodes: HashMap<Entity, Node>,
}

/// What is known of one entity.
#[derive(Default)]
struct Node {
    attributes: Record,
    tags: Record,
    above: BTreeSet<Entity>,
}

/// A request in both forms.
pub struct Question {
    cedar: Request,
    principal: Entity,
    action: Entity,
    resource: Entity,
    context: Datum,
}

// === impl AnyProgram ===

impl AnyProgram {
    /// Parses a program, validates it strictly against its schema, and compiles it.
    ///
    /// # Errors
    /// What is malformed, what does not fit the schema, or what cannot be compiled.
    pub fn parse(schema: &str, policies: &str) -> Result<Self, AnyError> {
        let schema = parse_schema(schema)?;
        let set: PolicySet = policies.parse().map_err(|error| AnyError::Policies(chain(&error)))?;
        let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            return Err(AnyError::Policies(error.to_string()));
        }
        let mut program = Self {
            schema,
            policies: Vec::new(),
            slots: Vec::new(),
            permits: PolicySet::new(),
            forbids: PolicySet::new(),
        };
        set.policies().try_for_each(|policy| program.add(policy))?;
        Ok(program)
    }

    fn add(&mut self, policy: &Policy) -> Result<(), AnyError> {
        // As Cedar's own tools do: a policy is called by its `@id`, if it has one.
        let id = policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
        let typed = policy.to_pst().map_err(|error| AnyError::Policies(format!("policy `{id}`: {error}")))?;
        let condition = compile::policy(typed.body(), &mut Walked(&mut self.slots));
        let condition = condition.map_err(|what| AnyError::Unsupported { id: id.clone(), what })?;
        let effect = typed.body().effect;
        let set = match effect {
            pst::Effect::Permit => &mut self.permits,
            pst::Effect::Forbid => &mut self.forbids,
        };
        set.add(policy.new_id(PolicyId::new(&id))).map_err(|error| AnyError::Policies(error.to_string()))?;
        if self.policies.iter().any(|other| other.id == id) {
            return Err(AnyError::Policies(format!("policy `{id}` is there twice")));
        }
        self.policies.push(AnyPolicy { id, effect, condition });
        Ok(())
    }

    /// Entities as they are given, and the schema's actions.
    fn unchecked(&self, json: Json) -> Result<Entities, AnyError> {
        let failed = |error: &dyn std::error::Error| AnyError::Entities(chain(error));
        let actions = self.schema.action_entities().map_err(|error| failed(&error))?;
        let given = Entities::from_json_value(json, None).map_err(|error| failed(&error))?;
        let known: BTreeSet<EntityUid> = given.iter().map(cedar_policy::Entity::uid).collect();
        let actions = actions.into_iter().filter(|action| !known.contains(&action.uid()));
        given.add_entities(actions, None).map_err(|error| failed(&error))
    }

    /// Reads entities in Cedar's JSON form, with what the schema says of them if they fit it.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn world(&self, json: Json) -> Result<World, AnyError> {
        let cedar = match Entities::from_json_value(json.clone(), Some(&self.schema)) {
            Ok(entities) => entities,
            // An attribute that the schema requires may be missing: that is to be an error of a rule.
            Err(_) => self.unchecked(json)?,
        };
        let nodes = cedar.iter().map(|entity| node(entity, &cedar)).collect::<Result<_, _>>()?;
        Ok(World { cedar, nodes })
    }

    /// Reads a request: `principal`, `action` and `resource` as uids, and a `context`.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn question(&self, json: &Json) -> Result<Question, AnyError> {
        let uid = |name: &str| uid(json.get(name).unwrap_or(&Json::Null), name);
        let (principal, action, resource) = (uid("principal")?, uid("action")?, uid("resource")?);
        let given = json.get("context").cloned().unwrap_or_else(|| Json::Object(serde_json::Map::new()));
        let names: Vec<String> = given.as_object().into_iter().flat_map(|o| o.keys().cloned()).collect();
        let context = match Context::from_json_value(given.clone(), Some((&self.schema, &action))) {
            Ok(context) => context,
            Err(_) => Context::from_json_value(given, None).map_err(|e| AnyError::Request(chain(&e)))?,
        };
        let field =
            |name: String| Some(datum(&context.get(&name)?).map(|datum| (name.into_boxed_str(), datum)));
        let record: Record = names.into_iter().filter_map(field).collect::<Result<_, _>>()?;
        let (p, a, r) = (entity(&principal), entity(&action), entity(&resource));
        let cedar = Request::new(principal, action, resource, context, None);
        let cedar = cedar.map_err(|error| AnyError::Request(error.to_string()))?;
        Ok(Question { cedar, principal: p, action: a, resource: r, context: Datum::Record(record) })
    }

    /// Asks both.
    pub fn ask(&self, world: &World, question: &Question) -> Answers {
        let (compiled, stock) = (self.compiled(world, question), self.stock(world, question));
        Answers { agree: compiled == stock, compiled, stock }
    }

    /// How many policies it has.
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    fn compiled(&self, world: &World, question: &Question) -> Answer {
        let kept = self.slots.iter().map(|_| OnceCell::new()).collect();
        let env = AnyEnv { program: self, world, question, kept, heap: Heap::default() };
        let (mut matched, mut errors) = (BTreeSet::new(), BTreeSet::new());
        let (mut permitted, mut forbidden) = (false, false);
        for policy in &self.policies {
            let Condition { action, rest } = &policy.condition;
            let holds = eval::test(action, &env).and_then(|about| Ok(about && eval::test(rest, &env)?));
            match (holds, policy.effect) {
                (Ok(true), pst::Effect::Permit) => permitted = true,
                (Ok(true) | Err(_), pst::Effect::Forbid) => forbidden = true,
                (Ok(false), _) | (Err(_), pst::Effect::Permit) => {}
            }
            match holds {
                Ok(true) => drop(matched.insert(policy.id.clone())),
                Ok(false) => {}
                Err(_) => drop(errors.insert(policy.id.clone())),
            }
        }
        Answer { decision: verdict(permitted, forbidden), matched, errors }
    }

    fn stock(&self, world: &World, question: &Question) -> Answer {
        let ask = |set: &PolicySet| Authorizer::new().is_authorized(&question.cedar, set, &world.cedar);
        let (permits, forbids) = (ask(&self.permits), ask(&self.forbids));
        let ids = |response: &cedar_policy::Response| {
            let matched: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
            let errors = response.diagnostics().errors();
            let errors: Vec<String> = errors
                .map(|cedar_policy::AuthorizationError::PolicyEvaluationError(e)| e.policy_id().to_string())
                .collect();
            (matched, errors)
        };
        let ((permitted, broken), (forbidden, failed)) = (ids(&permits), ids(&forbids));
        Answer {
            decision: verdict(!permitted.is_empty(), !forbidden.is_empty() || !failed.is_empty()),
            matched: permitted.into_iter().chain(forbidden).collect(),
            errors: broken.into_iter().chain(failed).collect(),
        }
    }
}

const fn verdict(permitted: bool, forbidden: bool) -> Verdict {
    if permitted && !forbidden { Verdict::Allow } else { Verdict::Deny }
}

fn parse_schema(text: &str) -> Result<Schema, AnyError> {
    let parsed = if text.trim_start().starts_with('{') {
        Schema::from_json_str(text).map_err(|error| chain(&error))
    } else {
        Schema::from_cedarschema_str(text).map(|(schema, _)| schema).map_err(|error| chain(&error))
    };
    parsed.map_err(AnyError::Schema)
}

/// An error with its causes, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}

fn uid(json: &Json, name: &str) -> Result<EntityUid, AnyError> {
    let parsed = match json {
        Json::String(text) => text.parse().map_err(|error: cedar_policy::ParseErrors| chain(&error)),
        json => EntityUid::from_json(json.clone()).map_err(|error| chain(&error)),
    };
    parsed.map_err(|error| AnyError::Request(format!("`{name}`: {error}")))
}

fn entity(uid: &EntityUid) -> Entity {
    let id: &str = uid.id().unescaped();
    Entity { kind: uid.type_name().to_string().into(), id: id.into() }
}

fn node(of: &cedar_policy::Entity, all: &Entities) -> Result<(Entity, Node), AnyError> {
    let uid = of.uid();
    let above = all.ancestors(&uid).into_iter().flatten().map(entity).collect();
    let field = |(name, value): (&str, Result<EvalResult, _>)| {
        let value = value.map_err(|_| AnyError::Entities(format!("`{name}` is not a value")))?;
        Ok((name.into(), datum(&value)?))
    };
    let attributes = of.attrs().map(field).collect::<Result<_, AnyError>>()?;
    let tags = of.tags().map(field).collect::<Result<_, AnyError>>()?;
    Ok((entity(&uid), Node { attributes, tags, above }))
}

fn datum(value: &EvalResult) -> Result<Datum, AnyError> {
    Ok(match value {
        EvalResult::Bool(value) => Datum::Bool(*value),
        EvalResult::Long(value) => Datum::Long(*value),
        EvalResult::String(text) => Datum::Text(text.as_str().into()),
        EvalResult::EntityUid(uid) => Datum::Entity(entity(uid)),
        EvalResult::Set(set) => Datum::Set(set.iter().map(datum).collect::<Result<_, _>>()?),
        EvalResult::Record(record) => {
            let field = |(name, value): (&String, &EvalResult)| Ok((name.as_str().into(), datum(value)?));
            Datum::Record(record.iter().map(field).collect::<Result<_, AnyError>>()?)
        }
        EvalResult::ExtensionValue(text) => extension(text)?,
    })
}

/// Cedar shows a value of an extension type as the expression that makes it.
fn extension(text: &str) -> Result<Datum, AnyError> {
    let failed = |what: &dyn std::fmt::Display| AnyError::Entities(format!("an extension value: {what}"));
    let policy = format!("permit (principal, action, resource) when {{ [{text}].isEmpty() }};");
    let policy = Policy::parse(None, policy).map_err(|error| failed(&error))?;
    let typed = policy.to_pst().map_err(|error| failed(&error))?;
    let mut slots = Vec::new();
    let condition = compile::policy(typed.body(), &mut Walked(&mut slots)).map_err(|error| failed(&error))?;
    let Expr::All(parts) = &condition.rest else { return Err(failed(&"not a condition")) };
    let Some(Expr::IsEmpty(set)) = parts.first() else { return Err(failed(&"not a set")) };
    let heap = Nothing(Heap::default());
    let Val::Set(set) = eval::eval(set, &heap).map_err(|fault| failed(&fault))? else {
        return Err(failed(&"not a set"));
    };
    set.only().cloned().ok_or_else(|| failed(&"not one value"))
}

/// Paths of a program whose attributes nobody declares to the compiler: each is a slot, followed
/// name by name when it is first read.
struct Walked<'s>(&'s mut Vec<(Root, Box<[Box<str>]>)>);

impl Paths for Walked<'_> {
    fn place(&mut self, root: Root, names: &[&str]) -> Result<Place, Unsupported> {
        if names.is_empty() {
            return Ok(Place::Walk);
        }
        let same = |slot: &(Root, Box<[Box<str>]>)| {
            slot.0 == root && slot.1.iter().map(|name| &**name).eq(names.iter().copied())
        };
        let found = self.0.iter().position(same);
        Ok(Place::Slot(found.unwrap_or_else(|| {
            self.0.push((root, names.iter().map(|name| (*name).into()).collect()));
            self.0.len() - 1
        })))
    }

    fn flat(&self) -> bool {
        false
    }
}

/// A question to a world, with what was read of it.
struct AnyEnv<'w> {
    program: &'w AnyProgram,
    world: &'w World,
    question: &'w Question,
    kept: Vec<OnceCell<Result<Val<'w>, Fault>>>,
    heap: Heap,
}

// === impl AnyEnv ===

impl<'w> AnyEnv<'w> {
    fn start(&self, root: Root) -> Val<'w> {
        match root {
            Root::Principal => Val::Entity(self.question.principal.uid()),
            Root::Action => Val::Entity(self.question.action.uid()),
            Root::Resource => Val::Entity(self.question.resource.uid()),
            Root::Context => Val::of(&self.question.context),
        }
    }

    fn walk(&self, root: Root, names: &[Box<str>]) -> Result<Val<'w>, Fault> {
        let mut value = self.start(root);
        for name in names {
            let found = match value {
                Val::Record(record) => record.get(name).map(Val::of),
                Val::Entity(uid) => self.node(uid)?.attributes.get(name).map(Val::of),
                _ => return Err(Fault::Type),
            };
            value = found.ok_or(Fault::Missing)?;
        }
        Ok(value)
    }

    fn node(&self, uid: Uid<'_>) -> Result<&'w Node, Fault> {
        self.world.nodes.get(&uid.owned()).ok_or(Fault::Missing)
    }
}

impl Env for AnyEnv<'_> {
    fn slot(&self, place: usize) -> Result<Val<'_>, Fault> {
        let kept = self.kept.get(place).ok_or(Fault::Missing)?;
        let (root, names) = self.program.slots.get(place).ok_or(Fault::Missing)?;
        *kept.get_or_init(|| self.walk(*root, names))
    }

    fn root(&self, root: Root) -> Result<Val<'_>, Fault> {
        Ok(self.start(root))
    }

    fn attribute(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        Ok(self.node(of)?.attributes.get(name).map(Val::of))
    }

    fn tag(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        Ok(self.node(of)?.tags.get(name).map(Val::of))
    }

    fn below(&self, entity: Uid<'_>, ancestor: Uid<'_>) -> bool {
        self.node(entity).is_ok_and(|node| node.above.contains(&ancestor.owned()))
    }

    fn heap(&self) -> &Heap {
        &self.heap
    }
}

/// For expressions that read nothing.
struct Nothing(Heap);

impl Env for Nothing {
    fn slot(&self, _: usize) -> Result<Val<'_>, Fault> {
        Err(Fault::Missing)
    }

    fn root(&self, _: Root) -> Result<Val<'_>, Fault> {
        Err(Fault::Missing)
    }

    fn attribute(&self, _: Uid<'_>, _: &str) -> Result<Option<Val<'_>>, Fault> {
        Err(Fault::Missing)
    }

    fn tag(&self, _: Uid<'_>, _: &str) -> Result<Option<Val<'_>>, Fault> {
        Err(Fault::Missing)
    }

    fn below(&self, _: Uid<'_>, _: Uid<'_>) -> bool {
        false
    }

    fn heap(&self) -> &Heap {
        &self.0
    }
}
