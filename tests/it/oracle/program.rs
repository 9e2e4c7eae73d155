//! A generated schema, and policies, entities and requests that conform to it, but for what is left
//! out on purpose.

use serde_json::{Map, Value, json};

use super::expressions::{Scope, condition};
use super::random::Random;

/// A type of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Long,
    Text,
    Ip,
    Decimal,
    Datetime,
    Duration,
    Entity(&'static str),
    Set(Box<Type>),
    Record(Vec<Attribute>),
}

/// An attribute of an entity or a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) optional: bool,
}

/// A schema as text, and what it says.
pub(super) struct Generated {
    pub(super) schema: String,
    pub(super) scope: Scope,
}

pub(super) const KINDS: [&str; 3] = ["User", "Team", "Doc"];
const IDS: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const TEXTS: [&str; 8] = ["", "a", "ab", "abc", "b*", "ä*x", "\\", "aXbXc"];
pub(super) const LONGS: [i64; 10] = [0, 1, -1, 2, 7, 100, 3_037_000_500, i64::MAX, -i64::MAX, i64::MIN];
pub(super) const IPS: [&str; 7] =
    ["10.0.0.1", "10.0.0.0/8", "127.0.0.1", "224.0.0.1", "::1", "2001:db8::/32", "0.0.0.0/0"];
pub(super) const DECIMALS: [&str; 6] = ["0.0", "1.5", "-1.5", "1.50", "922337203685477.5807", "-0.0001"];
pub(super) const DATETIMES: [&str; 7] = [
    "1970-01-01",
    "2024-02-29",
    "2026-11-25T12:30:00Z",
    "2026-11-25T12:30:00.250+0530",
    "1969-12-31T23:59:59.999Z",
    "0000-01-01",
    "9999-12-31T23:59:59Z",
];
pub(super) const DURATIONS: [&str; 7] =
    ["0ms", "1d2h3m4s5ms", "-1h", "90m", "9223372036854775807ms", "-9223372036854775808ms", "1d"];

// === impl Generated ===

impl Generated {
    pub(super) fn new(random: &mut Random) -> Self {
        let entities: Vec<(&'static str, Vec<Attribute>)> =
            KINDS.iter().map(|kind| (*kind, attributes(random, 5, 1))).collect();
        let context = attributes(random, 6, 2);
        let mut schema = String::new();
        for (kind, attributes) in &entities {
            schema.push_str(&format!("entity {kind} in [Team] = {} tags Long;\n", record_text(attributes)));
        }
        schema.push_str("action all;\naction read, write in [all] appliesTo ");
        schema.push_str(&format!(
            "{{ principal: [User], resource: [Doc], context: {} }};\n",
            record_text(&context)
        ));
        Self { schema, scope: Scope { entities, context } }
    }

    /// One policy; most of them are accepted by the strict validator.
    pub(super) fn policy(&self, random: &mut Random) -> String {
        let effect = random.pick(&["permit", "forbid"]);
        let principal = random.pick(&[
            "principal",
            "principal == User::\"a\"",
            "principal in Team::\"b\"",
            "principal is User",
            "principal is User in Team::\"a\"",
        ]);
        let action = random.pick(&[
            "action",
            "action == Action::\"read\"",
            "action in Action::\"all\"",
            "action in [Action::\"read\", Action::\"write\"]",
        ]);
        let resource = random.pick(&[
            "resource",
            "resource == Doc::\"a\"",
            "resource in Team::\"c\"",
            "resource is Doc",
        ]);
        let mut clauses = String::new();
        for _ in 0..=random.below(2) {
            let word = random.pick(&["when", "when", "unless"]);
            clauses.push_str(&format!("\n{word} {{ {} }}", condition(&self.scope, random)));
        }
        format!("{effect} ({principal}, {action}, {resource}){clauses};")
    }

    /// Entities and a request. Here and there an attribute, a tag or a whole entity is missing.
    pub(super) fn question(&self, random: &mut Random) -> (Value, Value) {
        let missing = random.below(3) * 6;
        let mut entities = Vec::new();
        for (kind, attributes) in &self.scope.entities {
            for id in IDS {
                if random.chance(missing) {
                    continue;
                }
                let parents = parents(random, kind, id);
                let mut tags = Map::new();
                for tag in ["k", "l"] {
                    if random.chance(50) {
                        tags.insert(tag.into(), value(random, &Type::Long, 0));
                    }
                }
                entities.push(json!({
                    "uid": { "type": kind, "id": id }, "attrs": fields(random, attributes, missing),
                    "parents": parents, "tags": tags,
                }));
            }
        }
        let request = json!({
            "principal": format!("User::\"{}\"", random.pick(&IDS)),
            "action": format!("Action::\"{}\"", random.pick(&["read", "write"])),
            "resource": format!("Doc::\"{}\"", random.pick(&IDS)),
            "context": fields(random, &self.scope.context, missing),
        });
        (Value::Array(entities), request)
    }
}

/// Teams are only in teams with a later id, so that there is no circle.
fn parents(random: &mut Random, kind: &str, id: &str) -> Vec<Value> {
    let later = IDS.iter().filter(|team| kind != "Team" || **team > id);
    let chosen: Vec<&&str> = later.filter(|_| random.chance(40)).collect();
    chosen.into_iter().map(|team| json!({ "type": "Team", "id": team })).collect()
}

fn fields(random: &mut Random, attributes: &[Attribute], missing: usize) -> Value {
    let mut fields = Map::new();
    for Attribute { name, kind, optional } in attributes {
        if !random.chance(if *optional { 50 } else { missing }) {
            fields.insert(name.clone(), value(random, kind, missing));
        }
    }
    Value::Object(fields)
}

fn value(random: &mut Random, kind: &Type, missing: usize) -> Value {
    let extension = |function: &str, argument: &str| json!({ "__extn": { "fn": function, "arg": argument } });
    match kind {
        Type::Bool => json!(random.chance(50)),
        Type::Long => json!(random.pick(&LONGS)),
        Type::Text => json!(random.pick(&TEXTS)),
        Type::Ip => extension("ip", random.pick(&IPS)),
        Type::Decimal => extension("decimal", random.pick(&DECIMALS)),
        Type::Datetime => extension("datetime", random.pick(&DATETIMES)),
        Type::Duration => extension("duration", random.pick(&DURATIONS)),
        Type::Entity(kind) => json!({ "__entity": { "type": kind, "id": random.pick(&IDS) } }),
        Type::Set(of) => (0..random.below(4)).map(|_| value(random, of, 0)).collect(),
        Type::Record(attributes) => fields(random, attributes, missing),
    }
}

fn attributes(random: &mut Random, count: usize, depth: usize) -> Vec<Attribute> {
    let attribute = |place: usize, random: &mut Random| Attribute {
        name: format!("x{place}"),
        kind: kind(random, depth),
        optional: random.chance(30),
    };
    (0..count).map(|place| attribute(place, random)).collect()
}

fn kind(random: &mut Random, depth: usize) -> Type {
    match random.below(if depth > 0 { 15 } else { 10 }) {
        0 => Type::Bool,
        1 | 2 => Type::Long,
        3 | 4 => Type::Text,
        5 => Type::Entity(random.pick(&KINDS)),
        6 => Type::Ip,
        7 => Type::Decimal,
        8 => Type::Datetime,
        9 => Type::Duration,
        10 | 11 => Type::Set(Box::new(kind(random, 0))),
        _ => Type::Record(attributes(random, 3, depth - 1)),
    }
}

fn record_text(attributes: &[Attribute]) -> String {
    let field =
        |a: &Attribute| format!("{}{}: {}", a.name, if a.optional { "?" } else { "" }, type_text(&a.kind));
    format!("{{ {} }}", attributes.iter().map(field).collect::<Vec<_>>().join(", "))
}

fn type_text(kind: &Type) -> String {
    match kind {
        Type::Bool => "Bool".into(),
        Type::Long => "Long".into(),
        Type::Text => "String".into(),
        Type::Ip => "ipaddr".into(),
        Type::Decimal => "decimal".into(),
        Type::Datetime => "datetime".into(),
        Type::Duration => "duration".into(),
        Type::Entity(kind) => (*kind).into(),
        Type::Set(of) => format!("Set<{}>", type_text(of)),
        Type::Record(attributes) => record_text(attributes),
    }
}
