//! Numbers in a text that belong to a person: payment cards and Aadhaar numbers, by their check
//! digits; and numbers to call.
//!
//! A number may be written in groups, so groups of digits are put together, but never cut: digits
//! inside a longer run are part of something else.

use super::Span;

/// Most digits that belong together.
const MAX_DIGITS: usize = 19;
/// Digits of an Aadhaar number.
const AADHAAR: usize = 12;
/// Digits of a number that can be called, country code included.
const CALLABLE: std::ops::RangeInclusive<usize> = 8..=15;

/// Prefixes of payment card numbers, each with the lengths that its scheme has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardSchemes(pub Vec<(String, Vec<usize>)>);

/// Numbers found in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Payment cards.
    pub cards: Vec<Span>,
    /// Aadhaar numbers in groups of four.
    pub aadhaar_grouped: Vec<Span>,
    /// Aadhaar numbers in any writing; by itself one in ten random numbers is one.
    pub aadhaar: Vec<Span>,
    /// Numbers that can be called.
    pub callable: Vec<Span>,
}

/// Digits without a gap.
struct Group {
    span: Span,
}

// === impl CardSchemes ===

impl CardSchemes {
    fn has(&self, digits: &[u8]) -> bool {
        self.0
            .iter()
            .any(|(prefix, lengths)| lengths.contains(&digits.len()) && digits.starts_with(prefix.as_bytes()))
    }
}

// === impl Numbers ===

impl Numbers {
    /// Finds the numbers of a text.
    pub fn find(text: &str, schemes: &CardSchemes) -> Self {
        let mut found = Self::default();
        let mut run: Vec<Group> = Vec::new();
        for group in groups(text) {
            if run.last().is_some_and(|last| !belongs(text, last, &group)) {
                found.add(text, &run, schemes);
                run.clear();
            }
            run.push(group);
        }
        found.add(text, &run, schemes);
        found
    }

    fn add(&mut self, text: &str, run: &[Group], schemes: &CardSchemes) {
        for (at, first) in run.iter().enumerate() {
            let mut digits: Vec<u8> = Vec::with_capacity(MAX_DIGITS);
            for (length, last) in run.iter().skip(at).enumerate() {
                digits.extend(text.get(last.span.clone()).unwrap_or_default().bytes());
                if digits.len() > MAX_DIGITS {
                    break;
                }
                let span = first.span.start..last.span.end;
                if schemes.has(&digits) && luhn(&digits) {
                    self.cards.push(span.clone());
                }
                if is_aadhaar(&digits) {
                    if in_fours(run, at, length + 1) {
                        self.aadhaar_grouped.push(span.clone());
                    }
                    self.aadhaar.push(span);
                }
            }
        }
        let digits: usize = run.iter().map(|group| group.span.len()).sum();
        if let (Some(first), Some(last), true) = (run.first(), run.last(), CALLABLE.contains(&digits)) {
            self.callable.push(first.span.start..last.span.end);
        }
    }
}

/// Runs of ASCII digits that no letter touches.
fn groups(text: &str) -> impl Iterator<Item = Group> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + bytes.get(at..)?.iter().position(u8::is_ascii_digit)?;
            let rest = bytes.get(start..)?;
            let end = start + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            at = end;
            let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(end..).and_then(|after| after.chars().next());
            if !letter(before) && !letter(after) {
                return Some(Group { span: start..end });
            }
        }
    })
}

/// One space or hyphen stands between groups of one number.
fn belongs(text: &str, before: &Group, after: &Group) -> bool {
    matches!(
        text.get(before.span.end..after.span.start),
        Some(" " | "-" | "\u{a0}" | "\u{2011}" | "\u{2013}" | ".")
    )
}

fn in_fours(run: &[Group], at: usize, length: usize) -> bool {
    let four =
        |place: Option<usize>| place.and_then(|p| run.get(p)).is_some_and(|group| group.span.len() == 4);
    length == 3
        && run.iter().skip(at).take(3).all(|group| group.span.len() == 4)
        && !four(at.checked_sub(1))
        && !four(Some(at + 3))
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_aadhaar(digits: &[u8]) -> bool {
    digits.len() == AADHAAR && !matches!(digits.first(), Some(b'0' | b'1')) && verhoeff(digits)
}

/// Verhoeff's check over the dihedral group of order ten.
fn verhoeff(digits: &[u8]) -> bool {
    /// What a digit becomes at each place, counted from the right.
    const TURNS: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let turned = |place: usize, digit: u8| {
        TURNS.get(place % 8).and_then(|turn| turn.get(usize::from(digit - b'0'))).copied().unwrap_or(0)
    };
    // 0 to 4 are turns of a pentagon, 5 to 9 its reflections.
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    digits.iter().rev().enumerate().fold(0, |check, (place, digit)| product(check, turned(place, *digit)))
        == 0
}
