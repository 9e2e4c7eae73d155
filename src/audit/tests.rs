use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::{AccountId, ActionKind, Decision, Obligation, Reason, Request, RequestId, Verdict};
use crate::mask::JoinKey;

const LIMIT: Duration = Duration::from_secs(10);

fn about(n: usize) -> About {
    let id = RequestId::parse(format!("r{n}")).unwrap();
    About::named(AccountId::parse("acc_1").unwrap(), Some(id), Some(ActionKind::SendSms))
}

fn record(n: usize) -> Record {
    Record::refused(about(n), Refused { code: "INTERNAL", reason: "TEST" }, Duration::ZERO)
}

fn request(extra: &Value) -> Request {
    let mut value = json!({
        "action": "SEND_SMS", "account_id": "acc_1", "request_id": "r1", "caller_service": "sms-gateway",
        "from": {"type": "LONG_CODE", "value": "+14155550100", "display_name": "Secret Name"},
        "to": "+12125550123", "body": "the secret body", "category": "SERVICE", "nonce": "secret-nonce",
        "end_customer": "Secret Customer", "brand": "Secret Brand"
    });
    json_patch::merge(&mut value, extra);
    Request::from_json(value).unwrap()
}

fn decision() -> Decision {
    let reason = |code: &str, rule: &str| Reason {
        code: code.into(),
        clause: 11,
        message: "secret message".into(),
        detail: "secret detail".into(),
        retryable: true,
        rules: vec![rule.into()],
    };
    Decision {
        decision_id: uuid::Uuid::nil(),
        request_id: RequestId::parse("r1").ok(),
        account_id: AccountId::parse("acc_1").unwrap(),
        action: ActionKind::SendSms,
        verdict: Verdict::Deny,
        violations: vec![reason("QUIET_HOURS", "11-spam#3"), reason("OPTED_OUT", "11-spam#1")],
        monitored: vec![reason("CONTENT_ADULT", "07-adult#1")],
        obligations: vec![Obligation {
            kind: "DELAY_UNTIL".into(),
            parameters: [("text".into(), "secret parameter".to_owned())].into(),
        }],
        retry_after: Some(Duration::from_secs(30)),
        bundle_revision: "b1".into(),
        bundle_digest: "d1".into(),
        account_revision: Some(7),
        evaluated_at: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// A sink in memory that can be made to fail.
#[derive(Clone, Default)]
struct Memory {
    lines: Arc<Mutex<Vec<String>>>,
    broken: Arc<AtomicBool>,
}

impl Memory {
    fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Sink for Memory {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.check()?;
        self.lines.lock().unwrap().push(String::from_utf8(line.to_vec()).unwrap());
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.check()
    }
    fn close(&mut self) -> io::Result<()> {
        self.check()
    }
}

fn recorder(sink: &Memory, queue: usize, overflow: Overflow) -> Recorder {
    Recorder::spawn(sink.clone(), Options { queue, overflow, join: JoinKey::new(b"test") }).unwrap()
}

fn wait_for(what: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !what() {
        assert!(Instant::now() < deadline, "it did not come about in time");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_record_says_what_was_decided_and_nothing_of_what_was_sent() {
    let sink = Memory::default();
    let recorder = recorder(&sink, 10, Overflow::Drop);
    recorder.pending(&request(&json!({}))).decided(&decision(), true);
    recorder.close(LIMIT);
    let mut line = sink.lines().remove(0);
    let object = line.as_object_mut().unwrap();
    assert!(object["time"].as_str().is_some_and(|time| time.parse::<Timestamp>().is_ok()));
    assert!(object["latency_us"].is_u64());
    object.remove("time");
    object.remove("latency_us");
    let expected = json!({
        "request_id": "r1", "account_id": "acc_1", "action": "SEND_SMS", "caller_service": "sms-gateway",
        "sender": "+1415•••0100", "destination": "+1212•••0123",
        "destination_key": JoinKey::new(b"test").key("+12125550123"), "dry_run": false,
        "decision_id": "00000000-0000-0000-0000-000000000000", "verdict": "DENY", "reason": "QUIET_HOURS",
        "violations": ["QUIET_HOURS", "OPTED_OUT"], "monitored": ["CONTENT_ADULT"],
        "obligations": ["DELAY_UNTIL"], "rules": ["11-spam#3", "11-spam#1", "07-adult#1"],
        "retry_after_ms": 30_000, "bundle_revision": "b1", "bundle_digest": "d1", "account_revision": 7,
        "evaluated_at": "1970-01-01T00:00:00Z", "replayed": true
    });
    assert_eq!(line, expected);
}

#[test]
fn an_error_and_a_drop_leave_a_record_too() {
    let sink = Memory::default();
    let recorder = recorder(&sink, 10, Overflow::Drop);
    recorder.pending_about(about(1)).refused("INVALID_ARGUMENT", "FIELD_VIOLATION");
    drop(recorder.pending(&request(&json!({}))));
    let unfinished = recorder.pending_about(about(3));
    let panicking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _unfinished = unfinished;
        panic!("a bug in a handler");
    }));
    assert!(panicking.is_err());
    assert_eq!(recorder.close(LIMIT), Closed { written: 3, dropped: 0, unwritten: 0 });
    let lines = sink.lines();
    let errors: Vec<_> = lines.iter().map(|line| &line["error"]).collect();
    let cancelled = json!({"code": "CANCELLED", "reason": "CANCELLED"});
    let refused = json!({"code": "INVALID_ARGUMENT", "reason": "FIELD_VIOLATION"});
    assert_eq!(errors, [&refused, &cancelled, &cancelled]);
    assert_eq!(lines[1]["destination"], "+1212•••0123");
    assert!(lines[0].get("verdict").is_none());
}

#[test]
fn overflow_is_counted_exactly() {
    let sink = Memory::default();
    sink.broken.store(true, Ordering::SeqCst);
    let recorder = recorder(&sink, 8, Overflow::Drop);
    recorder.record(record(0));
    wait_for(|| recorder.stats().failing);
    for n in 1..=20 {
        recorder.record(record(n));
    }
    let stats = recorder.stats();
    assert_eq!((stats.depth, stats.dropped, stats.written, stats.waits), (8, 12, 0, 0));
    sink.broken.store(false, Ordering::SeqCst);
    assert_eq!(recorder.close(LIMIT), Closed { written: 9, dropped: 12, unwritten: 0 });
    let ids: Vec<_> = sink.lines().iter().map(|line| line["request_id"].clone()).collect();
    assert_eq!(ids, (0..=8).map(|n| json!(format!("r{n}"))).collect::<Vec<_>>());
    assert!(!recorder.stats().failing);
}

#[test]
fn a_full_queue_holds_up_its_callers_once_and_for_a_bounded_time() {
    let sink = Memory::default();
    sink.broken.store(true, Ordering::SeqCst);
    let recorder = recorder(&sink, 1, Overflow::Block { wait: Duration::from_millis(50) });
    recorder.record(record(0));
    wait_for(|| recorder.stats().failing);
    recorder.record(record(1));
    let started = Instant::now();
    recorder.record(record(2));
    assert!(started.elapsed() >= Duration::from_millis(50));
    for n in 3..100 {
        recorder.record(record(n));
    }
    assert!(started.elapsed() < Duration::from_secs(2), "only the first one waits: {:?}", started.elapsed());
    let stats = recorder.stats();
    assert_eq!((stats.waits, stats.dropped, stats.depth), (1, 98, 1));
    sink.broken.store(false, Ordering::SeqCst);
    assert_eq!(recorder.close(LIMIT), Closed { written: 2, dropped: 98, unwritten: 0 });
}

#[test]
fn a_wait_ends_as_soon_as_there_is_room() {
    let sink = Memory::default();
    let recorder = recorder(&sink, 4, Overflow::Block { wait: LIMIT });
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = &recorder;
            scope.spawn(move || (0..500).for_each(|n| recorder.record(record(thread * 500 + n))));
        }
    });
    assert_eq!(recorder.close(LIMIT), Closed { written: 2000, dropped: 0, unwritten: 0 });
    let mut ids: Vec<_> = sink.lines().iter().map(|line| line["request_id"].to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2000);
}

#[test]
fn closing_says_what_could_not_be_written_and_takes_nothing_more() {
    let sink = Memory::default();
    sink.broken.store(true, Ordering::SeqCst);
    let recorder = recorder(&sink, 10, Overflow::Drop);
    for n in 0..5 {
        recorder.record(record(n));
    }
    let started = Instant::now();
    let closed = recorder.close(Duration::from_millis(100));
    assert_eq!(closed, Closed { written: 0, dropped: 0, unwritten: 5 });
    assert!(started.elapsed() < Duration::from_secs(5));
    recorder.record(record(9));
    assert_eq!(recorder.stats().dropped, 1);
}

#[test]
fn a_recorder_that_nobody_closed_is_still_written_out() {
    let sink = Memory::default();
    let recorder = recorder(&sink, 10, Overflow::Drop);
    recorder.record(record(1));
    drop(recorder);
    wait_for(|| sink.lines().len() == 1);
}

fn options(dir: &Path, max_bytes: u64, max_files: u32) -> FileOptions {
    FileOptions { path: dir.join("decisions.jsonl"), max_bytes, max_files }
}

fn lines_of(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn rotation_keeps_every_line() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), 4096, 100);
    let sink = FileSink::open(options.clone()).unwrap();
    let recorder = Recorder::spawn(
        sink,
        Options { queue: 16, overflow: Overflow::Block { wait: LIMIT }, ..Options::default() },
    );
    let recorder = recorder.unwrap();
    for n in 0..500 {
        recorder.record(record(n));
    }
    assert_eq!(recorder.close(LIMIT), Closed { written: 500, dropped: 0, unwritten: 0 });
    let older = (1..=100).rev().map(|n| dir.path().join(format!("decisions.jsonl.{n}")));
    let files: Vec<_> = older.filter(|path| path.exists()).chain([options.path.clone()]).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() <= 4096, "{}", file.display());
    }
    let ids: Vec<String> = files
        .iter()
        .flat_map(|path| lines_of(path))
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["request_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, (0..500).map(|n| format!("r{n}")).collect::<Vec<_>>());
    assert!(!dir.path().join("decisions.jsonl.new").exists());
}

#[test]
fn older_files_are_bounded_and_the_oldest_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = FileSink::open(options(dir.path(), 2, 2)).unwrap();
    for line in ["1\n", "2\n", "3\n", "4\n"] {
        sink.append(line.as_bytes()).unwrap();
    }
    sink.close().unwrap();
    let content = |name: &str| lines_of(&dir.path().join(name)).join("");
    assert_eq!(content("decisions.jsonl"), "4");
    assert_eq!(content("decisions.jsonl.1"), "3");
    assert_eq!(content("decisions.jsonl.2"), "2");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn a_rotation_that_fails_loses_nothing_and_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), 2, 3);
    let mut sink = FileSink::open(options.clone()).unwrap();
    sink.append(b"1\n").unwrap();
    // A directory in the way of the new file.
    let obstacle = dir.path().join("decisions.jsonl.new");
    std::fs::create_dir(&obstacle).unwrap();
    sink.append(b"2\n").unwrap_err();
    sink.append(b"2\n").unwrap_err();
    assert_eq!(lines_of(&options.path), ["1"]);
    std::fs::remove_dir(&obstacle).unwrap();
    sink.append(b"2\n").unwrap();
    sink.close().unwrap();
    assert_eq!(lines_of(&options.path), ["2"]);
    assert_eq!(lines_of(&dir.path().join("decisions.jsonl.1")), ["1"]);
}

#[test]
fn a_file_is_appended_to_and_a_torn_line_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), 4096, 3);
    std::fs::write(&options.path, "whole\ntor").unwrap();
    let mut sink = FileSink::open(options.clone()).unwrap();
    sink.append(b"next\n").unwrap();
    sink.close().unwrap();
    assert_eq!(lines_of(&options.path), ["whole", "tor", "next"]);
}

#[test]
fn two_writers_of_one_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = FileSink::open(options(dir.path(), 4096, 3)).unwrap();
    assert!(matches!(FileSink::open(options(dir.path(), 4096, 3)), Err(OpenError::InUse(_))));
    let nowhere = options(&dir.path().join("none"), 4096, 3);
    assert!(matches!(FileSink::open(nowhere), Err(OpenError::Io(..))));
}

fn shared(line: &str, number: &str) -> usize {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let runs = line.split(|c: char| !c.is_ascii_digit());
    runs.filter(|run| run.len() >= 7).filter(|run| digits.contains(run) || run.contains(&digits)).count()
}

proptest! {
    #[test]
    fn no_line_shows_a_number_or_content(
        from in "\\+[1-9][0-9]{6,14}",
        to in "\\+[1-9][0-9]{6,14}",
        body in "[A-Z]{3}[a-z0-9 é]{12,60}",
        alpha in any::<bool>(),
        email in any::<bool>(),
    ) {
        let request = if email {
            request(&json!({
                "action": "SEND_EMAIL", "to": null, "body": null, "to_email": format!("{to}@example.com"),
                "subject": body, "text": body, "html": body, "from": {"type": null, "value": format!("{from}@example.com")}
            }))
        } else {
            let kind = if alpha { "ALPHA" } else { "LONG_CODE" };
            request(&json!({"from": {"type": kind, "value": from, "display_name": body}, "to": to, "body": body}))
        };
        let about = About::request(&request, &JoinKey::new(b"test"));
        let key = about.destination_key.clone().unwrap();
        let record = Record::decided(about, &decision(), false, Duration::from_micros(12));
        let line = String::from_utf8(record.to_line()).unwrap();
        let time = record.time.to_string();
        let line = line.replace(&time, "").replace(&key, "");
        prop_assert_eq!(shared(&line, &from) + shared(&line, &to), 0, "{}", line);
        for start in 0..=body.chars().count() - 8 {
            let part: String = body.chars().skip(start).take(8).collect();
            prop_assert!(!line.contains(&part), "{part:?} in {line}");
        }
        prop_assert!(!line.to_lowercase().contains("secret"), "{}", line);
    }
}
