//! Templates of the Indian registry: fixed text with typed variables, and whether a text is one.
//!
//! The registry compares fixed text without blanks and punctuation. A text that can be had from the
//! template with any values matches it; then the values must be of their tags' kinds and lengths, in
//! at least one way of reading them.

use std::collections::BTreeMap;

use unicode_normalization::char::is_combining_mark;

use super::host_of;

/// What a variable may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A number.
    Numeric,
    /// A link, also to streaming services (`#urlott#`).
    Url,
    /// A number to call back.
    CallBack,
    /// A mail address.
    Email,
    /// Words and numbers, and no link or mail address.
    Alphanumeric,
    /// Whatever fits; from before variables had types.
    Untyped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Its characters that count.
    Fixed(Vec<char>),
    Variable(Tag),
}

/// A registered template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// How far a text is what its template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Its fixed text is another.
    Mismatch,
    /// Its fixed text is the template's, but a value is of another kind or too long.
    WrongValue,
    /// It is the template with values of the right kinds; the call-back numbers among them.
    Fits {
        /// Values of `#cbn#`.
        call_backs: Vec<String>,
    },
}

// === impl Template ===

impl Template {
    /// Reads a template's text.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let variable = behind.split_once('}').and_then(|(name, behind)| Some((tag(name)?, behind)));
            pieces.extend(fixed(before));
            // A brace that opens no variable is punctuation.
            rest = variable.map_or(behind, |(tag, behind)| {
                pieces.push(Piece::Variable(tag));
                behind
            });
        }
        pieces.extend(fixed(rest));
        Self { pieces }
    }

    /// Whether `text` is the template with values of at most `longest` characters.
    pub fn fit(&self, text: &str, longest: usize) -> Fit {
        let counted: Vec<char> = text.chars().filter(|c| counts(*c)).collect();
        if !self.matches_loosely(&counted) {
            return Fit::Mismatch;
        }
        let fixed: usize = self.pieces.iter().map(Piece::len).sum();
        let variables = self.pieces.iter().filter(|piece| matches!(piece, Piece::Variable(_))).count();
        if counted.len() > fixed.saturating_add(variables.saturating_mul(longest)) {
            return Fit::WrongValue;
        }
        Reading { text: text.chars().collect(), longest }.read(&self.pieces)
    }

    /// Whether any values at all give the text: fixed pieces from the left, the last at the end.
    fn matches_loosely(&self, text: &[char]) -> bool {
        let Some((last, before)) = self.pieces.split_last() else { return text.is_empty() };
        let mut rest = text;
        let mut free = false;
        for piece in before {
            match piece {
                Piece::Variable(_) => free = true,
                Piece::Fixed(chars) => {
                    let at = if free { find(rest, chars) } else { rest.starts_with(chars).then_some(0) };
                    let Some(at) = at else { return false };
                    rest = rest.get(at + chars.len()..).unwrap_or_default();
                    free = false;
                }
            }
        }
        match last {
            Piece::Variable(_) => true,
            Piece::Fixed(chars) if free => rest.ends_with(chars),
            Piece::Fixed(chars) => rest == chars.as_slice(),
        }
    }
}

fn find(text: &[char], part: &[char]) -> Option<usize> {
    text.windows(part.len().max(1)).position(|window| window == part)
}

fn fixed(text: &str) -> Option<Piece> {
    let chars: Vec<char> = text.chars().filter(|c| counts(*c)).collect();
    (!chars.is_empty()).then_some(Piece::Fixed(chars))
}

fn tag(name: &str) -> Option<Tag> {
    let name = name.trim().trim_matches('#').to_ascii_lowercase();
    Some(match name.as_str() {
        "numeric" => Tag::Numeric,
        "url" | "urlott" => Tag::Url,
        "cbn" => Tag::CallBack,
        "email" => Tag::Email,
        "alphanumeric" => Tag::Alphanumeric,
        "var" => Tag::Untyped,
        _ => return None,
    })
}

/// Whether a character counts in fixed text: blanks and punctuation do not.
fn counts(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

// === impl Piece ===

impl Piece {
    const fn len(&self) -> usize {
        match self {
            Self::Fixed(chars) => chars.len(),
            Self::Variable(_) => 0,
        }
    }
}

/// One text being read against a template.
struct Reading {
    text: Vec<char>,
    longest: usize,
}

// === impl Reading ===

impl Reading {
    /// Goes from every place that can be reached to every place that the next piece reaches, keeping
    /// where each was reached from.
    fn read(&self, pieces: &[Piece]) -> Fit {
        let mut steps: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::from([(0, 0)])];
        for piece in pieces {
            let mut reached = BTreeMap::new();
            for from in steps.last().into_iter().flat_map(BTreeMap::keys) {
                match piece {
                    Piece::Fixed(chars) => {
                        reached.extend(self.after_fixed(*from, chars).map(|to| (to, *from)));
                    }
                    Piece::Variable(tag) => {
                        for to in self.after_value(*from, *tag) {
                            reached.entry(to).or_insert(*from);
                        }
                    }
                }
            }
            steps.push(reached);
        }
        let at_end = |to: &&usize| self.text.iter().skip(**to).all(|c| !counts(*c));
        let end = steps.last().and_then(|last| last.keys().find(at_end).copied());
        end.map_or(Fit::WrongValue, |end| Fit::Fits { call_backs: self.call_backs(pieces, &steps, end) })
    }

    fn after_fixed(&self, from: usize, chars: &[char]) -> Option<usize> {
        let mut wanted = chars.iter();
        let mut next = wanted.next();
        for (at, c) in self.text.iter().enumerate().skip(from) {
            match next {
                None => return Some(at),
                Some(wish) if wish == c => next = wanted.next(),
                Some(_) if counts(*c) => return None,
                Some(_) => {}
            }
        }
        next.is_none().then_some(self.text.len())
    }

    /// Ends of values that begin here: each behind a character that counts.
    fn after_value(&self, from: usize, tag: Tag) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut length = 0;
        for (at, c) in self.text.iter().enumerate().skip(from) {
            length += usize::from(length > 0 || !is_loose(*c));
            if length > self.longest {
                break;
            }
            if counts(*c) && is_of(tag, &self.value(from, at + 1)) {
                ends.push(at + 1);
            }
        }
        ends
    }

    fn value(&self, from: usize, to: usize) -> String {
        let value: String = self.text.iter().take(to).skip(from).collect();
        value.trim_start_matches(is_loose).to_owned()
    }

    fn call_backs(&self, pieces: &[Piece], steps: &[BTreeMap<usize, usize>], end: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut to = end;
        for (piece, reached) in pieces.iter().zip(steps.iter().skip(1)).rev() {
            let from = reached.get(&to).copied().unwrap_or(to);
            if matches!(piece, Piece::Variable(Tag::CallBack)) {
                found.push(self.value(from, to));
            }
            to = from;
        }
        found
    }
}

/// What may stand between fixed text and a value, belonging to neither.
fn is_loose(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | '-' | '!' | '(' | '[' | '"' | '\'' | '*')
}

fn is_of(tag: Tag, value: &str) -> bool {
    match tag {
        Tag::Untyped => true,
        Tag::Numeric => {
            value.starts_with(|c: char| c.is_ascii_digit())
                && value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        }
        Tag::Url => !value.contains(char::is_whitespace) && host_of(value).is_some(),
        Tag::CallBack => {
            let digits = value.chars().filter(char::is_ascii_digit).count();
            (3..=15).contains(&digits)
                && value.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')'))
        }
        Tag::Email => is_address(value),
        Tag::Alphanumeric => {
            value.split_whitespace().all(|word| host_of(word).is_none() && !is_address(word))
        }
    }
}

fn is_address(value: &str) -> bool {
    let well_formed = |(local, host): (&str, &str)| {
        !local.is_empty() && !local.contains(char::is_whitespace) && host_of(host).is_some()
    };
    value.rsplit_once('@').is_some_and(well_formed)
}
