//! The one form in which texts are compared: NFKC, lower case, hidden characters gone, look-alikes
//! in mixed words made Latin.
//!
//! Joiners that Indic and Arabic writing and emoji need are kept. Every byte of the result knows the
//! byte of the original that it came from. Normalising twice changes nothing more.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::Span;
use crate::lists::ascii_twin;

/// Most combining marks that are normalised together; Unicode's stream-safe form allows 30.
const MAX_MARKS: usize = 30;

/// A text in the form that is compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Normal<'t> {
    text: Cow<'t, str>,
    // INVARIANT: where it is given, one entry a byte of `text` and one for its end, ascending.
    origins: Option<Vec<u32>>,
    length: usize,
}

/// Signs that a text hides its words from filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evasion {
    /// Invisible characters between two Latin letters.
    pub hidden: usize,
    /// A word has Latin and Cyrillic letters.
    pub mixed: bool,
}

/// A character with the byte of the original that it came from.
type Placed = (char, u32);

// === impl Normal ===

impl<'t> Normal<'t> {
    /// Normalises `text`, and tells what it hides.
    pub fn of(text: &'t str) -> (Self, Evasion) {
        if text.is_ascii() {
            return (Self::of_ascii(text), Evasion::default());
        }
        let mut chars = visible(text);
        let evasion = Evasion { hidden: hidden(text), mixed: make_latin(&mut chars) };
        let lower = chars.into_iter().flat_map(|(c, origin)| c.to_lowercase().map(move |c| (c, origin)));
        (Self::from_chars(lower, text.len()), evasion)
    }

    fn of_ascii(text: &'t str) -> Self {
        let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        let lower = if upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
        Self { text: lower, origins: None, length: text.len() }
    }

    /// A text of characters that know where they came from, of an original of `length` bytes.
    pub(super) fn from_chars(chars: impl Iterator<Item = Placed>, length: usize) -> Self {
        let mut text = String::with_capacity(length);
        let mut origins = Vec::with_capacity(length + 1);
        for (c, origin) in chars {
            text.push(c);
            origins.resize(text.len(), origin);
        }
        origins.push(u32::try_from(length).unwrap_or(u32::MAX));
        Self { text: Cow::Owned(text), origins: Some(origins), length }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where in the original a place of the text came from.
    pub fn origin(&self, span: &Span) -> Span {
        self.origin_of(span.start)..self.origin_of(span.end)
    }

    pub(super) fn origin_of(&self, at: usize) -> usize {
        match &self.origins {
            None => at.min(self.length),
            Some(origins) => origins.get(at).map_or(self.length, |origin| *origin as usize),
        }
    }

    /// Bytes of the original.
    pub(super) const fn length(&self) -> usize {
        self.length
    }
}

impl std::fmt::Debug for Normal<'_> {
    // The text is a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Normal {{ {} bytes }}", self.text.len())
    }
}

/// The characters of a text in NFKC, without those that do not show.
fn visible(text: &str) -> Vec<Placed> {
    let placed = text.char_indices().map(|(at, c)| (c, u32::try_from(at).unwrap_or(u32::MAX)));
    let mut shown: Vec<Placed> = Vec::with_capacity(text.len());
    for (c, at) in placed {
        let joins = is_joiner(c) && shown.last().is_some_and(|(before, _)| needs_joiners(*before));
        if joins || !is_invisible(c) {
            shown.push((c, at));
        }
    }
    if is_nfkc_quick(shown.iter().map(|(c, _)| *c)) == IsNormalized::Yes { shown } else { nfkc(&shown) }
}

/// Composes each letter with its marks by itself, so that places are kept.
fn nfkc(chars: &[Placed]) -> Vec<Placed> {
    let mut composed = Vec::with_capacity(chars.len());
    let mut rest = chars;
    while let Some((first, behind)) = rest.split_first() {
        let marks = behind.iter().take(MAX_MARKS).take_while(|(c, _)| is_combining_mark(*c)).count();
        let (cluster, next) = rest.split_at_checked(marks + 1).unwrap_or((rest, &[]));
        composed.extend(cluster.iter().map(|(c, _)| *c).nfkc().map(|c| (c, first.1)));
        rest = next;
    }
    composed.retain(|(c, _)| is_joiner(*c) || !is_invisible(*c));
    composed
}

/// Makes look-alikes Latin in words that have Latin letters too; `true` if one had Cyrillic letters.
fn make_latin(chars: &mut [Placed]) -> bool {
    let mut mixed = false;
    for word in chars.split_mut(|(c, _)| !(c.is_alphanumeric() || is_combining_mark(*c))) {
        if word.iter().all(|(c, _)| c.is_ascii()) {
            continue;
        }
        let latin = word.iter().any(|(c, _)| is_latin(*c));
        mixed |= latin && word.iter().any(|(c, _)| is_cyrillic(*c));
        if word.iter().any(|(c, _)| c.to_lowercase().any(|c| c.is_ascii_alphabetic())) {
            for (c, _) in word.iter_mut().filter(|(c, _)| !c.is_ascii()) {
                *c = ascii_twin(*c).or_else(|| c.to_lowercase().next().and_then(ascii_twin)).unwrap_or(*c);
            }
        }
    }
    mixed
}

/// How many invisible characters stand between two Latin letters.
fn hidden(text: &str) -> usize {
    let (mut found, mut waiting, mut after_latin) = (0, 0, false);
    for c in text.chars() {
        if is_invisible(c) {
            waiting += 1;
            continue;
        }
        let latin = is_latin(c);
        if latin && after_latin {
            found += waiting;
        }
        (waiting, after_latin) = (0, latin);
    }
    found
}

const fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, 'À'..='ɏ' | '\u{1e00}'..='\u{1eff}') && !matches!(c, '×' | '÷')
}

const fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}')
}

const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Characters without width: joiners, direction marks, variation selectors, byte-order marks. The
/// soft hyphen is one too, but mails are full of honest ones, so it is only dropped.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{180e}'
            | '\u{34f}'
            | '\u{ad}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Writing in which a joiner changes how letters connect: Arabic, Indic, South-East Asian, emoji.
const fn needs_joiners(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{900}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefe}'
            | '\u{2190}'..='\u{2bff}'
            | '\u{1f000}'..='\u{1faff}'
    )
}
