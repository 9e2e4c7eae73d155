//! All rules of a bundle, indexed, and the evaluation of those that concern a request.
//!
//! For each action there is a list of the rules that concern it; rules of one account's subtree are
//! found by the accounts above the one that acts, so that nobody else's are looked at. Every path
//! that a rule reads is a slot. A slot's value is computed when a rule first reads it, and kept until
//! the request is decided.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::eval::{self, Env, Fault};
use super::expr::{Expr, Root};
use super::value::{Heap, Set, Uid, Val};
use super::{Effect, Findings, Rule, Scope};
use crate::domain::{AccountId, ActionKind};
use crate::signals::{Cause, Facts, Provider, Subject, Value};

/// The type of accounts in the schema.
const ACCOUNT: &str = "Account";

/// All rules of a bundle, ready to be evaluated.
pub struct Program {
    /// Every rule, in file order.
    pub rules: Vec<Rule>,
    // INVARIANT: one condition a rule, in the same order.
    pub(super) conditions: Vec<Expr>,
    // INVARIANT: one entry an action, in the order of `ActionKind::ALL`.
    pub(super) actions: Vec<ActionRules>,
    pub(super) slots: Vec<Slot>,
    /// The rule that makes the default an allow.
    pub(super) base: usize,
}

/// A path that some rule reads, with what gives its value.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) path: Arc<str>,
    pub(super) provider: Provider,
}

/// The rules that concern one action.
#[derive(Default)]
pub(super) struct ActionRules {
    pub(super) prohibitions: Section,
    pub(super) duties: Section,
    /// The base rule, where it concerns the action.
    pub(super) base: Option<usize>,
    /// The groups that the action is in.
    pub(super) groups: BTreeSet<String>,
    /// For each slot its place among those that the action's rules read.
    local: Vec<Option<u16>>,
    /// How many slots those are.
    reads: usize,
}

/// Rules of one set.
#[derive(Default)]
pub(super) struct Section {
    /// For every account.
    pub(super) common: Vec<Entry>,
    /// For an account and those below it.
    pub(super) below: HashMap<Box<str>, Vec<Entry>>,
}

/// A rule in a section.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) place: usize,
    /// Whether it is asked where there is no account.
    pub(super) gate: bool,
}

/// A path as a rule read it.
#[derive(Debug)]
pub struct Read<'v> {
    /// Its path.
    pub path: Arc<str>,
    /// Its value, or why there is none.
    pub value: Result<&'v Value<'v>, Cause>,
    /// Whether it tells of a person.
    pub private: bool,
}

/// Values of a request's slots. It has a place of its own, beside what is asked, because what is asked borrows
/// from it.
#[derive(Default)]
pub struct Kept<'f>(Vec<OnceCell<Result<Value<'f>, Cause>>>);

/// A request that a program is asked about: what was computed for one rule is there for the others.
pub struct Asked<'p, 'f, 'a> {
    program: &'p Program,
    action: &'p ActionRules,
    facts: &'f Facts<'a>,
    kept: &'p Kept<'f>,
    heap: Heap,
}

/// An action that no rule concerns.
static NO_RULES: std::sync::LazyLock<ActionRules> = std::sync::LazyLock::new(ActionRules::default);

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program {{ {} rules, {} slots }}", self.rules.len(), self.slots.len())
    }
}

// === impl Program ===

impl Program {
    /// The rule that makes the default an allow, by place.
    pub const fn base(&self) -> usize {
        self.base
    }

    /// Begins to ask about a request.
    pub fn ask<'p, 'f, 'a>(&'p self, facts: &'f Facts<'a>, kept: &'p mut Kept<'f>) -> Asked<'p, 'f, 'a> {
        let action = self.actions.get(facts.request.action.kind() as usize).unwrap_or(&NO_RULES);
        kept.0.clear();
        // As many as the action reads, at once.
        kept.0.reserve_exact(action.reads);
        kept.0.resize_with(action.reads, OnceCell::new);
        Asked { program: self, action, facts, kept, heap: Heap::default() }
    }
}

// === impl ActionRules ===

impl ActionRules {
    /// Numbers the slots that the action's rules read; `reads` gives those of a rule.
    pub(super) fn number_slots<'r>(&mut self, slots: usize, reads: impl Fn(usize) -> &'r [usize]) {
        let sections = [&self.prohibitions, &self.duties];
        let entries = sections.into_iter().flat_map(Section::every).map(|entry| entry.place).chain(self.base);
        let read: BTreeSet<usize> = entries.flat_map(reads).copied().collect();
        self.local = vec![None; slots];
        self.reads = read.len();
        for (place, slot) in read.into_iter().enumerate() {
            if let Some(local) = self.local.get_mut(slot) {
                *local = u16::try_from(place).ok();
            }
        }
    }
}

// === impl Section ===

impl Section {
    /// Every rule in it.
    pub(super) fn every(&self) -> impl Iterator<Item = &Entry> {
        self.common.iter().chain(self.below.values().flatten())
    }
}

// === impl Asked ===

impl<'f> Asked<'_, 'f, '_> {
    /// Asks the prohibitions that concern the request.
    pub fn prohibitions(&self, scope: Scope) -> Findings {
        let mut findings = self.ask(&self.action.prohibitions, scope);
        if findings.matched.is_empty() && findings.errors.is_empty() {
            // No rule forbids; if the base permit is not about the action either, nothing allows it.
            if self.action.base.is_none() {
                findings.errors.push((self.program.base, Cause::Rule));
            }
        }
        findings
    }

    /// Asks the duties that concern the request; what rules found must be in [`Facts`] before.
    pub fn duties(&self, scope: Scope) -> Findings {
        self.ask(&self.action.duties, scope)
    }

    /// The rules that are asked, by place in [`Program::rules`].
    pub fn considered(&self, scope: Scope) -> Vec<usize> {
        let mut places = Vec::new();
        for section in [&self.action.prohibitions, &self.action.duties] {
            self.each(section, scope, |place| places.push(place));
        }
        places.extend(self.action.base);
        places.sort_unstable();
        places
    }

    /// Whether a rule does certainly not hold.
    pub fn holds_not(&self, place: usize) -> bool {
        self.holds(place) == Ok(false)
    }

    /// What a rule reads before it is answered: the slots, in the order in which they are first read.
    pub fn reads(&self, place: usize) -> Vec<usize> {
        let traced = Traced { asked: self, slots: std::cell::RefCell::default() };
        if let Some(condition) = self.program.conditions.get(place) {
            // Only what it reads is wanted; the answer was given before.
            let _ = eval::test(condition, &traced);
        }
        traced.slots.into_inner()
    }

    /// The value of a slot, as the rules had it.
    pub fn read(&self, slot: usize) -> Option<Read<'_>> {
        let Slot { path, provider } = self.program.slots.get(slot)?;
        let private = match provider {
            Provider::Signal(signal) => signal.private,
            Provider::Limit(_)
            | Provider::Listed { .. }
            | Provider::Lexicon(_)
            | Provider::Counter { .. } => false,
        };
        Some(Read { path: path.clone(), value: self.value(slot), private })
    }

    fn ask(&self, section: &Section, scope: Scope) -> Findings {
        let mut findings = Findings::default();
        self.each(section, scope, |place| match self.holds(place) {
            Ok(false) => {}
            Ok(true) => findings.matched.push(place),
            Err(fault) => findings.errors.push((place, fault.cause())),
        });
        if !section.below.is_empty() {
            findings.matched.sort_unstable();
            findings.errors.sort_unstable();
        }
        findings
    }

    /// The rules for everybody, and those for the account and the ones above it.
    fn each(&self, section: &Section, scope: Scope, mut then: impl FnMut(usize)) {
        let asked = |entry: &&Entry| scope == Scope::All || entry.gate;
        section.common.iter().filter(asked).for_each(|entry| then(entry.place));
        if section.below.is_empty() {
            return;
        }
        for id in std::iter::once(self.principal()).chain(self.ancestors()) {
            section.below.get(id).into_iter().flatten().filter(asked).for_each(|entry| then(entry.place));
        }
    }

    fn holds(&self, place: usize) -> Result<bool, Fault> {
        let condition = self.program.conditions.get(place).ok_or(Fault::Missing)?;
        eval::test(condition, self)
    }

    fn value(&self, slot: usize) -> Result<&Value<'f>, Cause> {
        let local = self.action.local.get(slot).copied().flatten();
        let kept = local.and_then(|local| self.kept.0.get(usize::from(local))).ok_or(Cause::Rule)?;
        let compute = || match self.program.slots.get(slot) {
            Some(slot) => slot.provider.value(self.facts),
            None => Err(Cause::Rule),
        };
        kept.get_or_init(compute).as_ref().map_err(|cause| *cause)
    }

    fn principal(&self) -> &'f str {
        match self.facts.subject {
            Subject::Known(account) => account.account.id.as_str(),
            Subject::Missing | Subject::Unknown(_) => self.facts.request.subject().as_str(),
        }
    }

    fn ancestors(&self) -> impl Iterator<Item = &'f str> + use<'f> {
        let above = match self.facts.subject {
            Subject::Known(account) => account.ancestors.as_slice(),
            Subject::Missing | Subject::Unknown(_) => &[],
        };
        above.iter().map(AccountId::as_str)
    }
}

impl Env for Asked<'_, '_, '_> {
    fn slot(&self, place: usize) -> Result<Val<'_>, Fault> {
        match self.value(place).map_err(Fault::Signal)? {
            Value::Bool(value) => Ok(Val::Bool(*value)),
            Value::Long(value) => Ok(Val::Long(*value)),
            Value::Text(text) => Ok(Val::Text(text)),
            Value::Set(texts) => Ok(Val::Set(Set::Texts(texts))),
        }
    }

    fn root(&self, root: Root) -> Result<Val<'_>, Fault> {
        let uid = match root {
            Root::Principal => Uid { kind: ACCOUNT, id: self.principal() },
            Root::Action => Uid { kind: "Action", id: self.facts.request.action.kind().as_str() },
            Root::Resource => Uid { kind: "Platform", id: "aup" },
            // The whole of it is refused when a bundle is loaded.
            Root::Context => return Err(Fault::Type),
        };
        Ok(Val::Entity(uid))
    }

    fn attribute(&self, _of: Uid<'_>, _name: &str) -> Result<Option<Val<'_>>, Fault> {
        // Attributes of accounts are slots, and nothing else has any.
        Err(Fault::Missing)
    }

    fn tag(&self, _of: Uid<'_>, _name: &str) -> Result<Option<Val<'_>>, Fault> {
        Err(Fault::Missing)
    }

    fn below(&self, entity: Uid<'_>, ancestor: Uid<'_>) -> bool {
        match (entity.kind, ancestor.kind) {
            (ACCOUNT, ACCOUNT) => {
                entity.id == self.principal() && self.ancestors().any(|id| id == ancestor.id)
            }
            ("Action", "Action") => {
                let kind: Option<ActionKind> = entity.id.parse().ok();
                kind == Some(self.facts.request.action.kind()) && self.action.groups.contains(ancestor.id)
            }
            _ => false,
        }
    }

    fn heap(&self) -> &Heap {
        &self.heap
    }
}

/// The same request, with a note of every slot that is read.
struct Traced<'e, 'p, 'f, 'a> {
    asked: &'e Asked<'p, 'f, 'a>,
    slots: std::cell::RefCell<Vec<usize>>,
}

impl Env for Traced<'_, '_, '_, '_> {
    fn slot(&self, place: usize) -> Result<Val<'_>, Fault> {
        let mut slots = self.slots.borrow_mut();
        if !slots.contains(&place) {
            slots.push(place);
        }
        self.asked.slot(place)
    }

    fn root(&self, root: Root) -> Result<Val<'_>, Fault> {
        self.asked.root(root)
    }

    fn attribute(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        self.asked.attribute(of, name)
    }

    fn tag(&self, of: Uid<'_>, name: &str) -> Result<Option<Val<'_>>, Fault> {
        self.asked.tag(of, name)
    }

    fn below(&self, entity: Uid<'_>, ancestor: Uid<'_>) -> bool {
        self.asked.below(entity, ancestor)
    }

    fn heap(&self) -> &Heap {
        self.asked.heap()
    }
}

// === impl Effect ===

impl Effect {
    /// Whether it is found among the duties.
    pub(super) const fn is_duty(&self) -> bool {
        matches!(self, Self::Duty { .. })
    }
}
