//! What an outcome makes of the attempt that it belongs to.
//!
//! An attempt has one status, and outcomes come late, twice and in any order. Which status may follow
//! which is what follows in life, and where two contradict each other, the one that needs the attempt to
//! have been made: a message that arrived was not cancelled, whoever said so first.

use std::sync::Arc;

use super::event::{Event, Fact};
use super::field::Field;
use crate::domain::{ActionKind, Answer, Answered, Delivery};

/// Every status that an attempt can have.
pub mod status {
    /// A call that was allowed, of which nothing else is known.
    pub const PLACED: &str = "PLACED";
    /// A call that was answered and goes on.
    pub const CONNECTED: &str = "CONNECTED";
    /// A call that ended; how it was answered is not known.
    pub const ENDED: &str = "ENDED";
    /// A call that was answered.
    pub const ANSWERED: &str = "ANSWERED";
    /// A call that was answered, and nobody spoke.
    pub const ABANDONED: &str = "ABANDONED";
    /// A call that rang and was not answered.
    pub const NO_ANSWER: &str = "NO_ANSWER";
    /// A call that met a busy line.
    pub const BUSY: &str = "BUSY";
    /// A message that arrived.
    pub const DELIVERED: &str = "DELIVERED";
    /// A message that the network took and that did not arrive.
    pub const UNDELIVERED: &str = "UNDELIVERED";
    /// What the network did not take.
    pub const FAILED: &str = "FAILED";
    /// What was not made.
    pub const CANCELLED: &str = "CANCELLED";
    /// A code that was typed in.
    pub const VERIFIED: &str = "VERIFIED";
    /// A code that lapsed unused.
    pub const UNVERIFIED: &str = "UNVERIFIED";
    /// A mail that came back for good.
    pub const BOUNCED: &str = "BOUNCED";
    /// A message that was answered with an opt-out.
    pub const OPT_OUT: &str = "OPT_OUT";
    /// A mail that was complained about.
    pub const COMPLAINT: &str = "COMPLAINT";
}
use status::{
    ABANDONED, ANSWERED, BOUNCED, BUSY, CANCELLED, COMPLAINT, CONNECTED, DELIVERED, ENDED, FAILED, NO_ANSWER,
    OPT_OUT, PLACED, UNDELIVERED, UNVERIFIED, VERIFIED,
};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// A message, on its way.
    Message(Delivery),
    /// A call, answered or not.
    Call(Answer),
    /// A call, ended.
    Ended,
    /// A code, typed in or lapsed.
    Code {
        /// It was typed in.
        verified: bool,
    },
    /// Nothing: it was not made.
    Cancelled,
    /// A mail that came back.
    Bounced,
    /// A message that was answered with an opt-out.
    OptOut,
    /// A mail that was complained about.
    Complaint,
}

/// What an outcome changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The attempt is another one now.
    Done,
    /// It was known before.
    Repeated,
    /// Something that comes after it was known before.
    Late,
    /// Such an attempt cannot come to that.
    Mismatch,
}

/// Makes an allowed attempt one of which outcomes may be told, by its id or that of its decision.
pub fn await_outcomes(attempt: &mut Event, id: Arc<str>, decision: Option<Arc<str>>) {
    attempt.id = Some(id);
    if let Some(decision) = decision {
        attempt.set(Field::Decision, Fact::Text(decision.into()));
    }
    if attempt.kind.parse() == Ok(ActionKind::PlaceCall) {
        attempt.set_text(Field::Status, PLACED);
    }
}

// === impl Became ===

impl Became {
    /// Makes of the attempt what became of it. What follows from that, such as costs by the rate deck,
    /// is somebody else's to complete.
    pub fn apply(self, attempt: &mut Event) -> Change {
        if !self.fits(&attempt.kind) {
            return Change::Mismatch;
        }
        let old = attempt.text(Field::Status).map(str::to_owned);
        let new = self.status(old.as_deref());
        let details = self.details(attempt);
        if old.as_deref() == Some(new) {
            return if set(attempt, details) { Change::Done } else { Change::Repeated };
        }
        if !follows(old.as_deref(), new) {
            return Change::Late;
        }
        attempt.set_text(Field::Status, new);
        set(attempt, details);
        Change::Done
    }

    fn fits(self, kind: &str) -> bool {
        let Ok(kind) = kind.parse::<ActionKind>() else { return false };
        let message = matches!(
            kind,
            ActionKind::SendSms | ActionKind::SendMms | ActionKind::SendEmail | ActionKind::SendOtp
        );
        match self {
            Self::Message(_) | Self::OptOut => message,
            Self::Complaint | Self::Bounced => kind == ActionKind::SendEmail,
            Self::Call(_) => matches!(kind, ActionKind::PlaceCall),
            Self::Ended => kind == ActionKind::PlaceCall,
            Self::Code { .. } => kind == ActionKind::SendOtp,
            Self::Cancelled => true,
        }
    }

    fn status(self, old: Option<&str>) -> &'static str {
        match self {
            Self::Message(Delivery::Delivered) => DELIVERED,
            Self::Message(Delivery::Undelivered) => UNDELIVERED,
            Self::Message(Delivery::Failed) => FAILED,
            Self::Call(answer) => match answer.status {
                // Of a call that ended, or whose length is told, nothing more is to come.
                Answered::Answered if answer.duration_ms.is_none() && old != Some(ENDED) => {
                    if old == Some(ANSWERED) { ANSWERED } else { CONNECTED }
                }
                Answered::Answered => ANSWERED,
                Answered::NoAnswer => NO_ANSWER,
                Answered::Busy => BUSY,
                Answered::Failed => FAILED,
                Answered::Abandoned => ABANDONED,
            },
            Self::Ended if old == Some(CONNECTED) => ANSWERED,
            Self::Ended => ENDED,
            Self::Code { verified: true } => VERIFIED,
            Self::Code { verified: false } => UNVERIFIED,
            Self::Cancelled => CANCELLED,
            Self::Bounced => BOUNCED,
            Self::OptOut => OPT_OUT,
            Self::Complaint => COMPLAINT,
        }
    }

    /// What it states beside the status.
    fn details(self, attempt: &Event) -> Vec<(Field, i64)> {
        let Self::Call(Answer { ring_ms, duration_ms, cost, status: _ }) = self else { return Vec::new() };
        let told = [(Field::RingS, ring_ms), (Field::DurationS, duration_ms), (Field::Cost, cost)];
        let told = told.into_iter().filter_map(|(field, value)| Some((field, value?)));
        told.filter(|(field, value)| attempt.get(*field) != Some(&Fact::Number(*value))).collect()
    }
}

/// Whether there was anything to set.
fn set(attempt: &mut Event, details: Vec<(Field, i64)>) -> bool {
    let any = !details.is_empty();
    for (field, value) in details {
        attempt.set(field, Fact::Number(value));
    }
    any
}

/// Whether an attempt with one status can come to another.
fn follows(old: Option<&str>, new: &str) -> bool {
    let Some(old) = old else { return true };
    let before: &[&str] = match new {
        DELIVERED => &[UNDELIVERED, FAILED, CANCELLED],
        FAILED => &[UNDELIVERED, PLACED],
        CANCELLED | ENDED => &[PLACED],
        NO_ANSWER | BUSY => &[PLACED, ENDED],
        VERIFIED => return true,
        UNVERIFIED => &[DELIVERED, UNDELIVERED],
        BOUNCED | OPT_OUT => &[DELIVERED, UNDELIVERED, FAILED],
        COMPLAINT => &[DELIVERED, UNDELIVERED, FAILED, BOUNCED, OPT_OUT],
        CONNECTED => &[PLACED, NO_ANSWER, BUSY, FAILED, CANCELLED],
        ANSWERED => &[PLACED, CONNECTED, ENDED, NO_ANSWER, BUSY, FAILED, CANCELLED],
        ABANDONED => &[PLACED, CONNECTED, ENDED, ANSWERED, NO_ANSWER, BUSY, FAILED, CANCELLED],
        // UNDELIVERED comes first, and PLACED is never reported.
        _ => &[],
    };
    before.contains(&old)
}

#[cfg(test)]
mod tests;
