//! What a request is, for telling a repetition from another request under the same id.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};

use crate::domain::{Envelope, Request};

/// SHA-256 over what can change the answer to a request. It has a meaning within this process only:
/// it is made of what the types' `Hash` feeds it, which another build may do otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest { .. }")
    }
}

/// The digest of everything in `request` but its id, its trace and its nonce: a caller that sends a
/// request again may well give it new ones of the latter two.
pub fn payload_digest(request: &Request) -> Digest {
    let Request { envelope, action } = request;
    // In full, so that a new field has to be placed on one side or the other.
    let Envelope {
        request_id: _,
        account_id,
        subaccount_id,
        at,
        actor,
        nonce: _,
        caller_service,
        dry_run,
        end_customer,
        brand,
        price,
        max_price,
        use_case,
        content_labels,
        trace: _,
    } = envelope;
    let mut hasher = Sha256Hasher(Sha256::new());
    (account_id, subaccount_id, at, actor, caller_service, dry_run).hash(&mut hasher);
    (end_customer, brand, price, max_price, use_case, content_labels).hash(&mut hasher);
    action.hash(&mut hasher);
    Digest(hasher.0.finalize().into())
}

/// Lets `#[derive(Hash)]` feed a cryptographic hash: an attacker who could make two payloads meet
/// would get one allowed by the other's answer, and 64 bits are too few to rule that out.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Unused: the whole digest is taken instead.
    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
    }
}
