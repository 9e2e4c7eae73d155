//! What a Check costs in this process, from the bytes of its request to the bytes of its answer, without
//! a socket; and each part of that apart. `cargo bench --bench check -- --quick`.
//!
//! The text is one that the default policy allows, with nothing to find. Decision records are written to
//! a file, by their own thread, as when serving.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aupd::config::{AuditSink, Config};
use aupd::decide::decide;
use aupd::domain::Request;
use aupd::proto;
use aupd::proto::decision_service_server::DecisionService as _;
use aupd::replay::payload_digest;
use aupd::serve::checker::subject;
use aupd::serve::{Parts, convert};
use aupd::telemetry::{Code, RequestGuard};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use prost::Message as _;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The text of `bench/harness/request.py`: 120 characters with nothing to find.
const BODY: &str = "Reminder: your visit is on Friday at ten in the morning. Please come a few minutes early. \
                    We look forward to seeing you.";

criterion_group!(benches, whole, parts);
criterion_main!(benches);

/// The service over an own store, and what it runs on.
struct Bench {
    runtime: Runtime,
    parts: Parts,
    _dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::default();
        config.store.path = dir.path().join("aupd.db");
        config.audit.sink = AuditSink::File;
        config.audit.path = dir.path().join("decisions.jsonl");
        config.audit.max_files = 1;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let parts = runtime
            .block_on(Parts::open(&config, true, &CancellationToken::new()))
            .expect("the parts can be opened");
        Self { runtime, parts, _dir: dir }
    }

    /// The time that `times` Checks take, each on bytes of its own.
    fn check(&self, times: u64, mut bytes: impl FnMut() -> Bytes) -> Duration {
        self.runtime.block_on(async {
            let begin = Instant::now();
            for _ in 0..times {
                let request = proto::CheckRequest::decode(bytes()).expect("a request");
                let answer = self.parts.decisions().check(tonic::Request::new(request)).await;
                let answer = answer.expect("it is decided").into_inner();
                assert_eq!(answer.verdict, 1, "a denial would be another amount of work");
                black_box(answer.encode_to_vec());
            }
            begin.elapsed()
        })
    }
}

fn whole(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("check");
    let once = Bytes::from(convert::to_proto(&text("+12125550123")).encode_to_vec());
    group.bench_function("without an id", |bencher| {
        bencher.iter_custom(|times| bench.check(times, || once.clone()));
    });
    let mut number = 0_u64;
    let mut message = convert::to_proto(&text("+12125550123"));
    group.bench_function("with a request_id", |bencher| {
        bencher.iter_custom(|times| {
            bench.check(times, || {
                number += 1;
                message.request_id = format!("0192f3c4-8a1b-7c2d-9e3f-{number:012}");
                Bytes::from(message.encode_to_vec())
            })
        });
    });
    let items = (0..1_000).map(|number| convert::to_proto(&text(&format!("+1212556{number:04}"))));
    let batch = proto::CheckBatchRequest { items: items.collect(), freshness: None };
    let batch = Bytes::from(batch.encode_to_vec());
    group.throughput(Throughput::Elements(1_000)).sample_size(20);
    group.bench_function("a batch of 1,000", |bencher| {
        bencher.iter_custom(|times| {
            bench.runtime.block_on(async {
                let begin = Instant::now();
                for _ in 0..times {
                    let request = proto::CheckBatchRequest::decode(batch.clone()).expect("a batch");
                    let answer = bench.parts.decisions().check_batch(tonic::Request::new(request)).await;
                    black_box(answer.expect("it is decided").into_inner().encode_to_vec());
                }
                begin.elapsed()
            })
        });
    });
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let bench = Bench::new();
    let parts = &bench.parts;
    let request = text("+12125550123");
    let message = convert::to_proto(&request);
    let bytes = Bytes::from(message.encode_to_vec());
    let policy = parts.policy.current();
    let lookup = bench.runtime.block_on(parts.accounts.lookup(&request.envelope.account_id));
    let now = Timestamp::now();
    let decision = decide(&policy, &request, subject(&lookup), now, Uuid::now_v7());
    let clock = convert::ClockBounds::default();
    let mut group = criterion.benchmark_group("part");
    group.bench_function("decode", |b| b.iter(|| proto::CheckRequest::decode(black_box(bytes.clone()))));
    group.bench_function("convert", |b| {
        b.iter_batched(
            || message.clone(),
            |message| convert::request(message, now, &clock),
            criterion::BatchSize::SmallInput,
        );
    });
    group.bench_function("digest for the replay guard", |b| b.iter(|| payload_digest(black_box(&request))));
    group.bench_function("account", |b| {
        b.iter_custom(|times| {
            bench.runtime.block_on(async {
                let begin = Instant::now();
                for _ in 0..times {
                    black_box(parts.accounts.lookup(black_box(&request.envelope.account_id)).await);
                }
                begin.elapsed()
            })
        });
    });
    group.bench_function("id", |b| b.iter(Uuid::now_v7));
    group.bench_function("decide", |b| {
        b.iter(|| decide(&policy, black_box(&request), subject(&lookup), now, Uuid::nil()));
    });
    group.bench_function("record", |b| {
        b.iter(|| parts.recorder.pending(black_box(&request)).decided(&decision, false));
    });
    group.bench_function("metrics", |b| {
        b.iter(|| {
            let counted = RequestGuard::new(parts.metrics.clone(), "Check");
            parts.metrics.decided(black_box(&decision), Duration::from_micros(7));
            counted.finish(Code::Ok);
        });
    });
    group.bench_function("answer", |b| b.iter(|| convert::response(black_box(&decision)).encode_to_vec()));
    group.finish();
}

fn text(to: &str) -> Request {
    Request::from_json(json!({
        "action": "SEND_SMS", "account_id": "acc_us_clinic",
        "actor": { "api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US" },
        "from": { "type": "LONG_CODE", "value": "+14155550100" }, "to": to,
        "body": BODY, "category": "SERVICE", "automated": true,
    }))
    .expect("the request is well-formed")
}
