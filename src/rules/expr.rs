//! The compiled form of a rule's condition: a tree in which everything that can be known when the
//! bundle is loaded is known. Attribute paths are slots, literals are values, chains of `&&` and `||`
//! are flat.

use super::extension::Constructor;
use super::like::Pattern;
use super::value::Datum;

/// One of the four things that an expression can start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    Principal,
    Action,
    Resource,
    Context,
}

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Const(Datum),
    /// The value of a path.
    Slot(usize),
    /// Whether a path has a value.
    HasSlot(usize),
    Root(Root),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    IsEmpty(Box<Expr>),
    /// All hold; those after the first that does not are not asked.
    All(Box<[Expr]>),
    /// One holds; those after it are not asked.
    Any(Box<[Expr]>),
    If(Box<[Expr; 3]>),
    Binary(Binary, Box<[Expr; 2]>),
    Is(Box<Expr>, Box<str>),
    Attribute(Box<Expr>, Box<str>),
    /// `has a.b.c`.
    Has(Box<Expr>, Box<[Box<str>]>),
    Like(Box<Expr>, Pattern),
    Set(Box<[Expr]>),
    /// A literal set contains a value, without the set being built.
    Among(Box<[Expr]>, Box<Expr>),
    Record(Box<[(Box<str>, Expr)]>),
    Make(Constructor, Box<Expr>),
    Call(Method, Box<Expr>),
}

/// Operators and methods of two operands that both are evaluated, left first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Add,
    Sub,
    Mul,
    In,
    Contains,
    ContainsAll,
    ContainsAny,
    GetTag,
    HasTag,
    IsInRange,
    Offset,
    DurationSince,
    DecimalLess,
    DecimalLessEq,
    DecimalGreater,
    DecimalGreaterEq,
}

/// Methods of extension types without an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    IsIpv4,
    IsIpv6,
    IsLoopback,
    IsMulticast,
    ToDate,
    ToTime,
    ToMilliseconds,
    ToSeconds,
    ToMinutes,
    ToHours,
    ToDays,
}

// === impl Expr ===

impl Expr {
    /// The expressions that it is made of, in the order in which they are evaluated.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Self> {
        let (many, one, fields): (&[Self], Option<&Self>, &[(Box<str>, Self)]) = match self {
            Self::Const(_) | Self::Slot(_) | Self::HasSlot(_) | Self::Root(_) => (&[], None, &[]),
            Self::Not(inner)
            | Self::Negate(inner)
            | Self::IsEmpty(inner)
            | Self::Is(inner, _)
            | Self::Attribute(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Make(_, inner)
            | Self::Call(_, inner) => (&[], Some(inner), &[]),
            Self::All(parts) | Self::Any(parts) | Self::Set(parts) => (parts, None, &[]),
            Self::If(parts) => (&**parts, None, &[]),
            Self::Binary(_, parts) => (&**parts, None, &[]),
            Self::Among(elements, value) => (elements, Some(value), &[]),
            Self::Record(fields) => (&[], None, fields),
        };
        many.iter().chain(one).chain(fields.iter().map(|(_, field)| field))
    }
}
