//! The writing of lexicon patterns: regular expressions over normalised text, with words in place of
//! punctuation.
//!
//! - a blank stands for whatever may stand between two words: white space, hyphens, quotes
//! - ` ... ` stands for up to four more words of the same clause, or none
//! - `{name}` stands for any of the lexicon's words of that name
//! - the whole begins and ends at the edge of a word
//!
//! Everything else is the `regex` crate's syntax, which matches in linear time whatever the pattern.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::literals::{Needed, needed};

/// Largest compiled pattern, in bytes.
const MAX_COMPILED: usize = 4 << 20;
/// Between two words that belong together.
const BETWEEN: &str = r#"(?:[\s_\-*'"~‘’“”]+)"#;
/// Up to four words between two, in one clause.
const WORDS: &str = r#"[\s_\-*'"~‘’“”,:/()&]+(?:[^\s,;:.!?()"]{1,40}[\s_\-*'"~‘’“”,:/()&]+){0,4}?"#;
/// The edge of a word in small Latin letters; it keeps the automaton that is fastest.
const LATIN_EDGE: &str = r"(?-u:\b)";
/// The edge of a word in any other writing.
const EDGE: &str = r"\b";
/// Languages that are written without blanks, where a word has no edge.
const WITHOUT_BLANKS: [&str; 6] = ["th", "zh", "ja", "km", "lo", "my"];

/// Words by name; each word is a pattern too.
pub(super) type Words = BTreeMap<String, Vec<String>>;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// The name in braces is not one of the lexicon's.
    #[error("names `{{{0}}}`, which the lexicon has no words for")]
    Words(String),
    /// The pattern is malformed, or larger than any text deserves.
    #[error("is malformed or too large: {0}")]
    Regex(String),
    /// Nothing in it is fixed, so that it would be tried on every text.
    #[error("has no fixed part of two letters or more, so it would be tried on every text")]
    NoLiteral,
    /// It could never match normalised text.
    #[error("has capitals, and texts are compared in small letters")]
    Capitals,
}

/// The regular expression of a pattern in a language.
pub(super) fn spelled(pattern: &str, lang: &str, words: &Words) -> Result<String, InvalidPattern> {
    let mut out = String::new();
    let mut latin = pattern.is_ascii();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix(" ... ") {
            out.push_str(WORDS);
            rest = behind;
        } else if c == ' ' {
            out.push_str(BETWEEN);
            rest = rest.trim_start_matches(' ');
        } else if let Some((name, behind)) = name(rest) {
            let words = words.get(name).ok_or_else(|| InvalidPattern::Words(name.to_owned()))?;
            latin &= words.iter().all(|word| word.is_ascii());
            out.push_str(&alternatives(words));
            rest = behind;
        } else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    let edge = match (latin, WITHOUT_BLANKS.contains(&lang)) {
        (_, true) => "",
        (true, false) => LATIN_EDGE,
        (false, false) => EDGE,
    };
    if has_capitals(pattern) { Err(InvalidPattern::Capitals) } else { Ok(format!("{edge}(?:{out}){edge}")) }
}

/// Capitals behind a backslash name classes (`\W`, `\pL`).
fn has_capitals(pattern: &str) -> bool {
    let mut before = ' ';
    pattern.chars().any(|c| {
        let found = c.is_uppercase() && before != '\\' && before != 'p';
        before = c;
        found
    })
}

fn name(rest: &str) -> Option<(&str, &str)> {
    let (name, behind) = rest.strip_prefix('{')?.split_once('}')?;
    name.starts_with(|c: char| c.is_ascii_lowercase()).then_some((name, behind))
}

fn alternatives(words: &[String]) -> String {
    let each: Vec<String> =
        words.iter().map(|word| word.split(' ').collect::<Vec<_>>().join(BETWEEN)).collect();
    format!("(?:{})", each.join("|"))
}

/// Compiles what [`spelled`] gives.
pub(super) fn compiled(expression: &str) -> Result<Regex, InvalidPattern> {
    let built = RegexBuilder::new(expression).size_limit(MAX_COMPILED).build();
    built.map_err(|error| {
        InvalidPattern::Regex(error.to_string().lines().last().unwrap_or_default().to_owned())
    })
}

/// The sets of literals that all of what [`spelled`] gave need; see [`literals`](super::literals).
pub(super) fn literals(expressions: &[&str]) -> Result<Vec<Needed>, InvalidPattern> {
    let parsed = expressions.iter().map(|expression| {
        regex_syntax::parse(expression).map_err(|error| {
            InvalidPattern::Regex(error.to_string().lines().last().unwrap_or_default().to_owned())
        })
    });
    let sets = needed(&parsed.collect::<Result<Vec<_>, _>>()?);
    if sets.is_empty() { Err(InvalidPattern::NoLiteral) } else { Ok(sets) }
}
