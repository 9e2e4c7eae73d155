//! What a text says: one pass over each text of a request.
//!
//! A text is brought to one form ([`Normal`]), every lexicon's literals are looked for in one walk,
//! and only what they find opens the costlier detectors. Everything here is pure, takes time linear
//! in the text, and gives facts with their places; what they mean is for the rules. The texts
//! themselves never leave this module.

mod dlt;
mod html;
mod lexicon;
mod link;
mod literals;
mod normal;
mod numbers;
mod pattern;
mod scan;
#[cfg(test)]
mod tests;
mod unmask;

pub use dlt::{Fit, Tag, Template};
pub use html::{Anchor, Html};
pub use lexicon::{InvalidLexicon, Lexicon, LexiconId, Lexicons, RawLexicon};
pub use link::{Link, host_of, links};
pub use normal::{Evasion, Normal};
pub use numbers::{CardSchemes, Numbers};
pub use scan::Content;

/// A place in a text, in bytes of the original.
pub type Span = std::ops::Range<usize>;
