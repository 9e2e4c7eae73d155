//! How new the data behind an answer must be. Nothing but the least can be kept yet, and what cannot
//! be kept is refused, never ignored.

use super::reader::Reader;
use crate::domain::RequestId;
use crate::proto as pb;
use crate::serve::status::Refusal;
use pb::freshness::Requirement;

/// Checks that what a call asks for can be kept.
///
/// # Errors
/// What is malformed in it, or that it cannot be kept.
pub fn freshness(message: Option<pb::Freshness>) -> Result<(), Refusal> {
    let mut r = Reader::default();
    let kept = read(&mut r, message);
    r.finish()?;
    if kept { Ok(()) } else { Err(UNKEPT) }
}

/// Refuses what cannot be kept.
pub(super) const UNKEPT: Refusal = Refusal::NotImplemented("a `freshness` other than `minimize_latency`");

/// Whether it can be kept.
pub(super) fn read(r: &mut Reader, message: Option<pb::Freshness>) -> bool {
    let Some(pb::Freshness { requirement }) = message else { return true };
    r.within("freshness", |r| match requirement {
        None => true,
        Some(Requirement::MinimizeLatency(wanted)) => {
            only_true(r, "minimize_latency", wanted);
            true
        }
        // A token has the characters of an id; what it names is for the store to say.
        Some(Requirement::AtLeastAsFresh(token)) => {
            r.required_id::<RequestId>("at_least_as_fresh", &token);
            false
        }
        Some(Requirement::FullyFresh(wanted)) => {
            only_true(r, "fully_fresh", wanted);
            false
        }
    })
}

/// `false` could be meant as "the other one"; it is not guessed.
fn only_true(r: &mut Reader, field: &str, wanted: bool) {
    if !wanted {
        r.refuse(field, "must be true or not given");
    }
}
