//! What outcomes make of attempts, in whatever order they come.

use proptest::prelude::*;

use super::*;

fn attempt(kind: &str, status: &str) -> Event {
    let mut event = Event::new(kind, 0);
    event.set_text(Field::Status, status);
    event
}

fn call(status: Answered, duration_ms: Option<i64>) -> Became {
    Became::Call(Answer { status, ring_ms: None, duration_ms, cost: None })
}

/// Statuses after some outcomes, in this order.
fn after(kind: &str, first: &str, outcomes: &[Became]) -> (String, Vec<Change>) {
    let mut event = attempt(kind, first);
    let changes = outcomes.iter().map(|became| became.apply(&mut event)).collect();
    (event.text(Field::Status).unwrap_or_default().to_owned(), changes)
}

/// Action, first status, outcomes, last status, and what each outcome changed.
type Row<'a> = (&'a str, &'a str, &'a [Became], &'a str, &'a [Change]);

#[test]
fn what_comes_later_in_life_stays() {
    use Change::{Done, Late, Repeated};
    let (delivered, failed) = (Became::Message(Delivery::Delivered), Became::Message(Delivery::Failed));
    let verified = Became::Code { verified: true };
    let lapsed = Became::Code { verified: false };
    let (answered, ended) = (call(Answered::Answered, None), Became::Ended);
    let long = call(Answered::Answered, Some(60_000));
    let table: [Row<'_>; 14] = [
        ("SEND_SMS", "", &[delivered, delivered], "DELIVERED", &[Done, Repeated]),
        ("SEND_SMS", "", &[delivered, failed], "DELIVERED", &[Done, Late]),
        ("SEND_SMS", "", &[failed, delivered], "DELIVERED", &[Done, Done]),
        ("SEND_SMS", "", &[delivered, Became::OptOut, delivered], "OPT_OUT", &[Done, Done, Late]),
        ("SEND_SMS", "", &[Became::Cancelled, Became::Cancelled], "CANCELLED", &[Done, Repeated]),
        ("SEND_OTP", "", &[verified, lapsed, delivered], "VERIFIED", &[Done, Late, Late]),
        ("SEND_OTP", "", &[lapsed, verified], "VERIFIED", &[Done, Done]),
        ("SEND_OTP", "", &[failed, lapsed], "FAILED", &[Done, Late]),
        (
            "SEND_EMAIL",
            "",
            &[delivered, Became::Bounced, Became::Complaint],
            "COMPLAINT",
            &[Done, Done, Done],
        ),
        ("PLACE_CALL", PLACED, &[answered, long, long], "ANSWERED", &[Done, Done, Repeated]),
        ("PLACE_CALL", PLACED, &[answered, ended, ended], "ANSWERED", &[Done, Done, Late]),
        ("PLACE_CALL", PLACED, &[ended, answered], "ANSWERED", &[Done, Done]),
        ("PLACE_CALL", PLACED, &[call(Answered::Busy, None), ended], "BUSY", &[Done, Late]),
        ("PLACE_CALL", PLACED, &[long, call(Answered::Failed, None)], "ANSWERED", &[Done, Late]),
    ];
    for (kind, first, outcomes, status, changes) in table {
        assert_eq!(after(kind, first, outcomes), (status.to_owned(), changes.to_vec()), "{outcomes:?}");
    }
}

#[test]
fn a_code_is_not_answered_and_a_call_is_not_typed_in() {
    let verified = Became::Code { verified: true };
    assert_eq!(verified.apply(&mut attempt("PLACE_CALL", PLACED)), Change::Mismatch);
    assert_eq!(call(Answered::Busy, None).apply(&mut attempt("SEND_OTP", "")), Change::Mismatch);
    assert_eq!(Became::Bounced.apply(&mut attempt("SEND_SMS", "")), Change::Mismatch);
}

fn any_became() -> impl Strategy<Value = Became> {
    prop_oneof![
        Just(Became::Message(Delivery::Delivered)),
        Just(Became::Message(Delivery::Undelivered)),
        Just(Became::Message(Delivery::Failed)),
        Just(Became::Code { verified: true }),
        Just(Became::Code { verified: false }),
        Just(Became::Cancelled),
    ]
}

proptest! {
    /// Whatever is reported, and in whatever order: a code that was typed in was typed in, and telling
    /// all of it once more changes nothing.
    #[test]
    fn a_code_that_was_typed_in_stays_so(
        outcomes in prop::collection::vec(any_became(), 0..8).prop_shuffle(),
    ) {
        let mut event = attempt("SEND_OTP", "");
        for became in &outcomes {
            became.apply(&mut event);
        }
        if outcomes.contains(&Became::Code { verified: true }) {
            prop_assert_eq!(event.text(Field::Status), Some(VERIFIED));
            let before = event.clone();
            for became in outcomes {
                became.apply(&mut event);
            }
            prop_assert!(event == before);
        }
    }
}
