//! The slots of a bundle: each path that a rule reads, once, with what gives its value.

use std::collections::HashMap;
use std::sync::Arc;

use super::compile::{Paths, Place, Unsupported};
use super::expr::Root;
use super::order::{Cost, SlotTraits};
use super::program::Slot;
use super::schema::FAMILIES;
use super::{Names, check};
use crate::signals::{self, Provider};

/// Slots as they are found, rule by rule.
pub(super) struct Slots<'n> {
    pub(super) names: &'n Names<'n>,
    all: Vec<Slot>,
    by_path: HashMap<String, usize>,
    of_rule: Vec<usize>,
}

// === impl Slots ===

impl<'n> Slots<'n> {
    pub(super) fn new(names: &'n Names<'n>) -> Self {
        Self { names, all: Vec::new(), by_path: HashMap::new(), of_rule: Vec::new() }
    }

    pub(super) fn begin_rule(&mut self) {
        self.of_rule.clear();
    }

    /// The slots of the rule that was compiled last, each once.
    pub(super) fn of_rule(&mut self) -> Vec<usize> {
        let mut slots = std::mem::take(&mut self.of_rule);
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// What a slot is called.
    pub(super) fn path(&self, slot: usize) -> Option<&Arc<str>> {
        self.all.get(slot).map(|slot| &slot.path)
    }

    pub(super) fn into_all(self) -> Vec<Slot> {
        self.all
    }

    /// What is known of a slot before any request.
    pub(super) fn traits(&self, slot: usize) -> SlotTraits {
        match self.all.get(slot).map(|slot| &slot.provider) {
            Some(Provider::Signal(signal)) => {
                let cost = if signal.costly { Cost::Costly } else { Cost::Cheap };
                SlotTraits { cost, sure: !signal.fails }
            }
            Some(Provider::Limit(_)) => SlotTraits { cost: Cost::Cheap, sure: false },
            Some(Provider::Lexicon(_) | Provider::Counter { .. }) => {
                SlotTraits { cost: Cost::Costly, sure: false }
            }
            Some(Provider::Listed { .. }) | None => SlotTraits { cost: Cost::Lookup, sure: false },
        }
    }

    fn slot(&mut self, path: &str) -> Result<usize, String> {
        if let Some(slot) = self.by_path.get(path) {
            return Ok(*slot);
        }
        let provider = check::provider(path, self.names)?;
        self.by_path.insert(path.to_owned(), self.all.len());
        self.all.push(Slot { path: path.into(), provider });
        Ok(self.all.len() - 1)
    }
}

impl Paths for Slots<'_> {
    fn place(&mut self, root: Root, names: &[&str]) -> Result<Place, Unsupported> {
        match (root, names) {
            (Root::Context, []) => return Ok(Place::Group),
            (Root::Action | Root::Resource, _) | (Root::Principal, []) => return Ok(Place::Walk),
            (Root::Principal | Root::Context, _) => {}
        }
        let path = format!("{}.{}", root.as_str(), names.join("."));
        if is_group(&path) {
            return Ok(Place::Group);
        }
        let slot = self.slot(&path).map_err(|what| Unsupported { what })?;
        self.of_rule.push(slot);
        Ok(Place::Slot(slot))
    }

    fn walks(&self) -> bool {
        false
    }
}

/// Whether attributes stand below the path.
fn is_group(path: &str) -> bool {
    let below = |longer: &str| longer.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    FAMILIES.contains(&path) || signals::all().any(|signal| below(signal.path))
}
