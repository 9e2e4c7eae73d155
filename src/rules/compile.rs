//! From Cedar's typed tree to the compiled form. Every construct that the validator accepts has a
//! counterpart, or is refused by name; nothing falls back to another evaluator.

use cedar_policy::pst;

use super::expr::{Binary, Expr, Method, Root};
use super::extension::{Constructor, Ext};
use super::like::Pattern;
use super::value::{Datum, Entity};

/// What a dotted path is to whoever compiles.
pub(super) enum Place {
    /// A value of its own.
    Slot(usize),
    /// A record that is always there, and that no rule may use whole.
    Group,
    /// Nothing in particular: it is followed name by name.
    Walk,
}

/// Says what dotted paths are.
pub(super) trait Paths {
    /// The path from `root` through `names`, of which there may be none.
    fn place(&mut self, root: Root, names: &[&str]) -> Result<Place, Unsupported>;
    /// Whether entities and records can be followed name by name. Where they cannot, an attribute that
    /// is no path, a tag and `has` are refused: `has` would take what cannot be had for what is not
    /// there, and its rule would fall silent.
    fn walks(&self) -> bool;
}

/// A construct that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be compiled")]
pub struct Unsupported {
    /// The construct.
    pub what: String,
}

/// A policy's condition, in the two parts that whoever indexes it needs apart.
#[derive(Debug)]
pub(super) struct Condition {
    /// Whether it is about the action.
    pub(super) action: Expr,
    /// Principal, resource and clauses, in this order.
    pub(super) rest: Expr,
}

fn unsupported(what: impl Into<String>) -> Unsupported {
    Unsupported { what: what.into() }
}

/// Compiles a policy.
///
/// # Errors
/// The construct that has no counterpart.
pub(super) fn policy(policy: &pst::Template, paths: &mut dyn Paths) -> Result<Condition, Unsupported> {
    let mut rest = vec![principal(&policy.principal)?, resource(&policy.resource)?];
    for clause in policy.clauses() {
        rest.push(match clause {
            pst::Clause::When(expr) => compile(expr, paths)?,
            pst::Clause::Unless(expr) => Expr::Not(Box::new(compile(expr, paths)?)),
        });
    }
    Ok(Condition { action: action(&policy.action), rest: all(rest) })
}

/// A conjunction, flat and without what is always true.
fn all(parts: Vec<Expr>) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Expr::All(inner) => flat.extend(inner),
            Expr::Const(Datum::Bool(true)) => {}
            part => flat.push(part),
        }
    }
    Expr::All(flat.into())
}

fn principal(constraint: &pst::PrincipalConstraint) -> Result<Expr, Unsupported> {
    match constraint {
        pst::PrincipalConstraint::Any => Ok(always()),
        pst::PrincipalConstraint::Eq(of) => scope_of(Root::Principal, Binary::Eq, of),
        pst::PrincipalConstraint::In(of) => scope_of(Root::Principal, Binary::In, of),
        pst::PrincipalConstraint::Is(kind) => Ok(is(Root::Principal, kind)),
        pst::PrincipalConstraint::IsIn(kind, of) => is_in(Root::Principal, kind, of),
    }
}

fn resource(constraint: &pst::ResourceConstraint) -> Result<Expr, Unsupported> {
    match constraint {
        pst::ResourceConstraint::Any => Ok(always()),
        pst::ResourceConstraint::Eq(of) => scope_of(Root::Resource, Binary::Eq, of),
        pst::ResourceConstraint::In(of) => scope_of(Root::Resource, Binary::In, of),
        pst::ResourceConstraint::Is(kind) => Ok(is(Root::Resource, kind)),
        pst::ResourceConstraint::IsIn(kind, of) => is_in(Root::Resource, kind, of),
    }
}

fn action(constraint: &pst::ActionConstraint) -> Expr {
    let root = || Expr::Root(Root::Action);
    match constraint {
        pst::ActionConstraint::Any => always(),
        pst::ActionConstraint::Eq(uid) => pair(Binary::Eq, root(), Expr::Const(Datum::Entity(entity(uid)))),
        pst::ActionConstraint::In(uids) => {
            let uids = uids.iter().map(|uid| Datum::Entity(entity(uid))).collect();
            pair(Binary::In, root(), Expr::Const(Datum::Set(uids)))
        }
    }
}

const fn always() -> Expr {
    Expr::Const(Datum::Bool(true))
}

fn is(root: Root, kind: &pst::EntityType) -> Expr {
    Expr::Is(Box::new(Expr::Root(root)), kind.to_string().into())
}

fn is_in(root: Root, kind: &pst::EntityType, of: &pst::EntityOrSlot) -> Result<Expr, Unsupported> {
    Ok(Expr::IsIn(Box::new([Expr::Root(root), scope_entity(of)?]), kind.to_string().into()))
}

fn scope_of(root: Root, op: Binary, of: &pst::EntityOrSlot) -> Result<Expr, Unsupported> {
    Ok(pair(op, Expr::Root(root), scope_entity(of)?))
}

fn scope_entity(of: &pst::EntityOrSlot) -> Result<Expr, Unsupported> {
    match of {
        pst::EntityOrSlot::Entity(uid) => Ok(Expr::Const(Datum::Entity(entity(uid)))),
        pst::EntityOrSlot::Slot(slot) => Err(unsupported(format!("the template slot `{slot}`"))),
    }
}

/// The uid of an entity.
pub(super) fn entity(uid: &pst::EntityUID) -> Entity {
    Entity { kind: uid.ty.to_string().into(), id: uid.eid.as_str().into() }
}

fn pair(op: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, Box::new([left, right]))
}

fn compile(expr: &pst::Expr, paths: &mut dyn Paths) -> Result<Expr, Unsupported> {
    let walks = paths.walks();
    let mut below = |expr: &pst::Expr| compile(expr, &mut *paths);
    match expr {
        pst::Expr::Literal(literal) => self::literal(literal).map(Expr::Const),
        pst::Expr::Var(_) | pst::Expr::GetAttr { .. } => path(expr, paths),
        pst::Expr::HasAttr { .. } if !walks => {
            Err(unsupported(format!("`{expr}`, for which what cannot be had is what is not there,")))
        }
        pst::Expr::HasAttr { expr, attrs } => {
            Ok(Expr::Has(Box::new(below(expr)?), attrs.iter().map(|name| name.as_str().into()).collect()))
        }
        pst::Expr::UnaryOp { op, expr } => unary(*op, below(expr)?),
        pst::Expr::BinaryOp { op: pst::BinaryOp::And, .. } => {
            chain(expr, pst::BinaryOp::And, paths).map(|parts| Expr::All(parts.into()))
        }
        pst::Expr::BinaryOp { op: pst::BinaryOp::Or, .. } => {
            chain(expr, pst::BinaryOp::Or, paths).map(|parts| Expr::Any(parts.into()))
        }
        pst::Expr::BinaryOp { op: pst::BinaryOp::GetTag | pst::BinaryOp::HasTag, .. } if !walks => {
            Err(unsupported("a tag"))
        }
        pst::Expr::BinaryOp { op, left, right } => binary(*op, below(left)?, below(right)?),
        pst::Expr::Like { expr, pattern } => {
            let elements = pattern.iter().map(|element| match element {
                pst::PatternElem::Char(c) => Some(*c),
                pst::PatternElem::Wildcard => None,
            });
            Ok(Expr::Like(Box::new(below(expr)?), Pattern::new(elements)))
        }
        pst::Expr::Is { expr, entity_type, in_expr } => {
            let (inner, kind) = (below(expr)?, entity_type.to_string().into());
            match in_expr {
                None => Ok(Expr::Is(Box::new(inner), kind)),
                Some(within) => Ok(Expr::IsIn(Box::new([inner, below(within)?]), kind)),
            }
        }
        pst::Expr::IfThenElse { cond, then_expr, else_expr } => {
            Ok(Expr::If(Box::new([below(cond)?, below(then_expr)?, below(else_expr)?])))
        }
        pst::Expr::Set(elements) => {
            let elements = elements.iter().map(|element| below(element)).collect::<Result<Vec<_>, _>>()?;
            Ok(set(elements))
        }
        pst::Expr::Record(fields) => {
            let field = |(name, field): (&String, &std::sync::Arc<pst::Expr>)| {
                Ok((name.as_str().into(), below(field)?))
            };
            Ok(record(fields.iter().map(field).collect::<Result<Vec<_>, _>>()?))
        }
        other => Err(unsupported(format!("`{other}`"))),
    }
}

fn literal(literal: &pst::Literal) -> Result<Datum, Unsupported> {
    match literal {
        pst::Literal::Bool(value) => Ok(Datum::Bool(*value)),
        pst::Literal::Long(value) => Ok(Datum::Long(*value)),
        pst::Literal::String(text) => Ok(Datum::Text(text.as_str().into())),
        pst::Literal::EntityUID(uid) => Ok(Datum::Entity(entity(uid))),
        other => Err(unsupported(format!("the literal `{other:?}`"))),
    }
}

const fn root(var: &pst::Var) -> Root {
    match var {
        pst::Var::Principal => Root::Principal,
        pst::Var::Action => Root::Action,
        pst::Var::Resource => Root::Resource,
        pst::Var::Context => Root::Context,
    }
}

/// The root and the names of a chain of attributes, if `expr` is one.
pub(super) fn dotted(expr: &pst::Expr) -> Option<(Root, Vec<&str>)> {
    match expr {
        pst::Expr::Var(var) => Some((root(var), Vec::new())),
        pst::Expr::GetAttr { expr, attr } => {
            let (root, mut names) = dotted(expr)?;
            names.push(attr);
            Some((root, names))
        }
        _ => None,
    }
}

fn path(expr: &pst::Expr, paths: &mut dyn Paths) -> Result<Expr, Unsupported> {
    if let Some((root, names)) = dotted(expr) {
        match paths.place(root, &names)? {
            Place::Slot(slot) => return Ok(Expr::Slot(slot)),
            Place::Group => return Err(unsupported(format!("the whole record `{expr}` as a value"))),
            Place::Walk => {}
        }
    }
    match expr {
        pst::Expr::Var(var) => Ok(Expr::Root(root(var))),
        pst::Expr::GetAttr { .. } if !paths.walks() => {
            Err(unsupported(format!("`{expr}`, which does not begin with an attribute of the request,")))
        }
        pst::Expr::GetAttr { expr, attr } => {
            Ok(Expr::Attribute(Box::new(compile(expr, paths)?), attr.as_str().into()))
        }
        other => Err(unsupported(format!("`{other}`"))),
    }
}

/// The operands of a chain of one operator, however it is nested.
fn chain(expr: &pst::Expr, of: pst::BinaryOp, paths: &mut dyn Paths) -> Result<Vec<Expr>, Unsupported> {
    let mut open = vec![expr];
    let mut operands = Vec::new();
    while let Some(expr) = open.pop() {
        match expr {
            pst::Expr::BinaryOp { op, left, right } if *op == of => open.extend([&**right, &**left]),
            expr => operands.push(compile(expr, paths)?),
        }
    }
    Ok(operands)
}

fn constant(expr: &Expr) -> Option<&Datum> {
    if let Expr::Const(datum) = expr { Some(datum) } else { None }
}

fn set(elements: Vec<Expr>) -> Expr {
    match elements.iter().map(|element| constant(element).cloned()).collect::<Option<_>>() {
        Some(data) => Expr::Const(Datum::Set(data)),
        None => Expr::Set(elements.into()),
    }
}

fn record(fields: Vec<(Box<str>, Expr)>) -> Expr {
    let constant = |(name, field): &(Box<str>, Expr)| Some((name.clone(), constant(field)?.clone()));
    match fields.iter().map(constant).collect::<Option<_>>() {
        Some(record) => Expr::Const(Datum::Record(record)),
        None => Expr::Record(fields.into()),
    }
}

fn make(constructor: Constructor, inner: Expr) -> Expr {
    let value = match constant(&inner) {
        Some(Datum::Text(text)) => Ext::parse(constructor, text),
        _ => None,
    };
    // One that is malformed stays, to fail where Cedar fails.
    value.map_or_else(|| Expr::Make(constructor, Box::new(inner)), |value| Expr::Const(Datum::Ext(value)))
}

fn unary(op: pst::UnaryOp, inner: Expr) -> Result<Expr, Unsupported> {
    let call = |method, inner| Ok(Expr::Call(method, Box::new(inner)));
    match op {
        pst::UnaryOp::Not => Ok(Expr::Not(Box::new(inner))),
        pst::UnaryOp::Neg => Ok(Expr::Negate(Box::new(inner))),
        pst::UnaryOp::IsEmpty => Ok(Expr::IsEmpty(Box::new(inner))),
        pst::UnaryOp::Datetime => Ok(make(Constructor::Datetime, inner)),
        pst::UnaryOp::Decimal => Ok(make(Constructor::Decimal, inner)),
        pst::UnaryOp::Duration => Ok(make(Constructor::Duration, inner)),
        pst::UnaryOp::Ip => Ok(make(Constructor::Ip, inner)),
        pst::UnaryOp::IsIPv4 => call(Method::IsIpv4, inner),
        pst::UnaryOp::IsIPV6 => call(Method::IsIpv6, inner),
        pst::UnaryOp::IsLoopback => call(Method::IsLoopback, inner),
        pst::UnaryOp::IsMulticast => call(Method::IsMulticast, inner),
        pst::UnaryOp::ToDate => call(Method::ToDate, inner),
        pst::UnaryOp::ToTime => call(Method::ToTime, inner),
        pst::UnaryOp::ToMilliseconds => call(Method::ToMilliseconds, inner),
        pst::UnaryOp::ToSeconds => call(Method::ToSeconds, inner),
        pst::UnaryOp::ToMinutes => call(Method::ToMinutes, inner),
        pst::UnaryOp::ToHours => call(Method::ToHours, inner),
        pst::UnaryOp::ToDays => call(Method::ToDays, inner),
        other => Err(unsupported(format!("the operator `{other}`"))),
    }
}

fn binary(op: pst::BinaryOp, left: Expr, right: Expr) -> Result<Expr, Unsupported> {
    let op = match op {
        pst::BinaryOp::Eq => Binary::Eq,
        pst::BinaryOp::NotEq => Binary::NotEq,
        pst::BinaryOp::Less => Binary::Less,
        pst::BinaryOp::LessEq => Binary::LessEq,
        pst::BinaryOp::Greater => Binary::Greater,
        pst::BinaryOp::GreaterEq => Binary::GreaterEq,
        pst::BinaryOp::Add => Binary::Add,
        pst::BinaryOp::Sub => Binary::Sub,
        pst::BinaryOp::Mul => Binary::Mul,
        pst::BinaryOp::In => Binary::In,
        pst::BinaryOp::Contains => match left {
            Expr::Set(elements) => return Ok(Expr::Among(elements, Box::new(right))),
            left => return Ok(pair(Binary::Contains, left, right)),
        },
        pst::BinaryOp::ContainsAll => Binary::ContainsAll,
        pst::BinaryOp::ContainsAny => Binary::ContainsAny,
        pst::BinaryOp::GetTag => Binary::GetTag,
        pst::BinaryOp::HasTag => Binary::HasTag,
        pst::BinaryOp::IsInRange => Binary::IsInRange,
        pst::BinaryOp::Offset => Binary::Offset,
        pst::BinaryOp::DurationSince => Binary::DurationSince,
        pst::BinaryOp::DecimalLessThan => Binary::DecimalLess,
        pst::BinaryOp::DecimalLessEq => Binary::DecimalLessEq,
        pst::BinaryOp::DecimalGreater => Binary::DecimalGreater,
        pst::BinaryOp::DecimalGreaterEq => Binary::DecimalGreaterEq,
        other => return Err(unsupported(format!("the operator `{other}`"))),
    };
    Ok(pair(op, left, right))
}
