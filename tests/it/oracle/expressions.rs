//! Generated expressions, each of a type. An optional attribute is read only behind a `has`, as the
//! strict validator demands.

use super::program::{Attribute, DATETIMES, DECIMALS, DURATIONS, IPS, KINDS, LONGS, TEXTS, Type};
use super::random::Random;

const DEPTH: usize = 4;

/// What there is to read.
pub(super) struct Scope {
    pub(super) entities: Vec<(&'static str, Vec<Attribute>)>,
    pub(super) context: Vec<Attribute>,
}

/// A way to a value: the `has` that must hold before, if any, and the expression.
struct Way {
    guards: Vec<String>,
    text: String,
    kind: Type,
}

/// A boolean expression.
pub(super) fn condition(scope: &Scope, random: &mut Random) -> String {
    boolean(scope, random, DEPTH)
}

fn boolean(scope: &Scope, random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return leaf(scope, random);
    }
    let below = |random: &mut Random| boolean(scope, random, depth - 1);
    match random.below(14) {
        0 | 1 => format!("({} && {})", below(random), below(random)),
        2 | 3 => format!("({} || {})", below(random), below(random)),
        4 => format!("!({})", below(random)),
        5 => format!("(if {} then {} else {})", below(random), below(random), below(random)),
        6 => {
            let kind = scalar(random);
            let op = random.pick(&["==", "!="]);
            format!("({} {op} {})", of(scope, random, &kind, depth - 1), of(scope, random, &kind, depth - 1))
        }
        7 => literal_set_test(scope, random, depth - 1),
        8 => chosen_test(scope, random),
        _ => leaf(scope, random),
    }
}

/// A set that is written out, left of what is asked of it.
fn literal_set_test(scope: &Scope, random: &mut Random, depth: usize) -> String {
    let kind = scalar(random);
    let set = |random: &mut Random| of(scope, random, &Type::Set(Box::new(kind.clone())), depth);
    match random.below(5) {
        0 | 1 => format!("{}.contains({})", set(random), of(scope, random, &kind, depth)),
        2 => format!("{}.containsAll({})", set(random), set(random)),
        3 => format!("{}.containsAny({})", set(random), set(random)),
        _ => format!("({} == {}) != {}.isEmpty()", set(random), set(random), set(random)),
    }
}

/// An attribute of whichever of two entities a test chooses.
fn chosen_test(scope: &Scope, random: &mut Random) -> String {
    let kind = random.pick(&KINDS);
    let attributes = scope.entities.iter().find(|(name, _)| *name == kind).map(|(_, a)| a.clone());
    let attribute = random.pick_one(&attributes.expect("the type is declared")).clone();
    let entity = |random: &mut Random| of(scope, random, &Type::Entity(kind), 1);
    let chosen = format!("(if {} then {} else {})", leaf(scope, random), entity(random), entity(random));
    let text = format!("{chosen}.{}", attribute.name);
    if attribute.optional || random.chance(30) {
        return format!("{chosen} has {}", attribute.name);
    }
    test(scope, random, &Way { guards: Vec::new(), text, kind: attribute.kind })
}

fn scalar(random: &mut Random) -> Type {
    match random.below(8) {
        0 => Type::Bool,
        1 | 2 => Type::Long,
        3 => Type::Text,
        4 => Type::Entity(random.pick(&KINDS)),
        5 => Type::Decimal,
        6 => Type::Datetime,
        _ => Type::Set(Box::new(Type::Long)),
    }
}

/// A test of one attribute, wherever a random walk from a variable leads.
fn leaf(scope: &Scope, random: &mut Random) -> String {
    let way = walk(scope, random);
    let test = test(scope, random, &way);
    way.guards.into_iter().chain([test]).collect::<Vec<_>>().join(" && ")
}

fn walk(scope: &Scope, random: &mut Random) -> Way {
    let mut way = match random.below(4) {
        0 => Way { guards: vec![], text: "principal".into(), kind: Type::Entity("User") },
        1 => Way { guards: vec![], text: "resource".into(), kind: Type::Entity("Doc") },
        _ => Way { guards: vec![], text: "context".into(), kind: Type::Record(scope.context.clone()) },
    };
    for _ in 0..=random.below(4) {
        let attributes = match &way.kind {
            Type::Entity(kind) => {
                scope.entities.iter().find(|(name, _)| name == kind).map(|(_, attributes)| attributes.clone())
            }
            Type::Record(attributes) => Some(attributes.clone()),
            _ => None,
        };
        let Some(attributes) = attributes else { break };
        let attribute = random.pick_one(&attributes);
        if attribute.optional {
            way.guards.push(format!("{} has {}", way.text, attribute.name));
        }
        way = Way {
            text: format!("{}.{}", way.text, attribute.name),
            kind: attribute.kind.clone(),
            guards: way.guards,
        };
    }
    way
}

fn test(scope: &Scope, random: &mut Random, way: &Way) -> String {
    let text = &way.text;
    match &way.kind {
        Type::Bool => text.clone(),
        Type::Long => {
            let other = of(scope, random, &Type::Long, 2);
            format!("{text} {} {other}", random.pick(&["<", "<=", ">", ">=", "==", "!="]))
        }
        Type::Text => {
            let pattern =
                random.pick(&["*", "a*", "*b*", "a\\*", "*c", "a*b*c", "", "ä*", "*X*X*", "\\u{e4}\\**"]);
            format!("{text} like \"{pattern}\"")
        }
        Type::Ip => match random.below(3) {
            0 => format!("{text}.{}()", random.pick(&["isIpv4", "isIpv6", "isLoopback", "isMulticast"])),
            1 => format!("{text}.isInRange({})", of(scope, random, &Type::Ip, 2)),
            _ => format!("{text} == {}", of(scope, random, &Type::Ip, 2)),
        },
        Type::Decimal => {
            let other = of(scope, random, &Type::Decimal, 2);
            let method = random.pick(&["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]);
            format!("{text}.{method}({other})")
        }
        kind @ (Type::Datetime | Type::Duration) => {
            let other = of(scope, random, kind, 2);
            format!("{text} {} {other}", random.pick(&["<", "<=", ">", ">=", "=="]))
        }
        Type::Entity(kind) => entity_test(scope, random, text, kind),
        Type::Set(element) => set_test(scope, random, text, element),
        Type::Record(attributes) => record_test(random, text, attributes),
    }
}

fn entity_test(scope: &Scope, random: &mut Random, text: &str, kind: &'static str) -> String {
    match random.below(7) {
        0 => format!("{text} is {}", random.pick(&KINDS)),
        1 => format!("{text} in Team::\"{}\"", random.pick(&["a", "b", "z"])),
        2 => format!("{text} in [Team::\"a\", Team::\"{}\"]", random.pick(&["c", "d"])),
        3 => format!("{text} is {kind} in Team::\"d\""),
        4 => format!("{text}.hasTag(\"k\") && {text}.getTag(\"k\") > {}", of(scope, random, &Type::Long, 1)),
        5 => format!("{text} == {}", of(scope, random, &Type::Entity(kind), 1)),
        _ => {
            let attributes = scope.entities.iter().find(|(name, _)| *name == kind).map(|(_, a)| a.as_slice());
            format!("{text} has {}", random.pick_one(attributes.expect("the type is declared")).name)
        }
    }
}

fn set_test(scope: &Scope, random: &mut Random, text: &str, element: &Type) -> String {
    let literal = |random: &mut Random| {
        let elements: Vec<String> = (0..=random.below(3)).map(|_| of(scope, random, element, 1)).collect();
        format!("[{}]", elements.join(", "))
    };
    match random.below(6) {
        0 => format!("{text}.isEmpty()"),
        1 => format!("{text}.contains({})", of(scope, random, element, 1)),
        2 => format!("{text}.containsAll({})", literal(random)),
        3 => format!("{text}.containsAny({})", literal(random)),
        4 => format!("{}.containsAll({text})", literal(random)),
        _ => format!("{text} == {}", literal(random)),
    }
}

fn record_test(random: &mut Random, text: &str, attributes: &[Attribute]) -> String {
    let attribute = random.pick_one(attributes);
    match &attribute.kind {
        Type::Record(inner) => format!("{text} has {}.{}", attribute.name, random.pick_one(inner).name),
        _ if random.chance(30) => format!("{text} == {text}"),
        _ => format!("{text} has {}", attribute.name),
    }
}

/// An expression of a type.
fn of(scope: &Scope, random: &mut Random, kind: &Type, depth: usize) -> String {
    if depth > 0 && random.chance(40) {
        for _ in 0..6 {
            let way = walk(scope, random);
            if way.kind == *kind && way.guards.is_empty() {
                return way.text;
            }
        }
    }
    if depth > 0 && random.chance(15) {
        let (test, then) = (leaf(scope, random), of(scope, random, kind, depth - 1));
        return format!("(if {test} then {then} else {})", of(scope, random, kind, depth - 1));
    }
    match kind {
        Type::Bool if depth > 0 => format!("({})", leaf(scope, random)),
        Type::Bool => random.pick(&["true", "false"]).to_string(),
        Type::Long => long(scope, random, depth),
        Type::Text => format!("\"{}\"", random.pick(&TEXTS).replace('\\', "\\\\")),
        Type::Ip => format!("ip(\"{}\")", random.pick(&IPS)),
        Type::Decimal => format!("decimal(\"{}\")", random.pick(&DECIMALS)),
        Type::Datetime => datetime(scope, random, depth),
        Type::Duration => duration(scope, random, depth),
        Type::Entity(kind) => format!("{kind}::\"{}\"", random.pick(&["a", "b", "z"])),
        Type::Set(element) => {
            let elements: Vec<String> = (0..=random.below(2))
                .map(|_| of(scope, random, element, depth.saturating_sub(1).min(1)))
                .collect();
            format!("[{}]", elements.join(", "))
        }
        Type::Record(attributes) => {
            let mut fields = Vec::new();
            for a in attributes.iter().filter(|a| !a.optional) {
                fields.push(format!("{}: {}", a.name, of(scope, random, &a.kind, 0)));
            }
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn long(scope: &Scope, random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.chance(40) {
        return random.pick(&LONGS).to_string();
    }
    let (left, right) =
        (of(scope, random, &Type::Long, depth - 1), of(scope, random, &Type::Long, depth - 1));
    match random.below(5) {
        0 => format!("-({left})"),
        1 => {
            let method = random.pick(&["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]);
            format!("{}.{method}()", of(scope, random, &Type::Duration, depth - 1))
        }
        _ => format!("({left} {} {right})", random.pick(&["+", "-", "*"])),
    }
}

fn datetime(scope: &Scope, random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.chance(50) {
        return format!("datetime(\"{}\")", random.pick(&DATETIMES));
    }
    let of_that = of(scope, random, &Type::Datetime, depth - 1);
    if random.chance(50) {
        return format!("{of_that}.toDate()");
    }
    format!("{of_that}.offset({})", of(scope, random, &Type::Duration, depth - 1))
}

fn duration(scope: &Scope, random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.chance(50) {
        return format!("duration(\"{}\")", random.pick(&DURATIONS));
    }
    let of_that = of(scope, random, &Type::Datetime, depth - 1);
    if random.chance(50) {
        return format!("{of_that}.toTime()");
    }
    format!("{of_that}.durationSince({})", of(scope, random, &Type::Datetime, depth - 1))
}
