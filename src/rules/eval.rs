//! Evaluates compiled expressions with Cedar's semantics: operands from left to right, `&&`, `||` and
//! `if` only as far as they must, an error wherever Cedar has one. Nothing is allocated unless an
//! expression itself makes a set or a record out of something that is not constant.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::expr::{Binary, Expr, Method, Root};
use super::extension::{self, Ext};
use super::value::{Datum, Heap, Record, Set, Uid, Val};
use crate::signals::Cause;

/// Elements of a literal set that are compared without a place on the heap.
const INLINE_ELEMENTS: usize = 8;

/// Why an expression has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A signal could not be had.
    #[error("a signal could not be had")]
    Signal(Cause),
    /// There is no such attribute, tag or entity.
    #[error("an attribute, tag or entity is missing")]
    Missing,
    /// An operator was given a value of another type.
    #[error("a value has the wrong type")]
    Type,
    /// Arithmetic went beyond 64 bits.
    #[error("arithmetic overflowed")]
    Overflow,
    /// A text is no value of an extension type.
    #[error("a text is not well formed")]
    Malformed,
    /// More sets and records were made than can be kept.
    #[error("too many sets and records were made")]
    Full,
}

impl Fault {
    /// The cause that a decision names.
    pub(super) const fn cause(self) -> Cause {
        match self {
            Self::Signal(cause) => cause,
            Self::Missing | Self::Type | Self::Overflow | Self::Malformed | Self::Full => Cause::Rule,
        }
    }
}

/// What an expression is evaluated against.
pub(super) trait Env {
    /// The value of a path; computed when it is first asked for.
    fn slot(&self, place: usize) -> Result<Val<'_>, Fault>;
    /// What the expression starts from.
    fn root(&self, root: Root) -> Result<Val<'_>, Fault>;
    /// An attribute of an entity; `Missing` if there is no such entity.
    fn attribute(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault>;
    /// A tag of an entity; `Missing` if there is no such entity.
    fn tag(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault>;
    /// Whether an entity is somewhere below another.
    fn below(&self, entity: Uid<'_>, ancestor: Uid<'_>) -> bool;
    /// Where values that expressions make are kept.
    fn heap(&self) -> &Heap;
}

/// The value of a boolean expression.
pub(super) fn test<E: Env>(expr: &Expr, env: &E) -> Result<bool, Fault> {
    match expr {
        Expr::All(parts) => {
            for part in parts {
                if !test(part, env)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Expr::Any(parts) => {
            for part in parts {
                if test(part, env)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Expr::Not(inner) => test(inner, env).map(|value| !value),
        Expr::IsEmpty(inner) => set(eval(inner, env)?).map(Set::is_empty),
        Expr::Is(inner, kind) => Ok(entity(eval(inner, env)?)?.kind == &**kind),
        Expr::IsIn(operands, kind) => is_in(operands, kind, env),
        Expr::Like(inner, pattern) => Ok(pattern.matches(text(eval(inner, env)?)?)),
        Expr::Has(inner, names) => has(eval(inner, env)?, names, env),
        Expr::Among(elements, value) => among(elements, value, env),
        _ => truth(eval(expr, env)?),
    }
}

/// The value of any expression.
pub(super) fn eval<'v, E: Env>(expr: &'v Expr, env: &'v E) -> Result<Val<'v>, Fault> {
    match expr {
        Expr::Const(datum) => Ok(Val::of(datum)),
        Expr::Slot(place) => env.slot(*place),
        Expr::Root(root) => env.root(*root),
        Expr::Binary(op, operands) => {
            let [left, right] = &**operands;
            binary(*op, eval(left, env)?, eval(right, env)?, env)
        }
        Expr::If(parts) => {
            let [condition, then, otherwise] = &**parts;
            if test(condition, env)? { eval(then, env) } else { eval(otherwise, env) }
        }
        Expr::Negate(inner) => long(eval(inner, env)?)?.checked_neg().map(Val::Long).ok_or(Fault::Overflow),
        Expr::Attribute(inner, name) => attribute(eval(inner, env)?, name, env)?.ok_or(Fault::Missing),
        Expr::Set(elements) => {
            let data = elements.iter().map(|element| eval(element, env).map(Val::owned));
            keep(env, Datum::Set(data.collect::<Result<_, _>>()?))
        }
        Expr::Record(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok((name.clone(), eval(field, env)?.owned())));
            keep(env, Datum::Record(fields.collect::<Result<Record, Fault>>()?))
        }
        Expr::Make(constructor, inner) => {
            let text = text(eval(inner, env)?)?;
            Ext::parse(*constructor, text).map(Val::Ext).ok_or(Fault::Malformed)
        }
        Expr::Call(method, inner) => call(*method, eval(inner, env)?),
        Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::IsEmpty(_) => test(expr, env).map(Val::Bool),
        Expr::Is(..) | Expr::IsIn(..) | Expr::Like(..) | Expr::Has(..) | Expr::Among(..) => {
            test(expr, env).map(Val::Bool)
        }
    }
}

fn keep<E: Env>(env: &E, datum: Datum) -> Result<Val<'_>, Fault> {
    env.heap().keep(datum).map(Val::of).ok_or(Fault::Full)
}

/// Every element is evaluated, before the value, because one that fails makes the whole fail.
fn among<E: Env>(elements: &[Expr], value: &Expr, env: &E) -> Result<bool, Fault> {
    let elements = elements.iter().map(|element| eval(element, env));
    let elements: SmallVec<[Val<'_>; INLINE_ELEMENTS]> = elements.collect::<Result<_, _>>()?;
    let value = eval(value, env)?;
    Ok(elements.iter().any(|element| element.same(value)))
}

/// Where the type is another, the ancestor is not asked for.
fn is_in<E: Env>(operands: &[Expr; 2], kind: &str, env: &E) -> Result<bool, Fault> {
    let [of, ancestor] = operands;
    let uid = entity(eval(of, env)?)?;
    Ok(uid.kind == kind && within(uid, eval(ancestor, env)?, env)?)
}

fn has<'v, E: Env>(value: Val<'v>, names: &[Box<str>], env: &'v E) -> Result<bool, Fault> {
    let mut value = value;
    for name in names {
        match attribute(value, name, env) {
            Ok(Some(found)) => value = found,
            // An entity that is not there has no attributes.
            Ok(None) | Err(Fault::Missing) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Ok(true)
}

fn attribute<'v, E: Env>(of: Val<'v>, name: &str, env: &'v E) -> Result<Option<Val<'v>>, Fault> {
    match of {
        Val::Record(record) => Ok(record.get(name).map(Val::of)),
        Val::Entity(uid) => env.attribute(uid, name),
        _ => Err(Fault::Type),
    }
}

fn binary<'v, E: Env>(op: Binary, left: Val<'v>, right: Val<'v>, env: &'v E) -> Result<Val<'v>, Fault> {
    match op {
        Binary::Eq => Ok(Val::Bool(left.same(right))),
        Binary::NotEq => Ok(Val::Bool(!left.same(right))),
        Binary::Less => order(left, right).map(|order| Val::Bool(order.is_lt())),
        Binary::LessEq => order(left, right).map(|order| Val::Bool(order.is_le())),
        Binary::Greater => order(left, right).map(|order| Val::Bool(order.is_gt())),
        Binary::GreaterEq => order(left, right).map(|order| Val::Bool(order.is_ge())),
        Binary::Add => number(left, right, i64::checked_add),
        Binary::Sub => number(left, right, i64::checked_sub),
        Binary::Mul => number(left, right, i64::checked_mul),
        Binary::In => within(entity(left)?, right, env).map(Val::Bool),
        Binary::Contains => Ok(Val::Bool(set(left)?.holds(right))),
        Binary::ContainsAll => Ok(Val::Bool(set(left)?.holds_all(set(right)?))),
        Binary::ContainsAny => Ok(Val::Bool(set(left)?.holds_any(set(right)?))),
        Binary::GetTag => env.tag(entity(left)?, text(right)?)?.ok_or(Fault::Missing),
        Binary::HasTag => match env.tag(entity(left)?, text(right)?) {
            Ok(tag) => Ok(Val::Bool(tag.is_some())),
            Err(Fault::Missing) => Ok(Val::Bool(false)),
            Err(fault) => Err(fault),
        },
        Binary::IsInRange => Ok(Val::Bool(extension::is_in_range(address(left)?, address(right)?))),
        Binary::Offset => {
            let sum = datetime(left)?.checked_add(duration(right)?);
            sum.map(|ms| Val::Ext(Ext::Datetime(ms))).ok_or(Fault::Overflow)
        }
        Binary::DurationSince => {
            let difference = datetime(left)?.checked_sub(datetime(right)?);
            difference.map(|ms| Val::Ext(Ext::Duration(ms))).ok_or(Fault::Overflow)
        }
        Binary::DecimalLess => Ok(Val::Bool(decimal(left)? < decimal(right)?)),
        Binary::DecimalLessEq => Ok(Val::Bool(decimal(left)? <= decimal(right)?)),
        Binary::DecimalGreater => Ok(Val::Bool(decimal(left)? > decimal(right)?)),
        Binary::DecimalGreaterEq => Ok(Val::Bool(decimal(left)? >= decimal(right)?)),
    }
}

fn order(left: Val<'_>, right: Val<'_>) -> Result<Ordering, Fault> {
    match (left, right) {
        (Val::Long(left), Val::Long(right)) => Ok(left.cmp(&right)),
        (Val::Ext(left), Val::Ext(right)) => left.order(right).ok_or(Fault::Type),
        _ => Err(Fault::Type),
    }
}

fn number<'v>(left: Val<'_>, right: Val<'_>, op: fn(i64, i64) -> Option<i64>) -> Result<Val<'v>, Fault> {
    op(long(left)?, long(right)?).map(Val::Long).ok_or(Fault::Overflow)
}

fn within<E: Env>(uid: Uid<'_>, of: Val<'_>, env: &E) -> Result<bool, Fault> {
    let is = |ancestor: Uid<'_>| uid == ancestor || env.below(uid, ancestor);
    match of {
        Val::Entity(ancestor) => Ok(is(ancestor)),
        Val::Set(Set::Data(data)) => {
            // All of them must be entities, even if an earlier one already decides.
            if data.iter().any(|datum| !matches!(datum, Datum::Entity(_))) {
                return Err(Fault::Type);
            }
            Ok(data.iter().any(|datum| entity(Val::of(datum)).is_ok_and(is)))
        }
        Val::Set(Set::Texts(texts)) if texts.is_empty() => Ok(false),
        _ => Err(Fault::Type),
    }
}

fn call<'v>(method: Method, value: Val<'_>) -> Result<Val<'v>, Fault> {
    let instant = |ms: Option<i64>| ms.map(|ms| Val::Ext(Ext::Datetime(ms))).ok_or(Fault::Overflow);
    match method {
        Method::IsIpv4 => Ok(Val::Bool(address(value)?.0.is_ipv4())),
        Method::IsIpv6 => Ok(Val::Bool(address(value)?.0.is_ipv6())),
        Method::IsLoopback => {
            address(value).map(|(ip, prefix)| Val::Bool(extension::is_loopback(ip, prefix)))
        }
        Method::IsMulticast => {
            address(value).map(|(ip, prefix)| Val::Bool(extension::is_multicast(ip, prefix)))
        }
        Method::ToDate => instant(extension::to_date(datetime(value)?)),
        Method::ToTime => Ok(Val::Ext(Ext::Duration(extension::to_time(datetime(value)?)))),
        Method::ToMilliseconds => duration(value).map(Val::Long),
        Method::ToSeconds => duration(value).map(|ms| Val::Long(ms / 1_000)),
        Method::ToMinutes => duration(value).map(|ms| Val::Long(ms / 60_000)),
        Method::ToHours => duration(value).map(|ms| Val::Long(ms / 3_600_000)),
        Method::ToDays => duration(value).map(|ms| Val::Long(ms / 86_400_000)),
    }
}

const fn truth(value: Val<'_>) -> Result<bool, Fault> {
    if let Val::Bool(value) = value { Ok(value) } else { Err(Fault::Type) }
}

const fn long(value: Val<'_>) -> Result<i64, Fault> {
    if let Val::Long(value) = value { Ok(value) } else { Err(Fault::Type) }
}

const fn text(value: Val<'_>) -> Result<&str, Fault> {
    if let Val::Text(text) = value { Ok(text) } else { Err(Fault::Type) }
}

const fn entity(value: Val<'_>) -> Result<Uid<'_>, Fault> {
    if let Val::Entity(uid) = value { Ok(uid) } else { Err(Fault::Type) }
}

const fn set(value: Val<'_>) -> Result<Set<'_>, Fault> {
    if let Val::Set(set) = value { Ok(set) } else { Err(Fault::Type) }
}

const fn address(value: Val<'_>) -> Result<(std::net::IpAddr, u8), Fault> {
    if let Val::Ext(Ext::Ip(address, prefix)) = value { Ok((address, prefix)) } else { Err(Fault::Type) }
}

const fn datetime(value: Val<'_>) -> Result<i64, Fault> {
    if let Val::Ext(Ext::Datetime(ms)) = value { Ok(ms) } else { Err(Fault::Type) }
}

const fn duration(value: Val<'_>) -> Result<i64, Fault> {
    if let Val::Ext(Ext::Duration(ms)) = value { Ok(ms) } else { Err(Fault::Type) }
}

const fn decimal(value: Val<'_>) -> Result<i64, Fault> {
    if let Val::Ext(Ext::Decimal(value)) = value { Ok(value) } else { Err(Fault::Type) }
}
