//! What somebody dialled, reduced to digits: separators gone, digits of other scripts turned to ASCII.
//!
//! Letters, `*`, `#` and pauses are not numbers and are refused: keypad words are for the caller to spell out. The
//! library behind [`describe`](super::describe) therefore only ever sees `+` and ASCII digits.

/// The most digits kept: an international prefix, 15 digits, and room for a carrier code.
const MAX_DIGITS: usize = 24;

/// The zero of each script whose ten digits, in order, are read as ASCII digits.
const ZEROS: [char; 19] = [
    '\u{0660}', // Arabic-Indic
    '\u{06F0}', // extended Arabic-Indic (Persian, Urdu)
    '\u{07C0}', // N'Ko
    '\u{0966}', // Devanagari
    '\u{09E6}', // Bengali
    '\u{0A66}', // Gurmukhi
    '\u{0AE6}', // Gujarati
    '\u{0B66}', // Oriya
    '\u{0BE6}', // Tamil
    '\u{0C66}', // Telugu
    '\u{0CE6}', // Kannada
    '\u{0D66}', // Malayalam
    '\u{0E50}', // Thai
    '\u{0ED0}', // Lao
    '\u{0F20}', // Tibetan
    '\u{1040}', // Myanmar
    '\u{17E0}', // Khmer
    '\u{1810}', // Mongolian
    '\u{FF10}', // full width
];

/// A dialled string: its digits, and whether it began with `+`. No `Debug`: the digits may be somebody's number.
#[derive(Clone, Copy)]
pub(super) struct Dialled<'a> {
    /// Whether a `+` came before the digits.
    pub international: bool,
    /// ASCII digits, at least one.
    pub digits: &'a str,
}

/// Where [`parse`] writes the digits, so that it need not allocate.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: [u8; MAX_DIGITS],
}

/// Reads a dialled string into `buffer`; `None` if it holds anything but digits, separators and one leading `+`, no
/// digit at all, or more than [`MAX_DIGITS`].
pub(super) fn parse<'a>(text: &str, buffer: &'a mut Buffer) -> Option<Dialled<'a>> {
    let mut length = 0;
    let mut international = false;
    for c in text.chars() {
        if let Some(digit) = ascii_digit(c) {
            *buffer.bytes.get_mut(length)? = digit;
            length += 1;
        } else if matches!(c, '+' | '＋') && length == 0 && !international {
            international = true;
        } else if !is_separator(c) {
            return None;
        }
    }
    let digits = std::str::from_utf8(buffer.bytes.get(..length)?).ok()?;
    (!digits.is_empty()).then_some(Dialled { international, digits })
}

fn ascii_digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return u8::try_from(c).ok().filter(u8::is_ascii_digit);
    }
    ZEROS.iter().find_map(|&zero| {
        let offset = u32::from(c).checked_sub(u32::from(zero))?;
        u8::try_from(offset).ok().filter(|&n| n < 10).map(|n| b'0' + n)
    })
}

/// Spaces, dashes, dots, slashes and parentheses in the forms that people and programs write them, and characters that
/// show nothing.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '(' | ')' | '/' | '\u{AD}' | '\u{B7}' | '\u{2212}')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FE0F}')
        || matches!(c, '\u{FF08}' | '\u{FF09}' | '\u{FF0D}'..='\u{FF0F}')
}

#[cfg(test)]
mod tests;
