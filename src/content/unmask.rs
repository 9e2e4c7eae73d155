//! The same text with masks taken off: digits and signs for letters inside words (`v1agra`), letters
//! one by one (`s.e.x`).

use super::normal::Normal;

/// Fewest letters standing one by one that are taken for a word.
const MIN_SPACED: usize = 3;

// === impl Normal ===

impl Normal<'_> {
    /// The text unmasked; `None` where it wears no mask.
    pub fn unmasked(&self) -> Option<Normal<'static>> {
        let text = self.as_str();
        if !has_signs_in_words(text.as_bytes()) && !has_spaced_letters(text.as_bytes()) {
            return None;
        }
        let chars: Vec<(char, u32)> = text
            .char_indices()
            .map(|(at, c)| (c, u32::try_from(self.origin_of(at)).unwrap_or(u32::MAX)))
            .collect();
        let read = joined(&with_letters(&chars));
        let same = read.len() == chars.len() && read.iter().zip(&chars).all(|(a, b)| a.0 == b.0);
        (!same).then(|| Normal::from_chars(read.into_iter(), self.length()))
    }
}

/// Whether a word has a sign that may stand for a letter, and letters. Conservative: blanks beyond ASCII
/// end no word here.
fn has_signs_in_words(text: &[u8]) -> bool {
    let (mut sign, mut latin) = (false, false);
    text.iter().any(|byte| {
        if byte.is_ascii_whitespace() {
            (sign, latin) = (false, false);
        } else {
            sign |= is_sign(*byte);
            latin |= byte.is_ascii_alphabetic();
        }
        sign && latin
    })
}

const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'7' | b'@' | b'$' | b'!' | b'|')
}

/// Whether [`MIN_SPACED`] letters stand one by one with the same sign between them.
fn has_spaced_letters(text: &[u8]) -> bool {
    let is_letter = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphabetic);
    text.windows(5).enumerate().any(|(at, window)| match *window {
        [first, gap, second, same, third] => {
            gap == same
                && is_gap(gap)
                && [first, second, third].iter().all(u8::is_ascii_alphabetic)
                && !at.checked_sub(1).is_some_and(is_letter)
                && !is_letter(at + 5)
        }
        _ => false,
    })
}

const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'_' | b'*' | b'~' | b'/' | b'|' | b'+')
}

/// Reads signs as letters in words that have letters on both sides of one.
fn with_letters(chars: &[(char, u32)]) -> Vec<(char, u32)> {
    let mut read = Vec::with_capacity(chars.len());
    for word in chars.split_inclusive(|(c, _)| c.is_whitespace()) {
        let letters = |(c, _): &(char, u32)| c.is_ascii_alphabetic();
        let (first, last) = (word.iter().position(letters), word.iter().rposition(letters));
        let inside = |place: usize| first.is_some_and(|f| f < place) && last.is_some_and(|l| place < l);
        let leads =
            |place: usize, c: char| first == Some(place + 1) && (matches!(c, '$' | '@') || is_long(word));
        read.extend(word.iter().enumerate().map(|(place, (c, origin))| {
            let masked = inside(place) || leads(place, *c);
            (if masked { letter(*c).unwrap_or(*c) } else { *c }, *origin)
        }));
    }
    read
}

/// Whether at least four letters stand in a word, so that a figure before them is one too (`4sshole`), not
/// a number (`4th`).
fn is_long(word: &[(char, u32)]) -> bool {
    word.iter().filter(|(c, _)| c.is_ascii_alphabetic()).count() >= 4
}

const fn letter(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

/// Joins letters that stand one by one behind the same sign.
fn joined(chars: &[(char, u32)]) -> Vec<(char, u32)> {
    let mut read = Vec::with_capacity(chars.len());
    let mut at = 0;
    while let Some(one) = chars.get(at) {
        let run = spaced_run(chars, at);
        if run >= MIN_SPACED {
            read.extend(chars.iter().skip(at).step_by(2).take(run));
            at += run * 2 - 1;
        } else {
            read.push(*one);
            at += 1;
        }
    }
    read
}

/// How many letters stand one by one from here.
fn spaced_run(chars: &[(char, u32)], at: usize) -> usize {
    let at_of = |place: usize| chars.get(place).map(|(c, _)| *c);
    let alphabetic = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    let free_before = at.checked_sub(1).is_none_or(|before| !alphabetic(at_of(before)));
    let gap = at_of(at + 1).filter(|c| u8::try_from(*c).is_ok_and(is_gap));
    let (true, true, Some(gap)) = (free_before, alphabetic(at_of(at)), gap) else { return 0 };
    let mut run = 1;
    let mut next = at + 1;
    while at_of(next) == Some(gap) && alphabetic(at_of(next + 1)) && !alphabetic(at_of(next + 2)) {
        run += 1;
        next += 2;
    }
    run
}
