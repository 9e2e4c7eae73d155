//! Puts what is cheap to read before what is costly, inside `&&` and `||`, where that cannot change
//! the answer: among operands of which none can fail, the order decides only how many are read.

use super::expr::{Binary, Expr};

/// What reading a slot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// Nothing is read.
    Nothing,
    /// A field of the request, a limit.
    Cheap,
    /// A number is described, a list looked up.
    Lookup,
    /// A text is looked through.
    Costly,
}

/// What is known of a slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlotTraits {
    pub(super) cost: Cost,
    /// It always has a value.
    pub(super) sure: bool,
}

/// The same condition with cheap operands first.
pub(super) fn cheapest_first(expr: Expr, slots: &dyn Fn(usize) -> SlotTraits) -> Expr {
    match expr {
        Expr::All(parts) => Expr::All(sorted(parts, slots)),
        Expr::Any(parts) => Expr::Any(sorted(parts, slots)),
        Expr::Not(inner) => Expr::Not(Box::new(cheapest_first(*inner, slots))),
        other => other,
    }
}

/// Each run of operands that cannot fail is sorted; one that can stays where it is, and so does what
/// stands on its two sides.
fn sorted(parts: Box<[Expr]>, slots: &dyn Fn(usize) -> SlotTraits) -> Box<[Expr]> {
    let mut parts: Vec<Expr> = parts.into_iter().map(|part| cheapest_first(part, slots)).collect();
    for run in parts.chunk_by_mut(|a, b| sure(a, slots) && sure(b, slots)) {
        run.sort_by_key(|part| cost(part, slots));
    }
    parts.into()
}

/// Whether an expression always has a value. Types are Cedar's validator's to vouch for.
fn sure(expr: &Expr, slots: &dyn Fn(usize) -> SlotTraits) -> bool {
    let own = match expr {
        Expr::Slot(slot) => slots(*slot).sure,
        Expr::Binary(op, _) => matches!(
            op,
            Binary::Eq
                | Binary::NotEq
                | Binary::Less
                | Binary::LessEq
                | Binary::Greater
                | Binary::GreaterEq
                | Binary::In
                | Binary::Contains
                | Binary::ContainsAll
                | Binary::ContainsAny
        ),
        Expr::Negate(_) | Expr::Attribute(..) | Expr::Has(..) | Expr::Make(..) | Expr::Call(..) => false,
        _ => true,
    };
    own && expr.operands().all(|operand| sure(operand, slots))
}

fn cost(expr: &Expr, slots: &dyn Fn(usize) -> SlotTraits) -> Cost {
    let own = match expr {
        Expr::Slot(slot) => slots(*slot).cost,
        _ => Cost::Nothing,
    };
    expr.operands().map(|operand| cost(operand, slots)).fold(own, Ord::max)
}
