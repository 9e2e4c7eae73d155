//! Rules: Cedar policies over signals. Bundle and signals in, matched rules and errors out.
//!
//! The only place that names `cedar_policy`. A rule is a `forbid` with a reason, or a `permit` that
//! carries an obligation (a duty); one base `permit` makes the default an allow. Prohibitions and
//! duties are two sets, evaluated apart, so that duties are found on a deny too. What the stock
//! authorizer does with a rule that errors (it skips it) is not done here: errors are reported
//! beside the matches, with their cause, and whoever decides denies.
//!
//! Cedar parses and validates (`load`); each rule is then compiled (`compile`) to a tree over slots
//! (`expr`), indexed (`program`) and evaluated (`eval`). Cedar's own authorizer (`stock`) is what
//! all that is held against.

mod annotations;
pub mod any;
mod bounds;
mod check;
mod compile;
mod eval;
mod expr;
mod extension;
mod index;
mod like;
mod load;
mod order;
mod paths;
mod program;
mod schema;
mod slots;
mod statements;
pub mod stock;
mod value;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use compile::Unsupported;
pub use eval::Fault;
pub use load::Progress;
pub use program::{Asked, Kept, Program, Read};

use crate::bundle::{Catalogue, Counter, Limits, Rank};
use crate::domain::{ActionKind, Mode};
use crate::lists::Lists;
use crate::signals::Cause;

/// Names that rules may use.
pub struct Names<'a> {
    /// Reasons and obligations.
    pub catalogue: &'a Catalogue,
    /// Limits.
    pub limits: &'a Limits,
    /// Counters.
    pub counters: &'a [Counter],
    /// Lists.
    pub lists: &'a Lists,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Unique: its `@id`, or its file and ordinal.
    pub id: Arc<str>,
    /// File it stands in.
    pub file: Arc<str>,
    /// Line it begins on.
    pub line: usize,
    /// What it does when it holds.
    pub effect: Effect,
    /// Whether that denies, is reported, or is off.
    pub mode: Mode,
    /// Actions it is about.
    pub actions: Vec<ActionKind>,
    /// Paths that it reads.
    pub reads: BTreeSet<Arc<str>>,
    /// Whether it asks which accounts are above one.
    pub ancestors: bool,
    /// Whether it is asked where there is no account.
    pub gate: bool,
    /// Its text.
    pub text: Arc<str>,
}

/// What a rule does when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The default: everything that is not forbidden may be done.
    Base,
    /// It forbids, for the reason of this rank.
    Forbid(Rank),
    /// It imposes obligations, by their place in the catalogue.
    Duty {
        /// Which.
        obligations: Vec<usize>,
        /// With which verdict.
        on: DutyOn,
    },
}

/// With which verdict a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DutyOn {
    /// With an allow.
    Allow,
    /// With a deny.
    Deny,
    /// With both.
    Always,
}

/// Which rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of the action's.
    All,
    /// Only those that need no account.
    Gates,
}

/// What the rules of one set found, by place in [`Program::rules`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Rules that hold.
    pub matched: Vec<usize>,
    /// Rules that could not be answered, and why.
    pub errors: Vec<(usize, Cause)>,
}

// === impl Rule ===

impl Rule {
    /// Whether it cannot be answered without the account.
    pub fn reads_account(&self) -> bool {
        self.ancestors || self.reads.iter().any(|path| path.starts_with("principal."))
    }
}
