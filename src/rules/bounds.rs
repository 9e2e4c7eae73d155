//! How large a rule may be. Parser, validator and evaluator descend into a rule's tree, so its depth is
//! bounded before any of them is asked, on the text; what of it the text does not show, on the tree.

use cedar_policy::pst::{self, BinaryOp};

use super::paths::parts;
use super::statements::{TokenKind, tokens};

/// Brackets, conditionals and operators that may stand in one rule: none of them can nest deeper than
/// there are of them in one bracket.
const MAX_OPEN: usize = 128;
/// Operators and attributes of one rule, which the parser nests from the left.
const MAX_OPERATORS: usize = 2_048;
/// Deepest nesting of one condition; a chain of `&&` or of `||` counts once.
const MAX_DEPTH: usize = 128;
/// Operators, attributes and literals of one rule.
const MAX_NODES: usize = 65_536;

/// A rule is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// Brackets within brackets, or conditionals within conditionals.
    #[error("a rule may be nested {MAX_DEPTH} deep at most")]
    Deep,
    /// Operators and attributes.
    #[error("a rule may have {MAX_OPERATORS} operators and attributes at most")]
    Operators,
    /// Everything.
    #[error("a rule may have {MAX_NODES} parts at most")]
    Parts,
}

/// Holds a rule's text to what may be parsed.
///
/// # Errors
/// What there is too much of.
pub(super) fn text(text: &str) -> Result<(), TooLarge> {
    let (mut open, mut conditionals, mut operators) = (0_usize, 0_usize, 0_usize);
    for token in tokens(text) {
        match (token.kind, token.text) {
            (TokenKind::Sign, "(" | "[" | "{") => open += 1,
            (TokenKind::Sign, ")" | "]" | "}") => open = open.saturating_sub(1),
            (TokenKind::Word, "if") => conditionals += 1,
            (TokenKind::Sign, "," | ":" | ";" | "@") => {}
            (TokenKind::Sign, _) | (TokenKind::Word, "in" | "has" | "like" | "is") => operators += 1,
            _ => {}
        }
        if open + conditionals > MAX_OPEN {
            return Err(TooLarge::Deep);
        }
    }
    if operators > MAX_OPERATORS { Err(TooLarge::Operators) } else { Ok(()) }
}

/// Holds a rule's conditions to what may be compiled.
///
/// # Errors
/// What there is too much of.
pub(super) fn tree(policy: &pst::Template) -> Result<(), TooLarge> {
    let clauses = policy.clauses().iter().map(|clause| match clause {
        pst::Clause::When(expr) | pst::Clause::Unless(expr) => (&**expr, 0),
    });
    let mut open: Vec<(&pst::Expr, usize)> = clauses.collect();
    let mut nodes = 0;
    while let Some((expr, depth)) = open.pop() {
        nodes += 1;
        if depth > MAX_DEPTH {
            return Err(TooLarge::Deep);
        }
        if nodes > MAX_NODES {
            return Err(TooLarge::Parts);
        }
        open.extend(parts(expr).into_iter().map(|part| (part, depth + usize::from(!continues(expr, part)))));
    }
    Ok(())
}

/// Whether a part goes on with the chain that it is part of.
fn continues(expr: &pst::Expr, part: &pst::Expr) -> bool {
    let op = |expr: &pst::Expr| match expr {
        pst::Expr::BinaryOp { op: op @ (BinaryOp::And | BinaryOp::Or), .. } => Some(*op),
        _ => None,
    };
    op(expr).is_some() && op(expr) == op(part)
}
