//! `Outcome` to an outcome that cannot be malformed any more.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::part;
use super::reader::{Reader, given};
use crate::domain::{
    Answer, Answered, AttemptId, Delivery, Fixed, Happened, MAX_LINE, MAX_NUMBER, OptChange, OptKind,
    Outcome, RequestId,
};
use crate::numbers::E164;
use crate::proto as pb;
use crate::serve::status::Refusal;
use pb::outcome::Event as Wire;

/// How long ago it may have happened.
const BACK: SignedDuration = SignedDuration::from_hours(40 * 24);
/// How far in the future, because clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest ring and longest call, seconds.
const DAY_S: i64 = 86_400;

/// Takes an outcome in at the instant `now`.
///
/// # Errors
/// Everything that is malformed in it; or, if nothing is, that its kind is not taken yet.
pub fn outcome(message: pb::Outcome, now: Timestamp) -> Result<Outcome, Refusal> {
    let pb::Outcome { outcome_id, account_id, request_id, decision_id, at, event } = message;
    let mut r = Reader::default();
    let outcome_id = r.id("outcome_id", &outcome_id);
    let account_id = r.required_id("account_id", &account_id);
    let attempt = attempt(&mut r, &request_id, &decision_id);
    let at = r.instant("at", at);
    check_time(&mut r, at, now);
    let named = attempt.is_some() || !(request_id.is_empty() && decision_id.is_empty());
    let event = event.map(|event| {
        if of_attempt(&event) && !named {
            r.refuse("request_id", "is required, or `decision_id`");
        }
        happened(&mut r, event)
    });
    let event = r.required("event", event);
    r.finish()?;
    match (account_id, event) {
        (Some(account_id), Some(Read::Taken(Some(event)))) => {
            Ok(Outcome { outcome_id, account_id, attempt, at, event })
        }
        (_, Some(Read::NotYet(kind))) => Err(Refusal::NotImplemented(kind)),
        _ => Err(Refusal::missing("event")),
    }
}

/// What an event was read as; what is malformed was noted.
enum Read {
    /// Nothing, where it was malformed.
    Taken(Option<Happened>),
    NotYet(&'static str),
}

fn attempt(r: &mut Reader, request_id: &str, decision_id: &str) -> Option<AttemptId> {
    let by_request = r.id("request_id", request_id).map(AttemptId::Request);
    if decision_id.is_empty() {
        return by_request;
    }
    let by_decision = Uuid::try_parse(decision_id).ok();
    if by_decision.is_none() {
        r.refuse("decision_id", "must be a UUID");
    }
    by_decision.map(AttemptId::Decision)
}

fn check_time(r: &mut Reader, at: Option<Timestamp>, now: Timestamp) {
    let Some(at) = at else { return };
    let ago = now.duration_since(at);
    if ago > BACK {
        r.refuse("at", "must be at most 40 days in the past: no counter looks back further");
    } else if ago < -AHEAD {
        r.refuse("at", "must be at most 5 minutes in the future");
    }
}

fn of_attempt(event: &Wire) -> bool {
    match event {
        Wire::Message(_) | Wire::Call(_) | Wire::Otp(_) | Wire::Cancelled(_) => true,
        Wire::Ended(ended) => ended.kind() == pb::EndedKind::Call,
        Wire::Bounce(_)
        | Wire::Complaint(_)
        | Wire::OptChange(_)
        | Wire::Access(_)
        | Wire::IpNotice(_)
        | Wire::ScanVerdict(_)
        | Wire::Labels(_) => false,
    }
}

fn happened(r: &mut Reader, event: Wire) -> Read {
    let taken = match event {
        Wire::Message(message) => r.within("message", |r| delivery(r, message)),
        Wire::Call(call) => r.within("call", |r| answer(r, call)),
        Wire::Otp(otp) => r.within("otp", |r| code(r, otp)),
        Wire::Cancelled(pb::Cancelled {}) => Some(Happened::Cancelled),
        Wire::Bounce(pb::Bounce { mailbox }) => {
            let mailbox = r.within("bounce", |r| mailbox_of(r, "mailbox", mailbox));
            Some(Happened::Bounce { mailbox })
        }
        Wire::Complaint(complaint) => r.within("complaint", |r| Some(self::complaint(r, complaint))),
        Wire::OptChange(change) => r.within("opt_change", |r| opt_change(r, change)),
        Wire::Access(access) => r.within("access", |r| self::access(r, access)),
        Wire::Ended(ended) if ended.kind() == pb::EndedKind::Session => {
            return Read::NotYet("`ended.kind` SESSION");
        }
        Wire::Ended(ended) => r.within("ended", |r| self::ended(r, ended)),
        Wire::IpNotice(_) => return Read::NotYet("`ip_notice`"),
        Wire::ScanVerdict(_) => return Read::NotYet("`scan_verdict`"),
        Wire::Labels(_) => return Read::NotYet("`labels`"),
    };
    Read::Taken(taken)
}

/// A value of an enum that must be given and be known.
fn kind<T: TryFrom<i32>>(r: &mut Reader, field: &str, number: i32) -> Option<T> {
    if number == 0 {
        return r.required(field, None);
    }
    let known = T::try_from(number).ok();
    if known.is_none() {
        r.refuse(field, "is a value that this server does not know");
    }
    known
}

fn delivery(r: &mut Reader, message: pb::MessageOutcome) -> Option<Happened> {
    let pb::MessageOutcome { status, carrier_code } = message;
    r.line("carrier_code", carrier_code);
    let delivery = match kind(r, "status", status)? {
        pb::MessageStatus::Unspecified => return None,
        pb::MessageStatus::Delivered => Delivery::Delivered,
        pb::MessageStatus::Undelivered => Delivery::Undelivered,
        pb::MessageStatus::Failed => Delivery::Failed,
    };
    Some(Happened::Message(delivery))
}

fn answer(r: &mut Reader, call: pb::CallOutcome) -> Option<Happened> {
    let pb::CallOutcome { status, ring_s, duration_s, cost_usd } = call;
    let ring_ms = length(r, "ring_s", ring_s);
    let duration_ms = length(r, "duration_s", duration_s);
    let cost = cost_usd.map(|cost| amount(r, "cost_usd", cost).millionths());
    let status = match kind(r, "status", status)? {
        pb::CallStatus::Unspecified => return None,
        pb::CallStatus::Answered => Answered::Answered,
        pb::CallStatus::NoAnswer => Answered::NoAnswer,
        pb::CallStatus::Busy => Answered::Busy,
        pb::CallStatus::Failed => Answered::Failed,
        pb::CallStatus::Abandoned => Answered::Abandoned,
    };
    Some(Happened::Call(Answer { status, ring_ms, duration_ms, cost }))
}

/// A length in seconds, in ms: a fraction of one is left out, because a call of 6.0004 s is one of 6 s to
/// whoever measures in ms.
fn length(r: &mut Reader, field: &str, seconds: Option<f64>) -> Option<i64> {
    let seconds = seconds?;
    #[expect(clippy::cast_precision_loss, reason = "a day in seconds is exact")]
    let day = DAY_S as f64;
    if !(0.0..=day).contains(&seconds) {
        r.refuse(field, "must be 0 to 86400");
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most a day, and meant")]
    let ms = (seconds * 1_000.0).round() as i64;
    Some(ms)
}

fn amount(r: &mut Reader, field: &str, value: f64) -> Fixed {
    let amount = r.amount(field, value);
    if amount < Fixed::ZERO {
        r.refuse(field, "must not be negative");
    }
    amount
}

fn code(r: &mut Reader, otp: pb::OtpOutcome) -> Option<Happened> {
    let pb::OtpOutcome { status } = otp;
    match kind(r, "status", status)? {
        pb::OtpStatus::Unspecified => None,
        pb::OtpStatus::Verified => Some(Happened::Code { verified: true }),
        pb::OtpStatus::Unverified => Some(Happened::Code { verified: false }),
    }
}

fn complaint(r: &mut Reader, complaint: pb::Complaint) -> Happened {
    let pb::Complaint { source, complainant, sender } = complaint;
    // Where it came from is not counted apart: it is checked, and the record of the caller has it.
    let _: Option<RequestId> = r.required_id("source", &source);
    let complainant = given(r.line("complainant", complainant));
    let sender = given(r.line("sender", sender));
    Happened::Complaint { complainant, sender }
}

fn opt_change(r: &mut Reader, change: pb::OptChange) -> Option<Happened> {
    let pb::OptChange { kind: number, recipient, keyword, sender } = change;
    let recipient = address(r, "recipient", recipient);
    let keyword = given(r.line("keyword", keyword));
    let sender = given(r.line("sender", sender));
    let kind = match kind(r, "kind", number)? {
        pb::OptKind::Unspecified => return None,
        pb::OptKind::Out => OptKind::Out,
        pb::OptKind::In => OptKind::In,
    };
    Some(Happened::Opt(OptChange { kind, recipient, keyword, sender }))
}

fn access(r: &mut Reader, access: pb::AccessEvent) -> Option<Happened> {
    let pb::AccessEvent { kind: number, actor, nonce, target } = access;
    let actor = r.part("actor", actor, part::actor).unwrap_or_default();
    match kind(r, "kind", number)? {
        pb::AccessKind::Unspecified => None,
        pb::AccessKind::AuthFailure => Some(Happened::AuthFailure(actor)),
        pb::AccessKind::Nonce => {
            r.required_id("nonce", &nonce).map(|nonce: RequestId| Happened::Nonce(nonce.to_string()))
        }
        pb::AccessKind::Lookup => {
            Some(Happened::Lookup { actor, target: r.named("target", target, MAX_LINE) })
        }
    }
}

fn ended(r: &mut Reader, ended: pb::Ended) -> Option<Happened> {
    let pb::Ended { kind: number, number: released, count } = ended;
    if count == Some(0) {
        r.refuse("count", "must be at least 1");
    }
    match kind(r, "kind", number)? {
        pb::EndedKind::Unspecified | pb::EndedKind::Session => None,
        pb::EndedKind::Call => Some(Happened::CallEnded),
        pb::EndedKind::Number => {
            let number = r.named("number", released, MAX_NUMBER);
            Some(Happened::NumberReleased { number, count: count.unwrap_or(1) })
        }
    }
}

/// A number or mailbox, in the spelling that it is compared in.
fn address(r: &mut Reader, field: &str, text: String) -> String {
    let text = r.named(field, text, MAX_LINE);
    if text.is_empty() || text.contains('@') {
        return text.to_ascii_lowercase();
    }
    if let Ok(number) = E164::parse(&text) {
        return number.to_string();
    }
    r.refuse(field, "must be a mailbox, or `+` and 7 to 15 digits (E.164)");
    text
}

fn mailbox_of(r: &mut Reader, field: &str, text: String) -> String {
    let text = r.named(field, text, MAX_LINE);
    if !text.is_empty() && !text.contains('@') {
        r.refuse(field, "must be a mailbox");
    }
    text.to_ascii_lowercase()
}
