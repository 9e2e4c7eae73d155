//! Literals that a pattern cannot match without: several sets, of each of which at least one literal
//! stands in every match.
//!
//! They go into one automaton over all lexicons, so that a pattern is only tried on a text that has
//! a chance: one with a literal of every set. The analysis is conservative: a pattern without such
//! literals has none, and is refused.

use regex_syntax::hir::{Hir, HirKind};

/// Most strings that one part of a pattern is spelled out to.
const MAX_STRINGS: usize = 400;
/// Longest literal; more letters sort out no more texts.
const MAX_LENGTH: usize = 24;
/// Most characters of a class that is spelled out.
const MAX_CLASS: u32 = 12;

/// Most sets that a pattern waits for; more sort out few texts.
const MAX_SETS: usize = 4;
/// Most literals of a set beside the best: each makes the automaton larger.
const MAX_BESIDE: usize = 80;

/// Literals of which one stands in every match.
pub(super) type Needed = Vec<String>;

/// What is known of a part of a pattern.
#[derive(Clone)]
struct Part {
    /// Everything that it can match, if that is few strings.
    exact: Option<Needed>,
    /// Of each of these one is in everything that it matches.
    needed: Vec<Needed>,
}

/// The sets of literals of patterns that must all match, best first; none where they can match without any.
pub(super) fn needed(patterns: &[Hir]) -> Vec<Needed> {
    let mut sets: Vec<Needed> = patterns.iter().flat_map(|hir| part(hir).sets()).filter(is_usable).collect();
    for set in &mut sets {
        set.sort();
        set.dedup();
    }
    sets.sort_by_cached_key(|set| std::cmp::Reverse(worth(set)));
    sets.dedup();
    let mut place = 0;
    sets.retain(|set| {
        place += 1;
        place == 1 || set.len() <= MAX_BESIDE && !set.iter().any(|text| is_common(text))
    });
    sets.truncate(MAX_SETS);
    sets
}

// === impl Part ===

impl Part {
    fn sets(self) -> Vec<Needed> {
        self.exact.into_iter().chain(self.needed).collect()
    }
}

fn part(hir: &Hir) -> Part {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => exactly(vec![text.to_owned()]),
            Err(_) => NOTHING,
        },
        HirKind::Class(class) => match class {
            regex_syntax::hir::Class::Unicode(class) => {
                let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
                let count: u32 =
                    class.ranges().iter().map(|r| u32::from(r.end()) - u32::from(r.start()) + 1).sum();
                if count <= MAX_CLASS { exactly(chars.map(String::from).collect()) } else { NOTHING }
            }
            regex_syntax::hir::Class::Bytes(_) => NOTHING,
        },
        HirKind::Repetition(repetition) => repeated(part(&repetition.sub), repetition.min, repetition.max),
        HirKind::Capture(capture) => part(&capture.sub),
        HirKind::Concat(parts) => in_a_row(parts.iter().map(part)),
        HirKind::Alternation(parts) => one_of(parts.iter().map(part).collect()),
    }
}

const NOTHING: Part = Part { exact: None, needed: Vec::new() };

fn exactly(strings: Needed) -> Part {
    Part { exact: Some(strings), needed: Vec::new() }
}

fn repeated(sub: Part, min: u32, max: Option<u32>) -> Part {
    match (min, max) {
        (0, Some(1)) => match sub.exact {
            Some(mut exact) => {
                exact.push(String::new());
                exactly(exact)
            }
            None => NOTHING,
        },
        (0, _) => NOTHING,
        (1, Some(1)) => sub,
        _ => Part { exact: None, needed: sub.sets() },
    }
}

fn in_a_row(parts: impl Iterator<Item = Part>) -> Part {
    let mut candidates = Vec::new();
    let mut row = Some(vec![String::new()]);
    let mut whole = true;
    for part in parts {
        let longer = row.as_ref().zip(part.exact.as_ref()).and_then(|(row, exact)| product(row, exact));
        if longer.is_none() {
            whole = false;
            candidates.extend(row.take());
            candidates.extend(part.needed);
            row = part.exact.or_else(|| Some(vec![String::new()]));
        } else {
            row = longer;
        }
    }
    match row {
        Some(row) if whole => exactly(row),
        row => {
            candidates.extend(row);
            Part { exact: None, needed: candidates }
        }
    }
}

fn product(row: &[String], exact: &[String]) -> Option<Vec<String>> {
    let fits = row.len() * exact.len() <= MAX_STRINGS && row.iter().all(|text| text.len() <= MAX_LENGTH);
    fits.then(|| row.iter().flat_map(|a| exact.iter().map(move |b| format!("{a}{b}"))).collect())
}

fn one_of(parts: Vec<Part>) -> Part {
    let exact: Option<Vec<String>> = parts
        .iter()
        .map(|part| part.exact.clone())
        .collect::<Option<Vec<_>>>()
        .map(|exact| exact.concat())
        .filter(|exact| exact.len() <= MAX_STRINGS);
    if let Some(exact) = exact {
        return exactly(exact);
    }
    // Of each alternative its best set; together they are one.
    let best = |part: Part| part.sets().into_iter().filter(is_usable).max_by_key(worth);
    let needed: Option<Vec<Needed>> = parts.into_iter().map(best).collect();
    Part { exact: None, needed: needed.map(|needed| needed.concat()).into_iter().collect() }
}

/// The most frequent words of English: a pattern that waits for one of them is tried on nearly every text.
/// Only speed hangs on this, never what is found.
const COMMON: [&str; 98] = [
    "the", "be", "to", "of", "and", "in", "that", "have", "it", "for", "not", "on", "with", "he", "as",
    "you", "do", "at", "this", "but", "his", "by", "from", "they", "we", "say", "her", "she", "or", "an",
    "will", "my", "one", "all", "would", "there", "their", "what", "so", "up", "out", "if", "about", "who",
    "get", "which", "go", "me", "when", "make", "can", "like", "time", "no", "just", "him", "know", "take",
    "people", "into", "year", "your", "good", "some", "could", "them", "see", "other", "than", "then", "now",
    "look", "only", "come", "its", "over", "think", "also", "back", "after", "use", "two", "how", "our",
    "work", "first", "well", "way", "even", "new", "want", "because", "any", "these", "give", "day", "most",
    "us",
];

/// Whether a literal is a part of a common word, and so is found wherever that stands.
fn is_common(literal: &str) -> bool {
    let literal = literal.trim();
    COMMON.iter().any(|word| word.contains(literal))
}

/// Length of the shortest literal, as far as more letters sort out more texts.
fn shortest(set: &Needed) -> usize {
    set.iter().map(|text| text.trim().len().min(6)).min().unwrap_or(0)
}

fn is_usable(set: &Needed) -> bool {
    shortest(set) > 1
}

/// The set without common words whose shortest literal is longest is worth most; of equals, the one with
/// fewest.
fn worth(set: &Needed) -> (bool, usize, std::cmp::Reverse<usize>) {
    let rare = !set.iter().any(|text| is_common(text));
    (rare, shortest(set), std::cmp::Reverse(set.len()))
}
