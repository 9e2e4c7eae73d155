//! A record in the making, which gets written whatever becomes of its request.

use std::time::{Duration, Instant};

use super::{About, Record, Recorder, Refused};
use crate::domain::Decision;

/// What a record says when its request went away unanswered: the caller hung up, its deadline
/// passed, or the handler panicked.
const CANCELLED: Refused = Refused { code: "CANCELLED", reason: "CANCELLED" };

/// A record that waits for its decision or its error. Dropping it writes it as cancelled.
#[must_use = "dropping it at once writes a record of a cancelled request"]
pub struct Pending {
    recorder: Recorder,
    /// Until it is written.
    about: Option<About>,
    started: Instant,
}

// === impl Pending ===

impl Pending {
    pub(super) fn new(recorder: Recorder, about: About) -> Self {
        Self { recorder, about: Some(about), started: Instant::now() }
    }

    /// Counts the latency from `started` instead of from now.
    pub fn since(mut self, started: Instant) -> Self {
        self.started = started;
        self
    }

    /// Says that it is only asked how the request would be decided.
    pub fn explaining(mut self) -> Self {
        if let Some(about) = &mut self.about {
            about.explained = true;
        }
        self
    }

    /// Writes the record of a decision. `replayed`: it is the answer to an earlier request.
    /// Gives the latency that the record says.
    pub fn decided(mut self, decision: &Decision, replayed: bool) -> Duration {
        self.write(|about, latency| Record::decided(about, decision, replayed, latency))
    }

    /// Writes the record of an error. Both texts are names from a closed set, never a message.
    pub fn refused(mut self, code: &'static str, reason: &'static str) -> Duration {
        self.write(|about, latency| Record::refused(about, Refused { code, reason }, latency))
    }

    fn write(&mut self, make: impl FnOnce(About, Duration) -> Record) -> Duration {
        let latency = self.started.elapsed();
        if let Some(about) = self.about.take() {
            self.recorder.record(make(about, latency));
        }
        latency
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.write(|about, latency| Record::refused(about, CANCELLED, latency));
    }
}
