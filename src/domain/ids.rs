//! Identifiers: short strings of a closed set of characters, safe to log and to use as keys.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest identifier in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// Why a string is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// No characters at all.
    #[error("must not be empty")]
    Empty,
    /// More than 128 bytes.
    #[error("must be at most 128 bytes")]
    TooLong,
    /// A character outside the stated set.
    #[error("may hold only letters, digits and `_ . : @ + / = -`")]
    Character,
}

/// Whether `text` is 1–128 bytes of `[A-Za-z0-9_.:@+/=-]`.
///
/// # Errors
/// Says which of the three rules it breaks.
pub fn check_id(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(InvalidId::TooLong);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.:@+/=-".contains(&b);
    if text.bytes().all(allowed) { Ok(()) } else { Err(InvalidId::Character) }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        // INVARIANT: passes `check_id`.
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes the text.
            ///
            /// # Errors
            /// When it is empty, over 128 bytes, or holds a character outside `[A-Za-z0-9_.:@+/=-]`.
            pub fn parse(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                check_id(text.as_ref()).map(|()| Self(Arc::from(text.as_ref())))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type!(
    /// An account of the platform: provider, reseller or customer.
    AccountId
);
id_type!(
    /// The caller's idempotency key for one request of one account.
    RequestId
);
id_type!(
    /// An API key's public identifier, never its secret.
    KeyId
);
