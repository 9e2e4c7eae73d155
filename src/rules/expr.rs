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
#[derive(Debug, Clone)]
pub(super) enum Expr {
    Const(Datum),
    /// The value of a path.
    Slot(usize),
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
    /// `is … in`: the type is asked of the first, then whether it is in the second.
    IsIn(Box<[Expr; 2]>, Box<str>),
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

// === impl Root ===

impl Root {
    /// Its name in Cedar.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Resource => "resource",
            Self::Context => "context",
        }
    }
}

// === impl Expr ===

impl Expr {
    /// The expressions that it is made of, in the order in which they are evaluated.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Self> {
        let one = match self {
            Self::Not(inner)
            | Self::Negate(inner)
            | Self::IsEmpty(inner)
            | Self::Is(inner, _)
            | Self::Attribute(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Among(_, inner)
            | Self::Make(_, inner)
            | Self::Call(_, inner) => Some(&**inner),
            _ => None,
        };
        let many: &[Self] = match self {
            Self::All(parts) | Self::Any(parts) | Self::Set(parts) | Self::Among(parts, _) => parts,
            Self::If(parts) => &**parts,
            Self::Binary(_, parts) | Self::IsIn(parts, _) => &**parts,
            _ => &[],
        };
        let fields: &[(Box<str>, Self)] = if let Self::Record(fields) = self { fields } else { &[] };
        many.iter().chain(one).chain(fields.iter().map(|(_, field)| field))
    }
}
