//! `CheckRequest` to a `Request` that cannot be malformed any more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::reader::{Reader, given};
use super::{action, freshness, part};
use crate::audit::About;
use crate::domain::{AccountId, Envelope, Fixed, Request, RequestId, action_violations, envelope_violations};
use crate::proto as pb;
use crate::serve::status::Refusal;

/// How far the time of a request may be from the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockBounds {
    /// Into the past.
    pub back: Duration,
    /// Into the future.
    pub ahead: Duration,
}

impl Default for ClockBounds {
    /// 24 hours back, 5 minutes ahead.
    fn default() -> Self {
        Self { back: Duration::from_hours(24), ahead: Duration::from_mins(5) }
    }
}

/// Takes a request in at the instant `now`.
///
/// # Errors
/// Everything that is malformed in it; or, if nothing is, what of it cannot be honoured.
pub fn request(message: pb::CheckRequest, now: Timestamp, clock: &ClockBounds) -> Result<Request, Refusal> {
    let mut r = Reader::default();
    let (envelope, kept, wanted) = envelope(&mut r, message, now, clock);
    if let Some(envelope) = &envelope {
        r.add(envelope_violations(envelope));
    }
    let action = wanted.map(|wanted| {
        let name = action::field_name(&wanted);
        r.within(name, |r| {
            let action = action::action(r, wanted);
            r.add(action_violations(&action));
            action
        })
    });
    let action = r.required("action", action);
    r.finish()?;
    match (envelope, action) {
        (Some(envelope), Some(action)) if kept => Ok(Request { envelope, action }),
        (Some(_), Some(_)) => Err(freshness::UNKEPT),
        _ => Err(Refusal::missing("account_id")),
    }
}

/// What can be told of a request before it is checked, if it names an account.
pub fn about(message: &pb::CheckRequest) -> Option<About> {
    let account = AccountId::parse(&message.account_id).ok()?;
    let request_id = RequestId::parse(&message.request_id).ok();
    Some(About::named(account, request_id, message.action.as_ref().map(action::kind)))
}

type Parts = (Option<Envelope>, bool, Option<pb::check_request::Action>);

fn envelope(r: &mut Reader, message: pb::CheckRequest, now: Timestamp, clock: &ClockBounds) -> Parts {
    let pb::CheckRequest {
        request_id,
        account_id,
        subaccount_id,
        at,
        actor,
        dry_run,
        freshness,
        nonce,
        caller_service,
        end_customer,
        brand,
        price_usd,
        max_price_usd,
        use_case,
        content_labels,
        trace,
        action,
    } = message;
    let request_id = r.id("request_id", &request_id);
    // A stand-in lets the rest be checked; the refusal keeps it from going any further.
    let account_id = r.required_id("account_id", &account_id).or_else(|| AccountId::parse("malformed").ok());
    let subaccount_id = r.id("subaccount_id", &subaccount_id);
    let at = time(r, at, now, clock);
    let actor = r.part("actor", actor, part::actor).unwrap_or_default();
    let kept = freshness::read(r, freshness);
    let price = price(r, "price_usd", price_usd);
    let max_price = self::price(r, "max_price_usd", max_price_usd);
    let content_labels = part::labels(r, "content_labels", content_labels);
    let envelope = account_id.map(|account_id| Envelope {
        request_id,
        account_id,
        subaccount_id,
        at,
        actor,
        nonce: given(nonce),
        caller_service: given(caller_service),
        dry_run,
        end_customer: given(end_customer),
        brand: given(brand),
        price,
        max_price,
        use_case: given(use_case),
        content_labels,
        trace: given(trace),
    });
    (envelope, kept, action)
}

fn price(r: &mut Reader, field: &str, value: Option<f64>) -> Option<Fixed> {
    value.map(|value| r.amount(field, value))
}

fn time(
    r: &mut Reader,
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
    clock: &ClockBounds,
) -> Option<Timestamp> {
    let at = r.instant("at", at)?;
    let late = now.duration_since(at);
    let bound = |length: Duration| SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
    if late > bound(clock.back) {
        r.refuse("at", format!("must be at most {} seconds in the past", clock.back.as_secs()));
    } else if late < -bound(clock.ahead) {
        r.refuse("at", format!("must be at most {} seconds in the future", clock.ahead.as_secs()));
    }
    Some(at)
}
