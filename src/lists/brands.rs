//! Protected brands, ready to be compared with names and hosts: by spelling, by looks, by one edit.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;

use super::{List, folded, skeleton};

/// A brand with every name it has and the domains it owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Its names in folded form.
    pub names: Vec<String>,
    /// Its domains.
    pub domains: Vec<String>,
}

/// How near a name comes to a brand's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near<'b> {
    /// The brand.
    pub brand: &'b Brand,
    /// Letters of the brand's name.
    pub letters: usize,
    /// It is the brand's name, not one that looks like it.
    pub equal: bool,
}

struct Name {
    brand: usize,
    plain: String,
    looks: Vec<char>,
    words: Vec<String>,
}

/// All protected brands.
#[derive(Default)]
pub struct Brands {
    all: Vec<Brand>,
    names: Vec<Name>,
    /// Names by their looks, whole and with each letter left out.
    by_looks: HashMap<String, Vec<usize>>,
    by_first_word: HashMap<String, Vec<usize>>,
    /// Letters of the longest name, by its looks.
    longest: usize,
    inside: Option<AhoCorasick>,
}

impl std::fmt::Debug for Brands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Brands {{ {} }}", self.all.len())
    }
}

// === impl Brand ===

impl Brand {
    /// Whether a host is one of its domains or below one.
    pub fn owns(&self, host: &str) -> bool {
        let below = |domain: &String| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.domains.iter().any(below)
    }
}

// === impl Brands ===

impl Brands {
    /// The brands of a list; an entry's payload may have `brand`, `aliases` and `domains`.
    pub fn of(list: &List) -> Self {
        let mut all = Self::default();
        for (key, payload) in list.entries() {
            let texts = |name: &str| {
                let values = payload.get(name).and_then(Value::as_array).into_iter().flatten();
                values.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
            };
            let own = payload.get("brand").and_then(Value::as_str).unwrap_or(key).to_owned();
            let names: Vec<String> = std::iter::once(own).chain(texts("aliases")).collect();
            let domains = texts("domains").iter().map(|domain| domain.to_lowercase()).collect();
            all.add(&names, domains);
        }
        let looks = all.names.iter().map(|name| name.looks.iter().collect::<String>());
        all.inside = AhoCorasick::builder().match_kind(MatchKind::Standard).build(looks).ok();
        all
    }

    fn add(&mut self, names: &[String], domains: Vec<String>) {
        let brand = self.all.len();
        for name in names {
            let (plain, looks) = (plain(name), skeleton(name));
            if looks.is_empty() {
                continue;
            }
            let place = self.names.len();
            self.longest = self.longest.max(looks.chars().count());
            for form in with_one_left_out(&looks) {
                self.by_looks.entry(form).or_default().push(place);
            }
            let words = words(name);
            if let Some(first) = words.first() {
                self.by_first_word.entry(first.clone()).or_default().push(place);
            }
            self.names.push(Name { brand, plain, looks: looks.chars().collect(), words });
        }
        let names = names.iter().map(|name| folded(name)).collect();
        self.all.push(Brand { names, domains });
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Brands whose name `name` is, looks like, or is one edit away from.
    pub fn near<'b>(&'b self, name: &str) -> Vec<Near<'b>> {
        let looks = skeleton(name);
        if looks.is_empty() || self.is_empty() {
            return Vec::new();
        }
        let (plain, letters): (String, Vec<char>) = (plain(name), looks.chars().collect());
        if letters.len() > self.longest + 1 {
            return Vec::new();
        }
        let forms = with_one_left_out(&looks);
        let mut places: Vec<usize> =
            forms.iter().filter_map(|form| self.by_looks.get(form)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let names = places.into_iter().filter_map(|place| self.names.get(place));
        let near = names.filter(|known| within_one_edit(&known.looks, &letters));
        near.filter_map(|known| self.near_to(known, known.plain == plain)).collect()
    }

    /// Brands whose name stands in a longer one: as whole words.
    pub fn named_in<'b>(&'b self, text: &str) -> Vec<Near<'b>> {
        let words = words(text);
        let mut found = Vec::new();
        for at in 0..words.len() {
            let rest = words.get(at..).unwrap_or_default();
            let first = rest.first().and_then(|first| self.by_first_word.get(first));
            let names = first.into_iter().flatten().filter_map(|place| self.names.get(*place));
            found.extend(
                names.filter(|name| rest.starts_with(&name.words)).filter_map(|n| self.near_to(n, true)),
            );
        }
        found
    }

    /// Brands whose looks stand anywhere in those of `text`.
    pub fn inside<'b>(&'b self, text: &str) -> Vec<Near<'b>> {
        let looks = skeleton(text);
        let Some(automaton) = &self.inside else { return Vec::new() };
        let hits = automaton.find_overlapping_iter(&looks);
        hits.filter_map(|hit| self.near_to(self.names.get(hit.pattern().as_usize())?, false)).collect()
    }

    fn near_to<'b>(&'b self, name: &Name, equal: bool) -> Option<Near<'b>> {
        let letters = name.plain.chars().count();
        Some(Near { brand: self.all.get(name.brand)?, letters, equal })
    }
}

/// The name without regard to case, width, blanks and punctuation.
fn plain(name: &str) -> String {
    folded(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn words(name: &str) -> Vec<String> {
    let folded = folded(name);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(skeleton).collect()
}

fn with_one_left_out(text: &str) -> Vec<String> {
    let without = |left_out: usize| {
        text.chars().enumerate().filter(|(at, _)| *at != left_out).map(|(_, c)| c).collect::<String>()
    };
    std::iter::once(text.to_owned()).chain((0..text.chars().count()).map(without)).collect()
}

/// One letter put in, taken out or changed, or none.
fn within_one_edit(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let behind = |text: &[char], skip: usize| text.get(skip..).unwrap_or_default().to_vec();
    match long.len() - short.len() {
        0 => behind(short, same + 1) == behind(long, same + 1),
        1 => behind(short, same) == behind(long, same + 1),
        _ => false,
    }
}
