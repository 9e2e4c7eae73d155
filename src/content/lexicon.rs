//! Lexicons: what kinds of content are said with, as data of the bundle.
//!
//! A lexicon is a set of patterns by language, with words that they share. Each pattern carries
//! examples that it must and must not match; a lexicon whose examples do not hold is refused. What
//! a pattern finds counts unless its sentence, or its text, says otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use serde::Deserialize;

use super::literals::Needed;
use super::pattern::{self, InvalidPattern, Words};
use super::{Normal, Span};

/// Most lexicons of a bundle; what a text says is one bit each.
const MAX_LEXICONS: usize = 64;
/// Most patterns of a bundle.
const MAX_PATTERNS: usize = 4096;

/// The place of a lexicon among a bundle's.
pub type LexiconId = usize;

/// A lexicon as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLexicon {
    /// Its name: rules read `context.lexicon.NAME`.
    pub name: String,
    /// What it is about.
    pub doc: String,
    /// Where its words are from.
    pub source: String,
    /// As of when.
    pub date: String,
    /// Words that patterns name in braces.
    #[serde(default)]
    pub words: BTreeMap<String, Vec<String>>,
    /// Its patterns.
    pub patterns: Vec<RawPattern>,
}

/// A pattern as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPattern {
    /// Language of the words, ISO 639; `mul` for none in particular.
    pub lang: String,
    /// What is looked for.
    pub find: String,
    /// What must stand somewhere in the text, too.
    #[serde(rename = "with")]
    pub with: Option<String>,
    /// What in the same sentence makes it harmless.
    pub unless: Option<String>,
    /// What anywhere in the text makes it harmless.
    pub unless_text: Option<String>,
    /// Texts that it must match.
    pub yes: Vec<String>,
    /// Texts that it must not match.
    pub no: Vec<String>,
}

/// One lexicon.
#[derive(Debug)]
pub struct Lexicon {
    /// Its name.
    pub name: Arc<str>,
    /// What it is about.
    pub doc: Arc<str>,
}

/// One pattern, compiled.
#[derive(Debug)]
struct Pattern {
    lexicon: LexiconId,
    find: Regex,
    with: Option<Regex>,
    unless: Option<Regex>,
    unless_text: Option<Regex>,
}

/// All lexicons of a bundle, with one automaton over the literals of all patterns.
#[derive(Debug, Default)]
pub struct Lexicons {
    all: Vec<Lexicon>,
    patterns: Vec<Pattern>,
    literals: Option<AhoCorasick>,
    /// For each literal of the automaton, the patterns that wait for it.
    opens: Vec<Vec<Waits>>,
    /// For each pattern, the sets of literals that it waits for.
    sets: Vec<u8>,
}

/// A pattern that waits for a literal of one of its sets.
#[derive(Debug, Clone, Copy)]
struct Waits {
    pattern: usize,
    /// One bit: the set.
    set: u8,
}

/// What is wrong with a lexicon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLexicon {
    /// A pattern cannot be used.
    #[error("lexicon `{lexicon}`, pattern `{pattern}`: {source}")]
    Pattern {
        /// The lexicon.
        lexicon: String,
        /// As written.
        pattern: String,
        /// Why.
        source: InvalidPattern,
    },
    /// An example does not hold.
    #[error("lexicon `{lexicon}`, pattern `{pattern}`: {}match `{example}`", if *.wanted { "does not " } else { "must not " })]
    Example {
        /// The lexicon.
        lexicon: String,
        /// As written.
        pattern: String,
        /// The example.
        example: String,
        /// Whether it had to match.
        wanted: bool,
    },
    /// A pattern has no examples.
    #[error("lexicon `{lexicon}`, pattern `{pattern}`: needs an example that matches and one that does not")]
    NoExamples {
        /// The lexicon.
        lexicon: String,
        /// As written.
        pattern: String,
    },
    /// Too many, or more than an automaton holds.
    #[error("there are more lexicons or patterns than fit")]
    TooMany,
}

// === impl InvalidLexicon ===

impl InvalidLexicon {
    /// The lexicon that it is about.
    pub fn lexicon(&self) -> Option<&str> {
        match self {
            Self::Pattern { lexicon, .. }
            | Self::Example { lexicon, .. }
            | Self::NoExamples { lexicon, .. } => Some(lexicon),
            Self::TooMany => None,
        }
    }

    /// The pattern that it is about, as written.
    pub fn pattern(&self) -> Option<&str> {
        match self {
            Self::Pattern { pattern, .. }
            | Self::Example { pattern, .. }
            | Self::NoExamples { pattern, .. } => Some(pattern),
            Self::TooMany => None,
        }
    }
}

// === impl Lexicons ===

impl Lexicons {
    /// Compiles lexicons and holds every pattern against its examples.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn new(raw: &[RawLexicon]) -> Result<Self, Vec<InvalidLexicon>> {
        let mut built = Self::default();
        let mut problems = Vec::new();
        let mut places: BTreeMap<String, Vec<Waits>> = BTreeMap::new();
        for (id, lexicon) in raw.iter().enumerate() {
            built.all.push(Lexicon { name: lexicon.name.as_str().into(), doc: lexicon.doc.trim().into() });
            for pattern in &lexicon.patterns {
                match Pattern::new(id, lexicon, pattern) {
                    Ok((compiled, sets)) => {
                        problems.extend(compiled.broken_examples(lexicon, pattern));
                        built.add(compiled, sets, &mut places);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if built.all.len() > MAX_LEXICONS || built.patterns.len() > MAX_PATTERNS {
            problems.push(InvalidLexicon::TooMany);
        }
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(places.keys());
        match automaton {
            Ok(automaton) if problems.is_empty() => {
                built.opens = places.into_values().collect();
                built.literals = Some(automaton).filter(|_| !built.patterns.is_empty());
                Ok(built)
            }
            Ok(_) => Err(problems),
            Err(_) => Err(problems.into_iter().chain([InvalidLexicon::TooMany]).collect()),
        }
    }

    fn add(&mut self, pattern: Pattern, sets: Vec<Needed>, places: &mut BTreeMap<String, Vec<Waits>>) {
        let (place, mut all) = (self.patterns.len(), 0);
        for (number, literals) in sets.into_iter().enumerate() {
            let waits = Waits { pattern: place, set: 1 << number };
            all |= waits.set;
            for literal in literals {
                places.entry(literal).or_default().push(waits);
            }
        }
        self.patterns.push(pattern);
        self.sets.push(all);
    }

    /// As [`Lexicons::find`], with every pattern tried: what the literals may not change.
    #[cfg(test)]
    pub(super) fn find_slowly(&self, text: &Normal<'_>) -> std::collections::BTreeSet<LexiconId> {
        let found = self.patterns.iter().filter(|pattern| pattern.find(text.as_str()).is_some());
        found.map(|pattern| pattern.lexicon).collect()
    }

    /// Every lexicon, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Lexicon> {
        self.all.iter()
    }

    /// The place of the lexicon of that name.
    pub fn place(&self, name: &str) -> Option<LexiconId> {
        self.all.iter().position(|lexicon| &*lexicon.name == name)
    }

    /// Calls `found` with every lexicon that the text speaks of, once each, and the place in the
    /// original that shows it.
    pub fn find(&self, text: &Normal<'_>, mut found: impl FnMut(LexiconId, Span)) {
        let Some(literals) = &self.literals else { return };
        let mut missing = Missing::default();
        let mut known: u64 = 0;
        for literal in literals.find_overlapping_iter(text.as_str()) {
            for waits in self.opens.get(literal.pattern().as_usize()).into_iter().flatten() {
                let Some(pattern) = self.patterns.get(waits.pattern) else { continue };
                if known >> pattern.lexicon & 1 == 1 || !missing.was_last(*waits, &self.sets) {
                    continue;
                }
                if let Some(span) = pattern.find(text.as_str()) {
                    known |= 1 << pattern.lexicon;
                    found(pattern.lexicon, text.origin(&span));
                }
            }
        }
    }
}

/// The sets of literals that each pattern still waits for, without allocation while none was found.
#[derive(Default)]
struct Missing {
    sets: Vec<u8>,
}

// === impl Missing ===

impl Missing {
    /// Notes that a literal of a set was found; whether that was the last set which was missing.
    fn was_last(&mut self, found: Waits, all: &[u8]) -> bool {
        if self.sets.is_empty() {
            self.sets.extend_from_slice(all);
        }
        let Some(missing) = self.sets.get_mut(found.pattern) else { return false };
        let waited = *missing & found.set != 0;
        *missing &= !found.set;
        waited && *missing == 0
    }
}

// === impl Pattern ===

impl Pattern {
    fn new(
        id: LexiconId,
        lexicon: &RawLexicon,
        raw: &RawPattern,
    ) -> Result<(Self, Vec<Needed>), InvalidLexicon> {
        let wrong = |source| InvalidLexicon::Pattern {
            lexicon: lexicon.name.clone(),
            pattern: raw.find.clone(),
            source,
        };
        let words: &Words = &lexicon.words;
        let spell = |text: &str| pattern::spelled(text, &raw.lang, words).map_err(wrong);
        let compile = |text: Option<&String>| {
            text.map(|text| pattern::compiled(&spell(text)?).map_err(wrong)).transpose()
        };
        let find = spell(&raw.find)?;
        let with = raw.with.as_ref().map(|with| spell(with)).transpose()?;
        let both: Vec<&str> =
            [Some(&find), with.as_ref()].into_iter().flatten().map(String::as_str).collect();
        let literals = pattern::literals(&both);
        let pattern = Self {
            lexicon: id,
            find: pattern::compiled(&find).map_err(wrong)?,
            with: compile(raw.with.as_ref())?,
            unless: compile(raw.unless.as_ref())?,
            unless_text: compile(raw.unless_text.as_ref())?,
        };
        Ok((pattern, literals.map_err(wrong)?))
    }

    /// The first place that counts.
    fn find(&self, text: &str) -> Option<Span> {
        let first = self.find.find(text)?;
        let anywhere = |pattern: &Option<Regex>| pattern.as_ref().map(|pattern| pattern.is_match(text));
        if anywhere(&self.with) == Some(false) || anywhere(&self.unless_text) == Some(true) {
            return None;
        }
        let Some(unless) = &self.unless else { return Some(first.range()) };
        // A sentence that is harmless is left as a whole, so each is read once.
        let mut from = 0;
        while let Some(hit) = self.find.find_at(text, from) {
            let sentence = sentence(text, &hit.range(), from);
            if !unless.is_match(text.get(sentence.clone()).unwrap_or_default()) {
                return Some(hit.range());
            }
            if sentence.end >= text.len() {
                return None;
            }
            from = sentence.end.max(hit.end());
        }
        None
    }

    fn broken_examples(&self, lexicon: &RawLexicon, raw: &RawPattern) -> Vec<InvalidLexicon> {
        if raw.yes.is_empty() || raw.no.is_empty() {
            let (lexicon, pattern) = (lexicon.name.clone(), raw.find.clone());
            return vec![InvalidLexicon::NoExamples { lexicon, pattern }];
        }
        let examples = raw.yes.iter().map(|text| (text, true)).chain(raw.no.iter().map(|text| (text, false)));
        let broken = examples.filter(|(text, wanted)| self.matches(text) != *wanted);
        broken
            .map(|(text, wanted)| InvalidLexicon::Example {
                lexicon: lexicon.name.clone(),
                pattern: raw.find.clone(),
                example: text.clone(),
                wanted,
            })
            .collect()
    }

    fn matches(&self, text: &str) -> bool {
        let (normal, _) = Normal::of(text);
        let plain = self.find(normal.as_str()).is_some();
        plain || normal.unmasked().is_some_and(|text| self.find(text.as_str()).is_some())
    }
}

/// The sentence around a hit, not before `from`.
fn sentence(text: &str, hit: &Span, from: usize) -> Span {
    let before = text.get(from..hit.start).unwrap_or_default();
    let start = ends(before).last().map_or(from, |end| from + end);
    let after = text.get(hit.end..).unwrap_or_default();
    let end = ends(after).next().map_or(text.len(), |end| hit.end + end);
    start..end
}

/// Bytes behind the marks that end a sentence: with a blank or the end behind them.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let marks = text.match_indices(['.', '!', '?', '\n', ';', '।', '。']);
    marks.filter_map(move |(at, mark)| {
        let end = at + mark.len();
        let behind = text.get(end..).and_then(|rest| rest.chars().next());
        let ends = mark == "\n" || behind.is_none_or(char::is_whitespace);
        ends.then_some(end)
    })
}
