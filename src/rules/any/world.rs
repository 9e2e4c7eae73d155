//! Entities and requests as they are given with a question to any program, in both forms.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Context, Entities, EntityUid, EvalResult, Policy, Request, Schema};
use serde_json::Value as Json;

use super::{AnyError, Walked, chain};
use crate::rules::compile;
use crate::rules::eval::{self, Env, Fault};
use crate::rules::expr::{Expr, Root};
use crate::rules::value::{Datum, Entity, Heap, Record, Uid, Val};

/// Entities, ready to be asked about in both forms.
pub struct World {
    pub(super) cedar: Entities,
    pub(super) nodes: HashMap<Entity, Node>,
    /// Whether they fit the schema, so that what the validator said of a policy holds of them.
    pub(super) sound: bool,
}

/// What is known of one entity.
#[derive(Default)]
pub(super) struct Node {
    pub(super) attributes: Record,
    pub(super) tags: Record,
    pub(super) above: BTreeSet<Entity>,
}

/// A request in both forms.
pub struct Question {
    pub(super) cedar: Request,
    pub(super) principal: Entity,
    pub(super) action: Entity,
    pub(super) resource: Entity,
    pub(super) context: Datum,
    /// Whether the context fits the schema.
    pub(super) sound: bool,
}

// === impl World ===

impl World {
    /// Reads entities in Cedar's JSON form, with what the schema says of them if they fit it.
    pub(super) fn read(json: Json, schema: &Schema) -> Result<Self, AnyError> {
        let checked = Entities::from_json_value(json.clone(), Some(schema));
        let sound = checked.is_ok();
        // An attribute that the schema requires may be missing: that is to be an error of a rule.
        let cedar = checked.or_else(|_| unchecked(json, schema))?;
        let nodes = cedar.iter().map(|entity| node(entity, &cedar)).collect::<Result<_, _>>()?;
        Ok(Self { cedar, nodes, sound })
    }
}

/// Entities as they are given, and the schema's actions.
fn unchecked(json: Json, schema: &Schema) -> Result<Entities, AnyError> {
    let failed = |error: &dyn std::error::Error| AnyError::Entities(chain(error));
    let actions = schema.action_entities().map_err(|error| failed(&error))?;
    let given = Entities::from_json_value(json, None).map_err(|error| failed(&error))?;
    let known: BTreeSet<EntityUid> = given.iter().map(cedar_policy::Entity::uid).collect();
    let actions = actions.into_iter().filter(|action| !known.contains(&action.uid()));
    given.add_entities(actions, None).map_err(|error| failed(&error))
}

// === impl Question ===

impl Question {
    /// Reads a request: `principal`, `action` and `resource` as uids, and a `context`.
    pub(super) fn read(json: &Json, schema: &Schema) -> Result<Self, AnyError> {
        let uid = |name: &str| uid(json.get(name).unwrap_or(&Json::Null), name);
        let (principal, action, resource) = (uid("principal")?, uid("action")?, uid("resource")?);
        let given = json.get("context").cloned().unwrap_or_else(|| Json::Object(serde_json::Map::new()));
        let names: Vec<String> = given.as_object().into_iter().flat_map(|o| o.keys().cloned()).collect();
        let checked = Context::from_json_value(given.clone(), Some((schema, &action)));
        let sound = checked.is_ok();
        let unchecked = || Context::from_json_value(given, None).map_err(|e| AnyError::Request(chain(&e)));
        let context = checked.or_else(|_| unchecked())?;
        let record = Datum::Record(fields(&context, names)?);
        let (p, a, r) = (entity(&principal), entity(&action), entity(&resource));
        let cedar = Request::new(principal, action, resource, context, None);
        let cedar = cedar.map_err(|error| AnyError::Request(error.to_string()))?;
        Ok(Self { cedar, principal: p, action: a, resource: r, context: record, sound })
    }
}

fn fields(context: &Context, names: Vec<String>) -> Result<Record, AnyError> {
    let field = |name: String| Some(datum(&context.get(&name)?).map(|datum| (name.into_boxed_str(), datum)));
    names.into_iter().filter_map(field).collect()
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
