//! Walks a rule's expressions: which attributes it reads or asks for, and whether it holds a number.

use std::collections::BTreeSet;

use cedar_policy::pst::{Clause, Expr, Literal, Template, Var};

/// What a rule's conditions mention.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Dotted paths that are read, from `principal` or `context`, as far as they go.
    pub(super) paths: BTreeSet<String>,
    /// Whether a literal number stands in it.
    pub(super) number: bool,
}

// === impl Mentions ===

impl Mentions {
    /// Everything that a policy's conditions mention.
    pub(super) fn of(policy: &Template) -> Self {
        let mut mentions = Self::default();
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
            Expr::HasAttr { expr, attrs } => self.has(expr, attrs.iter().map(AsRef::as_ref)),
            _ => {}
        }
        for part in parts(expr) {
            self.walk(part);
        }
    }

    /// `context has a.b` asks for the paths `context.a` and `context.a.b`.
    fn has<'a>(&mut self, expr: &Expr, attrs: impl Iterator<Item = &'a str>) {
        let mut path = match expr {
            Expr::Var(var) => root(var).to_owned(),
            _ => dotted(expr).unwrap_or_default(),
        };
        for attr in attrs {
            path = format!("{path}.{attr}");
        }
        self.paths.insert(path);
    }
}

/// The dotted form of a chain of attributes, if `expr` is one.
fn dotted(expr: &Expr) -> Option<String> {
    let Expr::GetAttr { expr, attr } = expr else { return None };
    let before = match &**expr {
        Expr::Var(var) => root(var).to_owned(),
        inner => dotted(inner)?,
    };
    Some(format!("{before}.{attr}"))
}

const fn root(var: &Var) -> &'static str {
    match var {
        Var::Principal => "principal",
        Var::Action => "action",
        Var::Resource => "resource",
        Var::Context => "context",
    }
}

fn parts(expr: &Expr) -> Vec<&Expr> {
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
