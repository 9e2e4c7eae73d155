//! What is told after an attempt, what time alone changes, and whose turn it is.

use super::*;

const SECOND: i64 = 1_000;

fn code(at: i64, id: &str) -> Event {
    let mut code = event("SEND_OTP", at, &[(Field::To, "+12125550100"), (Field::Prefix, "+1212555")]);
    code.id = Some(id.into());
    code
}

fn verify(memory: &Memory, id: &str) -> Amended {
    let verified = |event: &mut Event| {
        event.set_text(Field::Status, "VERIFIED");
        event.set(Field::Verified, Fact::Flag(true));
    };
    memory.amend("acc_1", id, &mut { verified }).expect("amended")
}

fn leaving(memory: &Memory, name: &str, present: &Event) -> Vec<i64> {
    let asking = Asking { present, now: present.at, limit: &limit };
    memory.leaving(counter(name), &asking).expect("it can be told")
}

#[test]
fn an_outcome_moves_an_attempt_from_counter_to_counter() {
    let memory = memory(Bounds::default());
    memory.record(&code(0, "a")).expect("recorded");
    memory.record(&code(1, "b")).expect("recorded");
    let unverified = |at| read(&memory, "otp_unverified_to_recipient", &code(at, "c")).count;
    let verified = |at| read(&memory, "otp_verified_to_recipient", &code(at, "c")).count;
    assert_eq!((unverified(5), verified(5)), (2, 0));
    assert_eq!(verify(&memory, "a"), Amended::Done);
    assert_eq!((unverified(5), verified(5)), (1, 1));
    assert_eq!(verify(&memory, "a"), Amended::Done);
    assert_eq!((unverified(5), verified(5)), (1, 1), "twice is once");
    assert_eq!(verify(&memory, "nobody's"), Amended::Unknown);
    let late = read(&memory, "otp_conversion_prefix", &code(300 * SECOND, "c"));
    assert_eq!((late.part, late.of), (1, 2));
}

#[test]
fn ids_are_each_accounts_own() {
    let memory = memory(Bounds::default());
    memory.record(&code(0, "a")).expect("recorded");
    let mut none = |_: &mut Event| ();
    assert_eq!(memory.amend("acc_2", "a", &mut none).expect("amended"), Amended::Unknown);
}

#[test]
fn what_leaves_a_window_leaves_at_the_instant_after_its_end() {
    let memory = memory(Bounds::default());
    for at in [0, 10 * SECOND, 10 * SECOND, 70 * SECOND] {
        memory.record(&call(at, "+12125550100", "")).expect("recorded");
    }
    let present = call(65 * SECOND, "+12125550100", "");
    let instants = leaving(&memory, "calls_to_recipient", &present);
    assert_eq!(instants, [70 * SECOND, 70 * SECOND + 1, 130 * SECOND + 1]);
    for pair in instants.windows(2) {
        let count = |at| read(&memory, "calls_to_recipient", &call(at, "+12125550100", "")).count;
        assert_ne!(count(pair[0]), count(pair[0] - 1));
        assert_eq!(count(pair[0]), count(pair[1] - 1), "nothing changes between two of them");
    }
}

#[test]
fn a_code_comes_of_age_and_then_leaves() {
    let memory = memory(Bounds::default());
    memory.record(&code(0, "a")).expect("recorded");
    let instants = leaving(&memory, "otp_conversion_prefix", &code(1, "b"));
    assert_eq!(instants, [120 * SECOND, 3_600 * SECOND + 1]);
    let of = |at| read(&memory, "otp_conversion_prefix", &code(at, "b")).of;
    let sides = instants.map_sides();
    assert_eq!(sides.iter().map(|at| of(*at)).collect::<Vec<_>>(), [0, 1, 1, 0]);
}

trait Sides {
    fn map_sides(&self) -> Vec<i64>;
}

impl Sides for Vec<i64> {
    fn map_sides(&self) -> Vec<i64> {
        self.iter().flat_map(|at| [at - 1, *at]).collect()
    }
}

#[test]
fn a_day_ends_at_midnight_and_a_call_by_being_told_so() {
    let memory = memory(Bounds::default());
    let at: jiff::Timestamp = "2026-12-01T18:00:00Z".parse().expect("an instant");
    let texts = [(Field::BrandRegistration, "B1"), (Field::Carrier, "TMOBILE")];
    let text = event("SEND_SMS", at.as_millisecond(), &texts);
    memory.record(&text.clone()).expect("recorded");
    let midnight: jiff::Timestamp = "2026-12-02T08:00:00Z".parse().expect("an instant");
    assert_eq!(leaving(&memory, "texts_of_brand_to_tmobile", &text), [midnight.as_millisecond()]);
    memory.record(&call(0, "+12125550100", "IN_PROGRESS")).expect("recorded");
    assert_eq!(leaving(&memory, "calls_in_progress", &call(1, "+12125550100", "")), [0_i64; 0]);
}

#[test]
fn of_two_attempts_only_one_is_the_last_one() {
    let memory = memory(Bounds::default());
    let attempt = |memory: &Memory| {
        let present = call(0, "+12125550100", "");
        let _turn = memory.turn("acc_1");
        let may = read(memory, "calls_to_recipient", &present).count < 10;
        if may {
            memory.record(&present).expect("recorded");
        }
        u32::from(may)
    };
    let allowed: u32 = std::thread::scope(|scope| {
        let each = || (0..20).map(|_| attempt(&memory)).sum::<u32>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(each)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends well")).sum()
    });
    assert_eq!(allowed, 10);
}

#[test]
fn blocks_are_listed_and_lifted() {
    let memory = memory(Bounds::default());
    memory.block("acc_1", Block::by_rule("+3712", "", 0, 1_000)).expect("blocked");
    memory.block("acc_1", Block::by_rule("+3712", "", 0, 500)).expect("blocked");
    let until = |n: &str| memory.blocked_until("acc_1", n, 0).expect("readable");
    assert_eq!(memory.cooldowns(Some("acc_1")), [("acc_1".into(), Block::by_rule("+3712", "", 0, 1_000))]);
    assert_eq!(until("+37121234567"), Some(1_000));
    assert!(memory.unblock("acc_1", "+3712", 0).expect("lifted"));
    assert!(!memory.unblock("acc_1", "+3712", 0).expect("not there"));
    assert_eq!(until("+37121234567"), None);
}

#[test]
fn what_memory_shows_of_itself_names_nobody() {
    let memory = memory(Bounds::default());
    memory.record(&code(0, "secret-id")).expect("recorded");
    memory.block("acc_1", Block::by_rule("+3712", "", 0, 1_000)).expect("blocked");
    let shown = format!("{memory:?}");
    for secret in ["2125550100", "1212555", "secret-id"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
