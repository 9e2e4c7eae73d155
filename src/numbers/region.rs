//! The country or territory that a number belongs to.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A country or territory by its two letters, as in ISO 3166-1 and libphonenumber (which adds `AC`, `TA` and `XK`).
///
/// Any two letters make a region; that it has numbers is for the metadata to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    // INVARIANT: two of A–Z.
    letters: [u8; 2],
}

/// The text is not two ASCII letters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a region: expected two letters, got `{0}`")]
pub struct InvalidRegion(
    /// The text, cut off after a few characters.
    pub String,
);

/// How many characters of a refused text are kept for the message.
const MESSAGE_CHARS: usize = 4;

// === impl Region ===

impl Region {
    /// The region of two upper-case letters, which the caller sees to.
    pub(super) const fn of(letters: [u8; 2]) -> Self {
        Self { letters }
    }

    /// Parses two ASCII letters, in either case.
    ///
    /// # Errors
    /// [`InvalidRegion`] for anything else, libphonenumber's `001` (the world) included.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        match *text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                let letters = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
                Ok(Self { letters })
            }
            _ => Err(InvalidRegion(text.chars().take(MESSAGE_CHARS).collect())),
        }
    }

    /// The two letters, upper case.
    pub fn as_str(&self) -> &str {
        // ASCII letters are UTF-8, so the default is never taken.
        std::str::from_utf8(&self.letters).unwrap_or_default()
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
