//! Walks a rule's expressions: which attributes it reads or asks for, whether it holds a number, and
//! whether it asks who is above an account.

use std::collections::BTreeSet;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, PrincipalConstraint, Template, Var};

use super::compile;
use super::expr::Root;

/// What a rule's conditions mention.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Dotted paths that are read, from `principal` or `context`, as far as they go.
    pub(super) paths: BTreeSet<String>,
    /// Whether a literal number stands in it.
    pub(super) number: bool,
    /// Whether it asks what something other than the action is in: the account's parents must be known.
    pub(super) ancestors: bool,
}

// === impl Mentions ===

impl Mentions {
    /// Everything that a policy's conditions mention.
    pub(super) fn of(policy: &Template) -> Self {
        let scope = matches!(policy.principal, PrincipalConstraint::In(_) | PrincipalConstraint::IsIn(..));
        let mut mentions = Self { ancestors: scope, ..Self::default() };
        for clause in policy.clauses() {
            match clause {
                Clause::When(expr) | Clause::Unless(expr) => mentions.walk(expr),
            }
        }
        mentions
    }

    fn walk(&mut self, expr: &Expr) {
        if let Some(path) = dotted(expr) {
            self.paths.insert(path);
            return;
        }
        match expr {
            Expr::Literal(Literal::Long(_)) => self.number = true,
            Expr::HasAttr { expr, attrs } if compile::dotted(expr).is_some() => {
                return self.has(expr, attrs.iter().map(AsRef::as_ref));
            }
            Expr::BinaryOp { op: BinaryOp::In, left: of, .. }
            | Expr::Is { expr: of, in_expr: Some(_), .. } => {
                self.ancestors |= !matches!(**of, Expr::Var(Var::Action));
            }
            _ => {}
        }
        for part in parts(expr) {
            self.walk(part);
        }
    }

    /// `context has a.b` asks for the paths `context.a` and `context.a.b`.
    fn has<'a>(&mut self, expr: &'a Expr, attrs: impl Iterator<Item = &'a str>) {
        if let Some((root, names)) = compile::dotted(expr) {
            self.paths.insert(written(root, names.into_iter().chain(attrs)));
        }
    }
}

/// The dotted form of a chain of attributes, if `expr` is one.
fn dotted(expr: &Expr) -> Option<String> {
    let (root, names) = compile::dotted(expr)?;
    (!names.is_empty()).then(|| written(root, names))
}

fn written<'n>(root: Root, names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().fold(root.as_str().to_owned(), |path, name| path + "." + name)
}

/// The expressions that one is made of.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::UnaryOp { expr, .. }
        | Expr::GetAttr { expr, .. }
        | Expr::HasAttr { expr, .. }
        | Expr::Like { expr, .. } => vec![expr],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::Is { expr, in_expr, .. } => std::iter::once(&**expr).chain(in_expr.as_deref()).collect(),
        Expr::IfThenElse { cond, then_expr, else_expr } => vec![cond, then_expr, else_expr],
        Expr::Set(elements) => elements.iter().map(|element| &**element).collect(),
        Expr::Record(fields) => fields.values().map(|field| &**field).collect(),
        _ => Vec::new(),
    }
}
