//! What past traffic costs: to record an event, to read a counter, to decide with counters and
//! without, and how long readings take while 200,000 events a second come in.
//!
//! `cargo bench --bench traffic -- --quick`.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aupd::bundle::{Bundle, Counter, Files, Snapshot};
use aupd::cases::Suite;
use aupd::decide::decide;
use aupd::domain::{Request, ResolvedAccount, Verdict};
use aupd::signals::Subject;
use aupd::traffic::{Asking, Bounds, Event, Fact, Field, Memory, Segments, Unreadable};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use uuid::Uuid;

/// As the service allocates.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Keys that are live while it is measured.
const KEYS: usize = 1_000_000;
/// Accounts that have them.
const ACCOUNTS: usize = 5_000;
const NOW: i64 = 1_796_148_000_000;
/// Events a second that must be kept up with.
const RATE: u32 = 200_000;

criterion_group!(benches, one_by_one, decisions, under_load);
criterion_main!(benches);

fn bundle() -> Bundle {
    Bundle::embedded().expect("the default bundle loads")
}

fn memory(bundle: &Bundle) -> Memory {
    let limit = |place: usize| bundle.limits.at(place).map(|limit| limit.default);
    Memory::new(&bundle.counters, &limit, Bounds::default())
}

/// A text as the service would count it.
fn text(nth: usize, at: i64) -> Event {
    let mut event = Event::new("SEND_SMS", at);
    let to = format!("+1{:010}", 2_000_000_000 + nth % 9_999_999 * 37 % 99_999_999);
    let account = nth % ACCOUNTS;
    let texts = [
        (Field::Account, format!("acc_{account}")),
        (Field::Action, "SEND_SMS".to_owned()),
        (Field::Prefix, to[..8].to_owned()),
        (Field::To, to),
        (Field::From, format!("+1415{account:07}")),
        (Field::Country, "US".to_owned()),
        (Field::Category, "SERVICE".to_owned()),
        (Field::Ip, "203.0.113.10".to_owned()),
    ];
    for (field, text) in texts {
        event.set_text(field, &text);
    }
    event.set(Field::Cost, Fact::Number(7_500));
    event.set(Field::Verified, Fact::Flag(false));
    event.set(Field::HighCost, Fact::Flag(false));
    event.set(Field::RatedCost, Fact::Number(0));
    event.set(Field::EvenCost, Fact::Number(0));
    event
}

/// A memory with so many live keys, and the number of the next event.
fn filled(bundle: &Bundle) -> (Memory, usize) {
    let (memory, mut nth) = (memory(bundle), 0);
    while memory.stats().keys < KEYS {
        for _ in 0..50_000 {
            memory.record(&text(nth, NOW)).expect("recorded");
            nth += 1;
        }
    }
    (memory, nth)
}

fn read(memory: &Memory, bundle: &Bundle, counter: &Counter, present: &Event) -> i64 {
    let limit = |place: usize| bundle.limits.at(place).map(|limit| limit.default).ok_or(Unreadable::Unknown);
    let asking = Asking { present, now: present.at, limit: &limit };
    memory.read(counter, &asking).expect("it can be read").count
}

fn one_by_one(criterion: &mut Criterion) {
    let bundle = bundle();
    let (memory, mut nth) = filled(&bundle);
    let mut group = criterion.benchmark_group("traffic");
    let mut next = || {
        nth += 1;
        text(nth, NOW)
    };
    group.bench_function("record", |bencher| {
        bencher.iter_batched(&mut next, |event| memory.record(&event), BatchSize::SmallInput);
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let limit = |place: usize| bundle.limits.at(place).map(|limit| limit.default);
    let opened = Segments::open(folder.path(), &bundle.counters, &limit, Bounds::default(), NOW);
    let (written, segments) = opened.expect("the segments can be opened");
    group.bench_function("record and write down", |bencher| {
        bencher.iter_batched(&mut next, |event| written.record(&event), BatchSize::SmallInput);
    });
    drop(segments);
    for counter in bundle.counters.iter().filter(|counter| counter.takes(&text(0, NOW))) {
        let mut place = 0;
        group.bench_function(format!("read/{}", counter.name), |bencher| {
            bencher.iter_batched(
                || {
                    place += 7_919;
                    text(place, NOW)
                },
                |present| (read(&memory, &bundle, counter, &present), present),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Events come as fast as they can be recorded, on one core, and a counter is read after each.
fn under_load(_: &mut Criterion) {
    let bundle = bundle();
    let (memory, nth) = filled(&bundle);
    let events: Vec<Event> = (0..400_000).map(|more| text(nth + more, NOW + 1)).collect();
    let counters: Vec<&Counter> =
        bundle.counters.iter().filter(|counter| counter.takes(&text(0, NOW))).collect();
    let mut reads = Vec::with_capacity(events.len());
    let mut recording = Duration::ZERO;
    let begin = Instant::now();
    for (nth, event) in events.into_iter().enumerate() {
        let present = event.clone();
        let before = Instant::now();
        memory.record(&event).expect("recorded");
        let recorded = Instant::now();
        recording += recorded - before;
        if let Some(counter) = counters.get(nth % counters.len()) {
            black_box(read(&memory, &bundle, counter, &present));
        }
        reads.push(recorded.elapsed());
    }
    let (took, count) = (begin.elapsed(), u32::try_from(reads.len()).expect("few"));
    reads.sort_unstable();
    let at = |per_mille: usize| reads.get(reads.len() * per_mille / 1_000).copied().unwrap_or_default();
    println!(
        "under load: {} keys, {:.0} events/s recorded and read once each (recording alone {:.0}/s, wanted {RATE}); \
         a reading p50 {:?}, p99 {:?}, p99.9 {:?}",
        memory.stats().keys,
        f64::from(count) / took.as_secs_f64(),
        f64::from(count) / recording.as_secs_f64(),
        at(500),
        at(990),
        at(999),
    );
}

/// The same rules, with what they read of counters and with a limit in its place.
fn decisions(criterion: &mut Criterion) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let suite = Suite::load(&[cases], None).expect("the demo cases load");
    let account = suite.accounts.get("acc_us_clinic").expect("it is one of the examples").clone();
    let account = serde_json::from_value(account).expect("the account is well-formed");
    let account = ResolvedAccount::new(Arc::new(account), 1, &[]);
    let with = Snapshot::new(Arc::new(bundle()));
    let without = Snapshot::new(Arc::new(without_counters()));
    let mut group = criterion.benchmark_group("decide");
    for request in [code(), call()] {
        let request = Request::from_json(request).expect("the request is well-formed");
        let now: jiff::Timestamp = "2026-12-01T18:00:00Z".parse().expect("an instant");
        for (name, policy) in [("with", &with), ("without", &without)] {
            earlier(policy, now.as_millisecond());
            let one =
                || decide(policy, black_box(&request), Subject::Known(&account), now, Uuid::nil()).verdict;
            assert_eq!(one(), Verdict::Allow, "a denial would be another amount of work");
            group.bench_function(format!("{}/{name} counters", request.action.kind()), |b| b.iter(one));
        }
    }
    group.finish();
}

/// Some hundred attempts of the account before this one, that come to no harm.
fn earlier(policy: &Snapshot, now: i64) {
    for nth in 0..300 {
        let at = now - 3_000_000 + nth * 7_000;
        for kind in ["SEND_OTP", "PLACE_CALL"] {
            let mut event = Event::new(kind, at);
            let to = format!("+1212{:07}", nth * 7_919 % 9_999_999);
            let status = if kind == "SEND_OTP" { "VERIFIED" } else { "ANSWERED" };
            let texts = [
                (Field::Account, "acc_us_clinic"),
                (Field::Action, kind),
                (Field::Prefix, &to[..8]),
                (Field::To, &to),
                (Field::From, "+14155550100"),
                (Field::Country, "US"),
                (Field::Status, status),
            ];
            for (field, text) in texts {
                event.set_text(field, text);
            }
            event.set(Field::Verified, Fact::Flag(kind == "SEND_OTP"));
            event.set(Field::DurationS, Fact::Number(60_000));
            policy.traffic.record(&event).expect("recorded");
        }
    }
}

/// The default bundle with rules that read limits where they read counters.
fn without_counters() -> Bundle {
    let number = regex::Regex::new(r"context\.traffic\.\w+(\.(part|of)\b)?").expect("a pattern");
    let flag = regex::Regex::new(r"context\.traffic\.\w+\.enough\b").expect("a pattern");
    let mut files = Files::embedded();
    for text in files.0.iter_mut().filter(|(path, _)| path.ends_with(".cedar")).map(|(_, text)| text) {
        let flags = flag.replace_all(text, "context.recipient.safe").into_owned();
        *text = number.replace_all(&flags, "principal.limits.once").into_owned();
    }
    Bundle::load(&files).expect("the changed bundle loads")
}

fn actor() -> Value {
    json!({ "api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US" })
}

fn code() -> Value {
    json!({
        "action": "SEND_OTP", "account_id": "acc_us_clinic", "actor": actor(), "to": "+12125550123",
        "channel": "SMS", "brand": "Northwind", "end_user": {"id": "u1", "ip": "198.51.100.7"},
    })
}

fn call() -> Value {
    json!({
        "action": "PLACE_CALL", "account_id": "acc_us_clinic", "actor": actor(),
        "from": { "type": "E164", "value": "+14155550100" }, "to": "+12125550177",
        "category": "CONVERSATIONAL", "automated": false,
    })
}
