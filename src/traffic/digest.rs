//! Keyed hashes of facts: what counters are kept by instead of numbers and addresses. The secret is
//! each memory's own, so that nobody can aim at one place of a table, or look a number up in it.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::sip::SipHasher24 as Sip64;
use siphasher::sip128::{Hasher128, SipHasher24};

use super::event::Fact;

/// What the hashes of one memory are keyed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; 16]);

/// 128 bits that stand for a counter and the facts of its key. Two keys that are not the same have
/// the same hash once in 10^20 pairs even among 10^9 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) [u64; 2]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

// === impl Secret ===

impl Secret {
    /// A new one, from the randomness of the system.
    pub fn random() -> Self {
        let random = RandomState::new();
        let (a, b) = (random.hash_one(0_u8).to_le_bytes(), random.hash_one(1_u8).to_le_bytes());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(a.into_iter().chain(b)) {
            *to = from;
        }
        Self(bytes)
    }

    /// The beginning of every key of one counter.
    pub(super) fn seed(&self, counter: &str) -> Seed {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(counter.as_bytes());
        hasher.write_u8(0xff);
        Seed(hasher)
    }

    /// A text as 64 bits; never zero.
    pub(super) fn text(&self, text: &str) -> u64 {
        let mut hasher = Sip64::new_with_key(&self.0);
        hasher.write(text.as_bytes());
        hasher.finish().max(1)
    }

    /// A fact as 128 bits. A text is hashed by itself, so that its hash does where it is hidden.
    pub(super) fn digest(&self, fact: &Fact) -> [u64; 2] {
        match fact {
            Fact::Flag(flag) => [0, u64::from(*flag)],
            Fact::Number(number) => [1, number.cast_unsigned()],
            Fact::Text(text) => {
                let mut hasher = SipHasher24::new_with_key(&self.0);
                hasher.write(text.as_bytes());
                let hash = hasher.finish128();
                [hash.h1, hash.h2]
            }
            Fact::Hidden(digest, _) => *digest,
        }
    }

    /// A hash of 128 bits as 64; never zero.
    pub(super) fn value([a, b]: [u64; 2]) -> u64 {
        (a ^ b.rotate_left(32)).max(1)
    }

    /// A telephone number as its distance from a secret one.
    pub(super) fn number(&self, fact: &Fact) -> Option<i64> {
        match fact {
            Fact::Text(text) => {
                let number = text.strip_prefix('+')?.parse::<i64>().ok()?;
                // Far enough from both ends for any number of 18 digits.
                let far = self.text("the distance of numbers") >> 3;
                number.checked_add(i64::try_from(far).ok()?)
            }
            Fact::Hidden(_, number) => *number,
            Fact::Flag(_) | Fact::Number(_) => None,
        }
    }

    /// The bytes to be kept beside what was hashed with it.
    pub(super) const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Secret {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// A hash of a key that is begun.
#[derive(Clone, Copy)]
pub(super) struct Seed(SipHasher24);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

// === impl Seed ===

impl Seed {
    pub(super) fn with(mut self, [a, b]: [u64; 2]) -> Self {
        self.0.write(&a.to_le_bytes());
        self.0.write(&b.to_le_bytes());
        self
    }

    pub(super) fn key(self) -> Key {
        let hash = self.0.finish128();
        Key([hash.h1, hash.h2])
    }
}
