use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::traffic::digest::Secret;
use crate::traffic::tests::agrees::{Step, step};
use crate::traffic::tests::{bundle, call, limit, read};
use crate::traffic::{Amended, Asking, Block, Event, Fact, Field};

const NOW: i64 = 1_800_000_000_000;

fn memory(secret: Secret) -> Memory {
    Memory::keyed(secret, &bundle().counters, &|place| limit(place).ok(), Bounds::default())
}

fn open(folder: &TempDir) -> Result<(Arc<Memory>, Segments), SegmentError> {
    let limit = |place| limit(place).ok();
    Segments::open(folder.path(), &bundle().counters, &limit, Bounds::default(), NOW)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path()).expect("it can be read");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn named(folder: &TempDir, name: &str) -> Vec<PathBuf> {
    let is =
        |path: &PathBuf| path.file_name().is_some_and(|n| n.to_str().is_some_and(|n| n.starts_with(name)));
    files(folder).into_iter().filter(is).collect()
}

fn calls(memory: &Memory) -> i64 {
    read(memory, "calls_to_recipient", &call(NOW, "+12125550100", "")).count
}

fn record(memory: &Memory, times: usize) {
    for _ in 0..times {
        memory.record(&call(NOW, "+12125550100", "")).expect("recorded");
    }
}

#[test]
fn what_was_counted_is_counted_after_a_restart() {
    let folder = folder();
    let (memory, segments) = open(&folder).expect("it opens");
    record(&memory, 7);
    let mut attempt = call(NOW, "+12125550100", "");
    attempt.id = Some("req_1".into());
    memory.record(&attempt).expect("recorded");
    memory.block("acc_1", Block::by_rule("+3712", "", NOW, 1_000)).expect("blocked");
    memory.block("acc_1", Block::by_rule("+3713", "", NOW, 1_000)).expect("blocked");
    memory.unblock("acc_1", "+3713", 0).expect("lifted");
    drop(segments);
    let (memory, segments) = open(&folder).expect("it opens again");
    assert_eq!((calls(&memory), segments.found().torn), (8, 0));
    let mut failed = |event: &mut Event| event.set_text(Field::Status, "FAILED");
    assert_eq!(memory.amend("acc_1", "req_1", &mut failed), Ok(Amended::Done));
    assert_eq!(calls(&memory), 7, "an outcome finds the attempt from before");
    assert_eq!(memory.cooldowns(Some("acc_1")).len(), 1);
    drop(segments);
    let (memory, _segments) = open(&folder).expect("it opens a third time");
    assert_eq!(calls(&memory), 7);
    assert_eq!(memory.blocked_until("acc_1", "+37123", NOW), Ok(Some(NOW + 1_000)));
}

#[test]
fn a_snapshot_stands_for_what_was_before_it() {
    let folder = folder();
    let (mut files_of, secret) = Files::open(folder.path()).expect("it opens");
    let memory = Arc::new(memory(secret));
    files_of.begin_log().expect("begun");
    memory.begin_journal();
    let mut writer = Writer { memory: memory.clone(), files: files_of, waiting: Vec::new(), failing: false };
    record(&memory, 3);
    writer.take();
    writer.write();
    record(&memory, 4);
    writer.snapshot().expect("a snapshot");
    assert_eq!((named(&folder, "log-").len(), named(&folder, "snapshot-").len()), (1, 1));
    record(&memory, 5);
    writer.take();
    writer.write();
    writer.snapshot().expect("another");
    record(&memory, 6);
    writer.take();
    writer.write();
    assert_eq!((named(&folder, "log-").len(), named(&folder, "snapshot-").len()), (1, 1));
    drop(writer);
    let (memory, _segments) = open(&folder).expect("it opens");
    assert_eq!(calls(&memory), 18);
}

#[test]
fn a_torn_end_is_cut_off_and_what_is_before_it_is_good() {
    let folder = folder();
    let (memory, segments) = open(&folder).expect("it opens");
    drop((memory, segments));
    // Two frames, as two writes make them.
    let (memory, mut segments) = open(&folder).expect("it opens");
    record(&memory, 2);
    std::thread::sleep(2 * PERIOD);
    record(&memory, 3);
    segments.close();
    let log = named(&folder, "log-").pop().expect("a log");
    let whole = fs::read(&log).expect("it can be read");
    let mut seen = Vec::new();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&log, &whole[..length]).expect("it can be cut");
        let (memory, mut segments) = open(&folder).expect("it opens all the same");
        seen.push((calls(&memory), segments.found().torn > 0));
        segments.close();
        for newer in named(&folder, "log-").into_iter().filter(|path| *path > log) {
            fs::remove_file(newer).expect("it can be removed");
        }
    }
    assert!(seen.iter().any(|(count, torn)| *count == 2 && *torn), "{seen:?}");
    assert!(seen.iter().all(|(count, _)| [0, 2].contains(count)), "{seen:?}");
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    fs::write(&log, &flipped).expect("it can be written");
    let (memory, _segments) = open(&folder).expect("it opens all the same");
    assert_eq!(calls(&memory), 2, "a flipped bit is seen");
}

#[test]
fn two_processes_do_not_write_to_one_folder() {
    let folder = folder();
    let _first = open(&folder).expect("it opens");
    assert!(matches!(open(&folder), Err(SegmentError::InUse(_))));
}

#[test]
fn what_is_not_ours_is_not_read_and_not_overwritten() {
    let folder = folder();
    drop(open(&folder).expect("it opens"));
    let log = named(&folder, "log-").pop().expect("a log");
    fs::write(&log, "somebody else's file").expect("it can be written");
    assert!(matches!(open(&folder), Err(SegmentError::Foreign(path)) if path == log));
    fs::remove_file(log).expect("it can be removed");
    drop(open(&folder).expect("it opens"));
    fs::remove_file(folder.path().join("secret")).expect("it can be removed");
    assert!(matches!(open(&folder), Err(SegmentError::Secret(_))));
}

#[test]
fn no_number_and_no_address_is_in_the_files() {
    let folder = folder();
    let (mut files_of, secret) = Files::open(folder.path()).expect("it opens");
    let memory = Arc::new(memory(secret));
    files_of.begin_log().expect("begun");
    memory.begin_journal();
    let mut writer = Writer { memory: memory.clone(), files: files_of, waiting: Vec::new(), failing: false };
    for kind in ["SEND_OTP", "PLACE_CALL"] {
        let mut event = Event::new(kind, NOW);
        event.id = Some("req_1".into());
        let texts = [
            (Field::Account, "acc_1"),
            (Field::To, "+12125550100"),
            (Field::Prefix, "+1212555"),
            (Field::From, "+14155550177"),
            (Field::Ip, "192.0.2.17"),
            (Field::EndUserIp, "192.0.2.18"),
        ];
        for (field, text) in texts {
            event.set_text(field, text);
        }
        memory.record(&event).expect("recorded");
        writer.take();
        writer.write();
    }
    let logged: Vec<_> = files(&folder).iter().flat_map(|path| fs::read(path).expect("readable")).collect();
    writer.snapshot().expect("a snapshot");
    let kept: Vec<_> = files(&folder).iter().flat_map(|path| fs::read(path).expect("readable")).collect();
    let contains = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|window| window == part);
    let mut packed = Vec::new();
    codec::put_i64(&mut packed, 12_125_550_100);
    let mut unsigned = Vec::new();
    codec::put_u64(&mut unsigned, 12_125_550_100);
    for all in [logged, kept] {
        assert!(contains(&all, b"acc_1"), "the files hold something");
        for secret in [&b"12125550100"[..], b"+1212", b"4155550177", b"192.0.2", &packed, &unsigned] {
            assert!(!contains(&all, secret), "{}", String::from_utf8_lossy(secret));
        }
        assert!(!contains(&all, &12_125_550_100_i64.to_le_bytes()));
    }
}

/// Makes a step; what was recorded stays in `events` as its last state.
fn make(memory: &Memory, step: &Step, now: &mut i64, events: &mut Vec<Event>) {
    *now += (1_i64 << step.later) - 1;
    if let Some(place) = step.amends.filter(|_| !events.is_empty()) {
        let known = place.get(events);
        let (account, id) = (known.text(Field::Account).expect("one"), known.id.clone().expect("one"));
        memory.amend(account, &id, &mut |event| step.ended(event)).expect("amended");
        return;
    }
    let mut event = step.event(*now);
    event.id = Some(events.len().to_string().into());
    memory.record(&event.clone()).expect("recorded");
    events.push(event);
}

fn same(a: &Memory, b: &Memory, events: &[Event], now: i64) -> Result<(), TestCaseError> {
    for event in events {
        let mut present = event.clone();
        (present.at, present.refused) = (now, false);
        for counter in bundle().counters.iter().filter(|counter| !counter.planned) {
            let asking = Asking { present: &present, now, limit: &limit };
            let (one, other) = (a.read(counter, &asking), b.read(counter, &asking));
            prop_assert_eq!(one, other, "{}", counter.name);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The state is cut in the middle of traffic, and copied while it goes on.
    #[test]
    fn an_image_and_what_came_after_it_are_the_whole(
        before in prop::collection::vec(step(), 0..40),
        during in prop::collection::vec(step(), 0..40),
        after in prop::collection::vec(step(), 0..20),
        copied in 0_usize..50,
    ) {
        let secret = Secret::random();
        let memory_a = memory(secret);
        memory_a.begin_journal();
        let (mut now, mut events) = (NOW, Vec::new());
        for step in &before {
            make(&memory_a, step, &mut now, &mut events);
        }
        drop(memory_a.cut());
        let mut image = memory_a.image();
        let mut parts: Vec<Vec<u8>> = image.by_ref().take(copied).collect();
        for step in &during {
            make(&memory_a, step, &mut now, &mut events);
        }
        parts.extend(image);
        for step in &after {
            make(&memory_a, step, &mut now, &mut events);
        }
        let memory_b = memory(secret);
        for part in parts.iter().chain([&part(&memory_a.take_changes().bytes)]) {
            memory_b.take_in(part).expect("it is well formed");
        }
        same(&memory_a, &memory_b, &events, now)?;
        prop_assert_eq!(memory_a.stats().attempts, memory_b.stats().attempts);
        // And what is told later finds everything.
        for event in &events {
            let account = event.text(Field::Account).expect("one");
            let id = event.id.clone().expect("one");
            let mut verified = |event: &mut Event| event.set(Field::Verified, Fact::Flag(true));
            prop_assert_eq!(memory_a.amend(account, &id, &mut verified), memory_b.amend(account, &id, &mut verified));
        }
        same(&memory_a, &memory_b, &events, now)?;
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0_u8..6) {
        let memory = memory(Secret::random());
        let part = [vec![kind], bytes].concat();
        let _ = memory.take_in(&part);
        prop_assert!(memory.stats().keys <= part.len());
    }
}
