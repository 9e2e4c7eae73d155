//! Lists: named sets of values with a way to match, some with a payload beside each value.
//!
//! A list says in the bundle how its values are compared and which signal is looked up in it
//! (`of`), so that a new list needs no Rust: rules read `context.listed.NAME`. A snapshot of all
//! lists is immutable and swapped whole.

mod brands;
mod derived;
mod fold;
pub mod opt_outs;
#[cfg(test)]
mod tests;
mod windows;

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use brands::{Brand, Brands, Near};
pub use derived::Derived;
pub(crate) use fold::ascii_twin;
pub use fold::{folded, skeleton};
pub use windows::Windows;

use crate::content::Lexicons;

/// How a list's values are compared with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Byte for byte.
    Exact,
    /// Without regard to case, width or runs of white space.
    Folded,
    /// The text begins with the value; the longest value wins.
    Prefix,
    /// E.164 numbers, byte for byte.
    Number,
    /// A host or any of its parent domains.
    Host,
    /// ISO 3166 codes.
    Country,
    /// Names that look alike (UTS #39), without punctuation.
    Skeleton,
    /// Hexadecimal digests, in either case.
    Hash,
    /// Emergency numbers by region; read by code, never looked up as text.
    Emergency,
}

/// Whose values they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Kept current from outside; entries may be added while running.
    Feed,
    /// Part of the policy's own vocabulary; changes with the bundle alone.
    Policy,
}

/// One list.
#[derive(Debug, Clone)]
pub struct List {
    /// Its name.
    pub name: Arc<str>,
    /// Whose values they are.
    pub kind: Kind,
    /// How they are compared.
    pub matching: Match,
    /// Path of the signal that is looked up in it, if rules may ask.
    pub of: Option<Arc<str>>,
    // INVARIANT: keys are normalised as `matching` says.
    entries: HashMap<Box<str>, Value>,
}

// === impl List ===

impl List {
    /// A list of `entries`; a value without payload has `null`.
    pub fn new(
        name: &str,
        kind: Kind,
        matching: Match,
        of: Option<&str>,
        entries: impl IntoIterator<Item = (String, Value)>,
    ) -> Self {
        let entries =
            entries.into_iter().map(|(key, payload)| (normal(matching, &key).into(), payload)).collect();
        Self { name: name.into(), kind, matching, of: of.map(Arc::from), entries }
    }

    /// The same list with other entries.
    #[must_use]
    pub fn with_entries(&self, entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self::new(&self.name, self.kind, self.matching, self.of.as_deref(), entries)
    }

    /// The same list with more entries; an entry given again takes the new payload.
    #[must_use]
    pub fn extended(&self, entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut list = self.clone();
        for (key, payload) in entries {
            list.entries.insert(normal(list.matching, &key).into(), payload);
        }
        list
    }

    /// The entry that `text` matches, as it is kept, with its payload; `null` where it has none.
    pub fn find(&self, text: &str) -> Option<(&str, &Value)> {
        if self.entries.is_empty() || text.is_empty() {
            return None;
        }
        let text = looked_up(self.matching, text);
        let entry = |key: &str| self.entries.get_key_value(key).map(|(key, payload)| (&**key, payload));
        match self.matching {
            Match::Prefix => (1..=text.len()).rev().find_map(|end| entry(text.get(..end)?)),
            Match::Host => parents(&text).find_map(entry),
            Match::Exact | Match::Folded | Match::Number | Match::Country | Match::Skeleton | Match::Hash => {
                entry(&text)
            }
            Match::Emergency => None,
        }
    }

    /// The payload of the entry that `text` matches; `null` where it has none.
    pub fn get(&self, text: &str) -> Option<&Value> {
        self.find(text).map(|(_, payload)| payload)
    }

    /// Whether `text` is on it.
    pub fn contains(&self, text: &str) -> bool {
        self.get(text).is_some()
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, in no particular order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, payload)| (&**key, payload))
    }
}

/// The form in which a value of a list is stored and looked up.
pub fn normal(matching: Match, text: &str) -> String {
    match matching {
        Match::Exact | Match::Prefix | Match::Number | Match::Emergency => text.to_owned(),
        Match::Folded => folded(text),
        Match::Host => text.trim_end_matches('.').to_lowercase(),
        Match::Country => text.to_ascii_uppercase(),
        Match::Skeleton => skeleton(text),
        Match::Hash => text.to_ascii_lowercase(),
    }
}

/// As [`normal`], without a copy of what is normal already.
fn looked_up(matching: Match, text: &str) -> Cow<'_, str> {
    let has = |found: fn(&u8) -> bool| text.bytes().any(|byte| found(&byte));
    let normal_already = match matching {
        Match::Exact | Match::Prefix | Match::Number | Match::Emergency => true,
        Match::Country => !has(u8::is_ascii_lowercase),
        Match::Hash => !has(u8::is_ascii_uppercase),
        Match::Host => text.is_ascii() && !has(u8::is_ascii_uppercase) && !text.ends_with('.'),
        Match::Folded | Match::Skeleton => false,
    };
    if normal_already { text.into() } else { normal(matching, text).into() }
}

fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent))
}

/// All lists, as they stand at one moment.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    by_name: HashMap<Arc<str>, Arc<List>>,
    /// What texts are read with; part of the bundle alone.
    pub lexicons: Arc<Lexicons>,
    derived: Derived,
}

// === impl Lists ===

impl Lists {
    /// The list of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<List>> {
        self.by_name.get(name)
    }

    /// Puts `list` in the place of the one of its name.
    pub fn insert(&mut self, list: List) {
        self.by_name.insert(list.name.clone(), Arc::new(list));
        self.derived = Derived::default();
    }

    /// What code reads of several lists at once, made when it is first asked for.
    pub const fn derived(&self) -> &Derived {
        &self.derived
    }

    /// Every list, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<List>> {
        let mut all: Vec<_> = self.by_name.values().collect();
        all.sort_unstable_by_key(|list| &list.name);
        all.into_iter()
    }
}
