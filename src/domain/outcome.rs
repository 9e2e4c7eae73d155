//! What came of an attempt, or happened beside it, as callers report it.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AccountId, Actor, RequestId};

/// One event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The event's own id, by which a repetition is recognised.
    pub outcome_id: Option<RequestId>,
    /// The account that it is about.
    pub account_id: AccountId,
    /// The attempt that it belongs to.
    pub attempt: Option<AttemptId>,
    /// When it happened; not given: when it was reported.
    pub at: Option<Timestamp>,
    /// What happened.
    pub event: Happened,
}

/// How an attempt is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptId {
    /// By its request.
    Request(RequestId),
    /// By its decision.
    Decision(Uuid),
}

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum Happened {
    /// What became of a text, mail or code on its way.
    Message(Delivery),
    /// How a call was answered.
    Call(Answer),
    /// A code was typed in, or lapsed unused.
    Code {
        /// It was typed in.
        verified: bool,
    },
    /// The attempt was not made.
    Cancelled,
    /// A mail came back for good.
    Bounce {
        /// Whose mailbox.
        mailbox: String,
    },
    /// Somebody complained.
    Complaint {
        /// Who, where that is known.
        complainant: Option<String>,
        /// About which sender; not given: the account.
        sender: Option<String>,
    },
    /// A recipient opted out or in.
    Opt(OptChange),
    /// A sign-in or signature was refused.
    AuthFailure(Actor),
    /// A nonce was used outside a request.
    Nonce(String),
    /// A number or account was looked up.
    Lookup {
        /// By whom.
        actor: Actor,
        /// Which.
        target: String,
    },
    /// A call ended.
    CallEnded,
    /// A leased number was given back.
    NumberReleased {
        /// Which.
        number: String,
        /// How many, it among them.
        count: u32,
    },
}

/// What became of a message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived.
    Delivered,
    /// The network took it and it did not arrive.
    Undelivered,
    /// The network did not take it.
    Failed,
}

/// How a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// How.
    pub status: Answered,
    /// How long it rang, ms.
    pub ring_ms: Option<i64>,
    /// How long it was connected, ms.
    pub duration_ms: Option<i64>,
    /// What it cost, micro-USD.
    pub cost: Option<i64>,
}

/// Whether a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It was.
    Answered,
    /// It rang and was not.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// It was not put through.
    Failed,
    /// It was, and nobody spoke.
    Abandoned,
}

/// A recipient who opted out or in.
#[derive(Clone, PartialEq, Eq)]
pub struct OptChange {
    /// Which way.
    pub kind: OptKind,
    /// Number or mailbox.
    pub recipient: String,
    /// The word that was used.
    pub keyword: Option<String>,
    /// The sender that it is limited to; not given: all of the account's.
    pub sender: Option<String>,
}

/// Which way a recipient opted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptKind {
    /// Wants no more.
    Out,
    /// Wants them again.
    In,
}

impl Happened {
    /// Every name, for metrics.
    pub const NAMES: [&str; 12] = [
        "MESSAGE",
        "CALL",
        "OTP",
        "CANCELLED",
        "BOUNCE",
        "COMPLAINT",
        "OPT_CHANGE",
        "AUTH_FAILURE",
        "NONCE",
        "LOOKUP",
        "CALL_ENDED",
        "NUMBER_RELEASED",
    ];

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Message(_) => "MESSAGE",
            Self::Call(_) => "CALL",
            Self::Code { .. } => "OTP",
            Self::Cancelled => "CANCELLED",
            Self::Bounce { .. } => "BOUNCE",
            Self::Complaint { .. } => "COMPLAINT",
            Self::Opt(_) => "OPT_CHANGE",
            Self::AuthFailure(_) => "AUTH_FAILURE",
            Self::Nonce(_) => "NONCE",
            Self::Lookup { .. } => "LOOKUP",
            Self::CallEnded => "CALL_ENDED",
            Self::NumberReleased { .. } => "NUMBER_RELEASED",
        }
    }
}

/// People's numbers and mailboxes are not shown.
impl fmt::Debug for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Happened {{ {}, .. }}", self.name())
    }
}

impl fmt::Debug for OptChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OptChange {{ {:?}, .. }}", self.kind)
    }
}
