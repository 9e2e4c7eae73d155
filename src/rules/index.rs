//! The index over a bundle's rules: by action, and by account where a rule's scope names one.

use super::expr::Expr;
use super::program::{ActionRules, Entry, Slot};
use super::schema::Schema;
use super::{Effect, Program, Rule};
use crate::domain::ActionKind;

/// A rule that is sound.
pub(super) struct Loaded {
    pub(super) rule: Rule,
    pub(super) condition: Expr,
    /// The slots that it reads.
    pub(super) slots: Vec<usize>,
    /// The account whose subtree it is about, if it says one.
    pub(super) below: Option<Box<str>>,
}

/// Joins the rules to a program: an index over them, and the slots that they read.
pub(super) fn assemble(loaded: Vec<Loaded>, slots: Vec<Slot>, schema: &Schema) -> Program {
    let actions = ActionKind::ALL
        .iter()
        .map(|kind| {
            let mut action = action_rules(*kind, &loaded);
            action.groups = schema.groups.get(kind.as_str()).cloned().unwrap_or_default();
            let reads = |place: usize| loaded.get(place).map_or(&[][..], |one| one.slots.as_slice());
            action.number_slots(slots.len(), reads);
            action
        })
        .collect();
    // The loader has seen to it that there is one.
    let base = loaded.iter().position(|one| one.rule.effect == Effect::Base).unwrap_or_default();
    let (rules, conditions) = loaded.into_iter().map(|one| (one.rule, one.condition)).unzip();
    Program { rules, conditions, actions, slots, base }
}

fn action_rules(kind: ActionKind, loaded: &[Loaded]) -> ActionRules {
    let mut action = ActionRules::default();
    for (place, one) in loaded.iter().enumerate().filter(|(_, one)| one.rule.actions.contains(&kind)) {
        if one.rule.effect == Effect::Base {
            action.base = Some(place);
            continue;
        }
        let section = if one.rule.effect.is_duty() { &mut action.duties } else { &mut action.prohibitions };
        match &one.below {
            Some(account) => section.below.entry(account.clone()).or_default(),
            None => &mut section.common,
        }
        .push(Entry { place, gate: one.rule.gate });
    }
    action
}
