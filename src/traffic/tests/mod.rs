use proptest::prelude::*;

use super::*;
use crate::bundle::Bundle;

pub(super) mod agrees;
mod bounds;
mod later;
mod model;

const DAY_MS: i64 = 86_400_000;

pub(super) fn bundle() -> &'static Bundle {
    static BUNDLE: std::sync::LazyLock<Bundle> =
        std::sync::LazyLock::new(|| Bundle::embedded().expect("the default bundle loads"));
    &BUNDLE
}

fn memory(bounds: Bounds) -> Memory {
    Memory::new(&bundle().counters, &|place| limit(place).ok(), bounds)
}

pub(super) fn counter(name: &str) -> &'static Counter {
    bundle().counters.iter().find(|counter| &*counter.name == name).expect("it is declared")
}

pub(super) fn limit(place: usize) -> Result<i64, Unreadable> {
    bundle().limits.at(place).map(|limit| limit.default).ok_or(Unreadable::Unknown)
}

pub(super) fn read(memory: &Memory, name: &str, present: &Event) -> Reading {
    let asking = Asking { present, now: present.at, limit: &limit };
    memory.read(counter(name), &asking).expect("it can be read")
}

pub(super) fn event(kind: &str, at: i64, texts: &[(Field, &str)]) -> Event {
    let mut event = Event::new(kind, at);
    event.set_text(Field::Account, "acc_1");
    event.set(Field::Verified, Fact::Flag(false));
    for (field, text) in texts {
        event.set_text(*field, text);
    }
    event
}

pub(super) fn call(at: i64, to: &str, status: &str) -> Event {
    event("PLACE_CALL", at, &[(Field::To, to), (Field::Status, status), (Field::Country, "US")])
}

#[test]
fn both_ends_are_in() {
    let memory = memory(Bounds::default());
    for at in [-60_001, -60_000, -1, 0, 1] {
        memory.record(&call(at, "+12125550100", "")).expect("recorded");
    }
    assert_eq!(read(&memory, "calls_to_recipient", &call(0, "+12125550100", "")).count, 3);
}

#[test]
fn a_second_leaves_its_far_end_out() {
    let memory = memory(Bounds::default());
    for at in [-1_000, -999, 0] {
        memory.record(&call(at, "+12125550100", "")).expect("recorded");
    }
    assert_eq!(read(&memory, "calls_this_second", &call(0, "+12125550199", "")).count, 2);
}

#[test]
fn a_day_begins_at_midnight_in_its_zone() {
    let memory = memory(Bounds::default());
    let text = |at: &str| {
        let at: jiff::Timestamp = at.parse().expect("an instant");
        let texts = [(Field::BrandRegistration, "B1"), (Field::Carrier, "TMOBILE")];
        event("SEND_SMS", at.as_millisecond(), &texts)
    };
    for at in ["2026-12-01T07:59:59.999Z", "2026-12-01T08:00:00Z", "2026-12-02T07:59:59Z"] {
        memory.record(&text(at)).expect("recorded");
    }
    let reading = read(&memory, "texts_of_brand_to_tmobile", &text("2026-12-02T07:59:59Z"));
    assert_eq!(reading.count, 2);
}

#[test]
fn calls_go_on_however_long_ago_they_began() {
    let memory = memory(Bounds::default());
    memory.record(&call(-30 * DAY_MS, "+12125550100", "IN_PROGRESS")).expect("recorded");
    memory.record(&call(-1, "+12125550100", "ANSWERED")).expect("recorded");
    assert_eq!(read(&memory, "calls_in_progress", &call(0, "+12125550199", "")).count, 1);
}

#[test]
fn a_failed_attempt_is_given_back_but_was_not_answered() {
    let memory = memory(Bounds::default());
    memory.record(&call(-1, "+12125550100", "FAILED")).expect("recorded");
    let mut failed = call(-1, "+12125550100", "FAILED");
    failed.weight = 99;
    memory.record(&failed).expect("recorded");
    let present = call(0, "+12125550100", "");
    assert_eq!(read(&memory, "calls_to_recipient", &present).count, 0);
    let answered = read(&memory, "answered_calls", &present);
    assert_eq!((answered.part, answered.of, answered.enough), (0, 100, true));
}

#[test]
fn a_key_that_is_not_stated_counts_nothing() {
    let memory = memory(Bounds::default());
    memory.record(&event("SEND_SMS", 0, &[(Field::To, "+12125550100")])).expect("recorded");
    let present = event("SEND_SMS", 0, &[(Field::To, "+12125550100")]);
    assert_eq!(read(&memory, "texts_same_to_recipient", &present), Reading::default());
    assert_eq!(read(&memory, "texts_to_recipient", &present).count, 1);
}

#[test]
fn refused_attempts_count_where_that_is_said_and_nowhere_else() {
    let memory = memory(Bounds::default());
    for reason in ["CONTENT_HATE", "CPS_EXCEEDED", "CPS_EXCEEDED"] {
        let mut refused = call(-1, "+12125550100", "");
        refused.refused = true;
        refused.set_text(Field::Reason, reason);
        refused.set_text(Field::Action, "PLACE_CALL");
        memory.record(&refused).expect("recorded");
    }
    let mut present = call(0, "+12125550100", "");
    present.set_text(Field::Action, "PLACE_CALL");
    assert_eq!(read(&memory, "calls_to_recipient", &present).count, 0);
    assert_eq!(read(&memory, "refusals_repeated", &present).count, 2);
    assert_eq!(read(&memory, "content_refusals", &present).count, 1);
}

#[test]
fn weights_add_up_but_make_no_different_numbers() {
    let memory = memory(Bounds::default());
    let mut many = event("SEND_SMS", -1, &[(Field::To, "+12125550100"), (Field::From, "+14155550100")]);
    many.weight = 500;
    memory.record(&many).expect("recorded");
    let present = event("SEND_SMS", 0, &[(Field::To, "+12125550101"), (Field::From, "+14155550100")]);
    assert_eq!(read(&memory, "recipients_of_number", &present).count, 2, "the present one counts");
    assert_eq!(read(&memory, "requests_this_second", &present).count, 500);
}

#[test]
fn a_block_holds_until_its_end() {
    let memory = memory(Bounds::default());
    memory.block("acc_1", Block::by_rule("+3712123", "", 0, 1_000)).expect("blocked");
    let until =
        |account: &str, number: &str, now| memory.blocked_until(account, number, now).expect("readable");
    assert_eq!(until("acc_1", "+37121234567", 999), Some(1_000));
    assert_eq!(until("acc_1", "+37121234567", 1_000), None);
    assert_eq!(until("acc_1", "+37121244567", 0), None);
    assert_eq!(until("acc_2", "+37121234567", 0), None);
}

#[test]
fn other_declarations_are_not_mistaken_for_these() {
    let memory = Memory::new(&[], &|_| None, Bounds::default());
    let present = call(0, "+12125550100", "");
    let asking = Asking { present: &present, now: 0, limit: &limit };
    assert_eq!(memory.read(counter("calls_to_recipient"), &asking), Err(Unreadable::Unknown));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Against a list that is looked through from end to end.
    #[test]
    fn windows_agree_with_a_plain_list(
        events in prop::collection::vec((0_i64..130, 0_u8..3, 0_u8..4, 0_u8..30), 0..80),
        now in 60_i64..130,
        to in 0_u8..3,
    ) {
        const STATUSES: [&str; 4] = ["ANSWERED", "NO_ANSWER", "FAILED", ""];
        // On a grid of whole seconds, so that boundaries are met often.
        let memory = memory(Bounds::default());
        let number = |to: u8| format!("+1212555010{to}");
        for (at, to, status, duration) in &events {
            let mut event = call(at * 1_000, &number(*to), STATUSES[usize::from(*status)]);
            event.set(Field::DurationS, Fact::Number(i64::from(*duration) * 1_000));
            memory.record(&event).expect("recorded");
        }
        let present = call(now * 1_000, &number(to), "");
        let past = |span: i64| events.iter().filter(move |e| now - span <= e.0 && e.0 <= now);
        let count = |n: usize| i64::try_from(n).expect("small");

        let plain = past(60).filter(|e| e.1 == to && e.2 != 2).count();
        prop_assert_eq!(read(&memory, "calls_to_recipient", &present).count, count(plain));
        let plain = past(60).filter(|e| e.1 == to && e.2 != 2).count();
        prop_assert_eq!(read(&memory, "calls_to_recipient_platform", &present).count, count(plain));
        let plain = events.iter().filter(|e| now - 1 < e.0 && e.0 <= now && e.2 != 2).count();
        prop_assert_eq!(read(&memory, "calls_this_second", &present).count, count(plain));
        let short = read(&memory, "short_calls", &present);
        let answered: Vec<_> = past(604_800).filter(|e| e.2 == 0).collect();
        prop_assert_eq!(short.of, count(answered.len()));
        prop_assert_eq!(short.part, count(answered.iter().filter(|e| e.3 <= 6).count()));
        prop_assert_eq!(short.enough, answered.len() >= 100);
        let asked = read(&memory, "answered_calls", &present);
        prop_assert_eq!(asked.of, count(past(86_400).filter(|e| e.2 != 3).count()));
        prop_assert_eq!(asked.part, count(answered.len()));
    }

    /// Against every pair of numbers.
    #[test]
    fn runs_agree_with_a_plain_walk(offsets in prop::collection::vec(0_i64..200, 1..40)) {
        let memory = memory(Bounds::default());
        let code = |offset: &i64| event("SEND_OTP", 0, &[(Field::To, &format!("+{}", 12_125_550_000 + offset))]);
        let (present, past) = offsets.split_first().expect("one at least");
        for offset in past {
            memory.record(&code(offset)).expect("recorded");
        }
        let joined = |a: i64, b: i64| {
            (a..b).all(|from| offsets.iter().any(|o| *o > from && *o <= from + 5) || !offsets.contains(&from))
        };
        let mut sorted = offsets.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let longest = sorted.iter().flat_map(|a| sorted.iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| a <= b && joined(*a, *b))
            .map(|(a, b)| sorted.iter().filter(|o| (a..=b).contains(*o)).count())
            .max().unwrap_or(0);
        prop_assert_eq!(read(&memory, "otp_number_run", &code(present)).count, i64::try_from(longest).expect("small"));
    }
}
