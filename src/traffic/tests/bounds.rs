//! What happens when there is too much: of one key, of one account, of all.

use super::*;
use crate::traffic::digest::Secret;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

fn text(account: &str, at: i64, to: usize) -> Event {
    let to = format!("+1{:010}", 2_000_000_000 + to);
    let mut event = event("SEND_SMS", at, &[(Field::From, "+14155550100"), (Field::To, &to)]);
    event.set_text(Field::Account, account);
    event
}

fn small() -> Bounds {
    Bounds { cells_of_account: 16_384, cells_of_all: 65_536, ..Bounds::default() }
}

/// By how many millionths of what is right a reading is off.
fn off(reading: i64, right: usize) -> u64 {
    let right = u64::try_from(right).expect("small");
    reading.unsigned_abs().abs_diff(right) * 1_000_000 / right.max(1)
}

#[test]
fn who_sends_to_a_million_numbers_loses_nobody_elses_counters() {
    let memory = memory(small());
    let victims: Vec<String> = (0..50).map(|nth| format!("acc_small_{nth}")).collect();
    for account in &victims {
        for at in 0..5 {
            memory.record(&text(account, at * SECOND, 1)).expect("recorded");
        }
    }
    let (_, before) = memory.size();
    for to in 0..100_000 {
        memory.record(&text("acc_attacker", 10 * SECOND, to)).expect("recorded");
    }
    let stats = memory.stats();
    assert_eq!(before, 0);
    assert!(stats.evicted.iter().map(|(_, gone)| gone).sum::<u64>() > 50_000, "it overflowed its share");
    assert!(stats.keys < 65_536 / 4, "{} keys", stats.keys);
    for account in &victims {
        let reading = read(&memory, "texts_to_recipient", &text(account, 20 * SECOND, 1));
        assert_eq!(reading.count, 5, "nothing of {account} went");
    }
    let recent = read(&memory, "texts_to_recipient", &text("acc_attacker", 20 * SECOND, 99_999));
    assert_eq!(recent.count, 1, "what it wrote last is there");
}

#[test]
fn many_accounts_together_give_way_from_the_top() {
    let memory = memory(small());
    memory.record(&text("acc_small", 0, 7)).expect("recorded");
    for nth in 0..40_000 {
        memory.record(&text(&format!("acc_{}", nth % 8), SECOND, nth)).expect("recorded");
    }
    assert_eq!(read(&memory, "texts_to_recipient", &text("acc_small", SECOND, 7)).count, 1);
    let room = small().cells_of_all;
    assert!(memory.stats().keys * 4 <= room + room / 8, "{} keys", memory.stats().keys);
}

#[test]
fn a_counter_has_no_more_keys_than_it_may() {
    let memory = memory(Bounds { keys_of_counter: 1_024, ..Bounds::default() });
    memory.record(&text("acc_small", 0, 7)).expect("recorded");
    for to in 0..5_000 {
        memory.record(&text("acc_attacker", SECOND, to)).expect("recorded");
    }
    assert_eq!(read(&memory, "texts_to_recipient", &text("acc_small", SECOND, 7)).count, 1);
    let evicted = memory.stats().evicted.into_iter().find(|(name, _)| &**name == "texts_to_recipient");
    assert!(evicted.expect("it is counted").1 >= 3_900);
}

#[test]
fn idle_keys_go_by_themselves() {
    let memory = memory(Bounds::default());
    for to in 0..2_000 {
        memory.record(&text("acc_1", 0, to)).expect("recorded");
    }
    let before = memory.stats().keys;
    // Each write looks at a few keys of its own shards, and of one more.
    for nth in 0..8_000 {
        memory.record(&text("acc_1", 40 * DAY + nth, 1)).expect("recorded");
    }
    let stats = memory.stats();
    assert!(before > 2_000 && stats.keys < 20, "{before} keys became {}", stats.keys);
    assert_eq!(memory.size().1, 0, "nothing went before its time");
}

#[test]
fn counts_are_exact_to_4096_events_and_within_a_hundredth_above() {
    let memory = memory(Bounds::default());
    let mut random = 1_u64;
    let mut at = 0;
    let mut all = Vec::new();
    for nth in 0..60_000_u32 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        at += i64::try_from(random >> 53).expect("small");
        let status = if random & (7 << 20) == 0 { "ANSWERED" } else { "NO_ANSWER" };
        let mut call = call(at, "+12125550100", status);
        call.set(Field::DurationS, Fact::Number(i64::try_from(random >> 40 & 0x3fff).expect("small")));
        memory.record(&call.clone()).expect("recorded");
        all.push((at, status == "ANSWERED", call.number(Field::DurationS)));
        if nth % 2_500 != 2_499 {
            continue;
        }
        // Every length of window, by asking at later and later instants.
        for step in 0..40 {
            let now = at + step * DAY / 36;
            let in_window = |span: i64| all.iter().filter(move |(at, ..)| now - span <= *at && *at <= now);
            let exact = in_window(DAY).count() <= 4_096;
            let present = call_at(now);
            let day = read(&memory, "calls_this_day", &present).count;
            let right = in_window(DAY).count();
            assert!(off(day, right) <= if exact { 0 } else { 10_000 }, "{day} instead of {right} calls");
            let answered = read(&memory, "answered_calls", &present);
            let right = in_window(DAY).filter(|(_, answered, _)| *answered).count();
            let slack = if exact { 0 } else { 10_000 };
            assert!(off(answered.part, right) <= slack, "{} instead of {right} answered", answered.part);
            let short = read(&memory, "short_calls", &present);
            let right = in_window(7 * DAY).filter(|(_, answered, ms)| *answered && *ms <= 6_000).count();
            assert!(off(short.part, right) <= 10_000, "{} instead of {right} short", short.part);
        }
    }
    assert!(memory.stats().entries < 60_000 * 4, "old ones are merged: {}", memory.stats().entries);
}

fn call_at(at: i64) -> Event {
    call(at, "+12125550199", "")
}

#[test]
fn distinct_values_are_exact_to_thousands_and_within_two_hundredths_of_a_million() {
    // A sample is within its bound nearly always; with one secret it is always the same sample.
    let secret = Secret::from([7; 16]);
    let memory = Memory::keyed(secret, &bundle().counters, &|place| limit(place).ok(), Bounds::default());
    for to in 0..300_000 {
        let at = i64::try_from(to).expect("small") * 100;
        memory.record(&text("acc_1", at, to)).expect("recorded");
        let asked = to < 1_100 || to % 30_000 == 29_999;
        if asked {
            let known = read(&memory, "recipients_of_number", &text("acc_1", at, to)).count;
            let slack = if to < 60_000 { 0 } else { 20_000 };
            assert!(off(known, to + 1) <= slack, "{known} instead of {} recipients", to + 1);
        }
    }
    let again = read(&memory, "recipients_of_number", &text("acc_1", -1, 5)).count;
    assert_eq!(again, 1, "a window that ends before all of them");
}

#[test]
fn the_oldest_attempts_go_first_and_their_outcome_is_unknown() {
    let memory = memory(Bounds { attempts_of_account: 3, ..Bounds::default() });
    for nth in 0..5 {
        let mut attempt = call(nth, "+12125550100", "");
        attempt.id = Some(format!("req_{nth}").into());
        memory.record(&attempt).expect("recorded");
    }
    let amend = |id: &str| {
        memory.amend("acc_1", id, &mut |event| event.set_text(Field::Status, "FAILED")).expect("amended")
    };
    assert_eq!(amend("req_1"), Amended::Unknown);
    assert_eq!(amend("req_2"), Amended::Done);
    assert_eq!(memory.stats().evicted_attempts, 2);
    assert_eq!(read(&memory, "calls_to_recipient", &call(5, "+12125550100", "")).count, 4);
}

#[test]
fn a_million_keys_fit_into_256_mib() {
    // In a process of its own, because what others allocate would count.
    let this = std::env::current_exe().expect("the test binary");
    let output = std::process::Command::new(this)
        .args(["traffic::tests::bounds::a_million_keys", "--exact", "--ignored", "--nocapture"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.split_once(name)).unwrap_or_else(|| panic!("{text}"));
        line.1.trim().split(' ').next().expect("a figure").parse().expect("a number")
    };
    let (keys, bytes) = (figure("live keys:"), figure("bytes:"));
    assert!(keys >= 1_000_000, "{keys} keys");
    assert!(bytes <= 256 << 20, "{bytes} bytes for {keys} keys: {} each", bytes / keys);
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn a_million_keys() {
    let resident = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    };
    let memory = memory(Bounds::default());
    let account = |nth: usize| format!("acc_{}", nth % 5_000);
    memory.record(&text(&account(0), 0, 0)).expect("recorded");
    let before = resident();
    let mut to = 0;
    while memory.stats_of_keys() < 1_000_000 {
        for _ in 0..10_000 {
            memory.record(&text(&account(to), 0, to)).expect("recorded");
            to += 1;
        }
    }
    println!("live keys: {}", memory.stats().keys);
    println!("bytes: {}", resident() - before);
    assert_eq!(memory.size().1, 0, "none had to go");
}
