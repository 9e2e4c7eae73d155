//! Number plans: which calling codes there are, and what a range of numbers behind one is for.
//!
//! The tables are made by `build.rs` from `data/phone/plans.tsv` (`build/plans.rs` says how): one step a digit leads to
//! a node that says region and kind. Nothing is compiled, decoded or allocated here.

use super::{Kind, Region};

/// What remains to be followed of a number, and what it is if it ends here.
struct Node {
    /// By the next digit; 0 is the node of what no pattern matches.
    next: [u16; 10],
    answer: u16,
}

/// A calling code, and what is common to the numbers behind it.
pub(super) struct Code {
    /// The code itself, 1 to 999.
    pub(super) digits: u16,
    /// Node where its numbers begin.
    root: u16,
    /// Node where its national prefix begins; 0 if it has none.
    prefix: u16,
    /// Some numbers with a national prefix are not only shortened but rewritten.
    pub(super) rewrites: bool,
    /// A bit for each possible length.
    lengths: u32,
    /// A bit for each length that works within an area only.
    local: u32,
    /// Place of the region of numbers that are in no range.
    otherwise: u16,
}

#[allow(clippy::unreadable_literal, reason = "generated")]
mod tables {
    use super::{Code, Node, Region};

    include!(concat!(env!("OUT_DIR"), "/plans.rs"));
}
use tables::{CODES, NODES, PLACES, REGIONS};

/// In the order of `KINDS` in `build/plans.rs`, behind none and before both.
const KINDS: [Kind; 12] = [
    Kind::Unknown,
    Kind::PremiumRate,
    Kind::TollFree,
    Kind::SharedCost,
    Kind::Voip,
    Kind::Personal,
    Kind::Pager,
    Kind::Uan,
    Kind::Voicemail,
    Kind::FixedLine,
    Kind::Mobile,
    Kind::FixedLineOrMobile,
];

/// What a number behind a calling code is.
pub(super) struct Range {
    /// The region of its range, or the one that has numbers in no range.
    pub(super) region: Option<Region>,
    /// What the range is for.
    pub(super) kind: Kind,
    /// Numbers of the code's main region can look like this.
    pub(super) viable: bool,
}

/// How a length compares with those of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// Numbers can have it.
    Possible,
    /// They can within an area.
    LocalOnly,
    /// None has so few digits, or just this many.
    ShortOrBetween,
    /// None has so many digits.
    TooLong,
}

// === impl Code ===

impl Code {
    /// The code that ASCII digits of an international number begin with, and what follows.
    pub(super) fn split(digits: &[u8]) -> Option<(&'static Self, &[u8])> {
        let start = digits.get(..3)?.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit & 0xF));
        let place = usize::from(*PLACES.get(start)?);
        let code = CODES.get(place.checked_sub(1)?)?;
        Some((code, digits.get(code.len()..)?))
    }

    const fn len(&self) -> usize {
        match self.digits {
            0..10 => 1,
            10..100 => 2,
            _ => 3,
        }
    }

    /// What `national`, the ASCII digits behind the code, is.
    pub(super) fn range(&self, national: &[u8]) -> Range {
        let answer = national.iter().fold(node(self.root), |at, digit| at.after(*digit)).answer;
        let region = if answer >> 5 == 0 { self.otherwise } else { answer >> 5 };
        Range {
            region: REGIONS.get(usize::from(region)).copied().flatten(),
            kind: KINDS.get(usize::from(answer >> 1 & 0xF)).copied().unwrap_or(Kind::Unknown),
            viable: answer & 1 == 1,
        }
    }

    /// How many digits of `national` are a national prefix; none, if 0.
    pub(super) fn prefix(&self, national: &[u8]) -> usize {
        let (mut at, mut found) = (self.prefix, 0);
        for (count, digit) in national.iter().enumerate() {
            let here = node(at);
            if here.answer & 1 == 1 {
                found = count;
            }
            at = here.next(*digit);
            if at == 0 {
                return found;
            }
        }
        if node(at).answer & 2 == 2 { national.len() } else { found }
    }

    /// Whether a number can have `length` digits behind the code.
    pub(super) const fn length(&self, length: usize) -> Length {
        let bit = if length < 32 { 1 << length } else { 0 };
        if self.local & bit != 0 {
            Length::LocalOnly
        } else if self.lengths & bit != 0 {
            Length::Possible
        } else if bit > self.lengths || bit == 0 {
            Length::TooLong
        } else {
            Length::ShortOrBetween
        }
    }
}

// === impl Node ===

impl Node {
    fn next(&self, digit: u8) -> u16 {
        self.next.get(usize::from(digit & 0xF)).copied().unwrap_or(0)
    }

    fn after(&self, digit: u8) -> &'static Self {
        node(self.next(digit))
    }
}

fn node(place: u16) -> &'static Node {
    const NOTHING: &Node = &Node { next: [0; 10], answer: 0 };
    NODES.get(usize::from(place)).unwrap_or(NOTHING)
}
