//! Any Cedar program, through the compiled form and through Cedar's own authorizer, side by side.
//!
//! Our own program knows what its paths are; this one knows nothing and follows them name by name
//! through entities that are given with the question. It is how the compiler is held against Cedar
//! on programs that nobody here wrote.

mod env;
mod world;

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator, pst};
use serde::Serialize;
use serde_json::Value as Json;

use env::AnyEnv;
pub use world::{Question, World};

use super::bounds;
use super::compile::{self, Condition, Paths, Place, Unsupported};
use super::eval::{self, Env as _};
use super::expr::{Expr, Root};
use super::order::{self, Cost, SlotTraits};
use super::statements;
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

// === impl AnyProgram ===

impl AnyProgram {
    /// Parses a program, validates it strictly against its schema, and compiles it.
    ///
    /// # Errors
    /// What is malformed, what does not fit the schema, or what cannot be compiled.
    pub fn parse(schema: &str, policies: &str) -> Result<Self, AnyError> {
        let schema = parse_schema(schema)?;
        for statement in statements::split(policies) {
            bounds::text(statement.text).map_err(|error| AnyError::Policies(error.to_string()))?;
        }
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
        bounds::tree(typed.body()).map_err(|what| AnyError::Policies(format!("policy `{id}`: {what}")))?;
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

    /// Reads entities in Cedar's JSON form, with what the schema says of them if they fit it.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn world(&self, json: Json) -> Result<World, AnyError> {
        World::read(json, &self.schema)
    }

    /// Reads a request: `principal`, `action` and `resource` as uids, and a `context`.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn question(&self, json: &Json) -> Result<Question, AnyError> {
        Question::read(json, &self.schema)
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
        let env = AnyEnv::new(self, world, question);
        let (mut matched, mut errors) = (BTreeSet::new(), BTreeSet::new());
        let (mut permitted, mut forbidden) = (false, false);
        for policy in &self.policies {
            let Condition { action, rest } = &policy.condition;
            let rest = ordered(rest, world.sound && question.sound, &env);
            let holds = eval::test(action, &env).and_then(|about| Ok(about && eval::test(&rest, &env)?));
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

/// The condition in the order in which a bundle's rule would be asked, were each of its slots known to
/// have a value that has one here. Only of what fits the schema is enough known to order by.
fn ordered(condition: &Expr, sound: bool, env: &AnyEnv<'_>) -> Expr {
    const COSTS: [Cost; 4] = [Cost::Costly, Cost::Lookup, Cost::Cheap, Cost::Nothing];
    let traits = |slot: usize| SlotTraits {
        cost: COSTS.get(slot % COSTS.len()).copied().unwrap_or(Cost::Costly),
        sure: sound && env.slot(slot).is_ok(),
    };
    order::cheapest_first(condition.clone(), &traits)
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

    fn walks(&self) -> bool {
        true
    }
}
