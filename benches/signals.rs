//! What describing a number costs, and each signal on the three requests of `benches/decide.rs`.
//!
//! A signal is computed on fresh facts, so its time includes what it has to find out first; `nothing` is the facts
//! alone. `cargo bench --bench signals -- --quick`.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use aupd::bundle::{Bundle, Snapshot};
use aupd::cases::Suite;
use aupd::domain::{Request, ResolvedAccount};
use aupd::numbers;
use aupd::signals::{self, Facts, Subject};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use serde_json::{Value, json};

criterion_group!(benches, describing, each_signal);
criterion_main!(benches);

fn describing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("describe");
    for text in ["+12125550123", "+442079460958", "+4402079460958", "+918123456789", "+3780886377"] {
        group.bench_function(text, |bencher| bencher.iter(|| numbers::describe(black_box(text))));
    }
    group.finish();
}

fn each_signal(criterion: &mut Criterion) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let suite = Suite::load(&[cases], None).expect("the demo cases load");
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let now: Timestamp = "2026-12-01T18:00:00Z".parse().expect("an instant");
    for request in requests() {
        let request = Request::from_json(request).expect("the request is well-formed");
        let account = account(&suite, request.envelope.account_id.as_str());
        let emergency = &policy.bundle.emergency;
        let facts = || {
            let subject = Subject::Known(&account);
            Facts::new(black_box(&request), subject, &policy.limits, &policy.lists, emergency, now)
        };
        let mut group = criterion.benchmark_group(request.action.kind().to_string());
        group.bench_function("nothing", |bencher| bencher.iter(|| drop(black_box(facts()))));
        for signal in signals::all() {
            group.bench_function(signal.path, |bencher| {
                bencher.iter(|| signal.compute(black_box(&facts())).is_ok());
            });
        }
        group.finish();
    }
}

fn account(suite: &Suite, id: &str) -> ResolvedAccount {
    let account = suite.accounts.get(id).expect("the account is one of the examples").clone();
    let account = serde_json::from_value(account).expect("the account is well-formed");
    ResolvedAccount::new(Arc::new(account), 1, &[])
}

fn requests() -> [Value; 3] {
    let actor = |country: &str| json!({ "api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": country });
    [
        json!({
            "action": "SEND_SMS", "account_id": "acc_us_clinic", "actor": actor("US"),
            "from": { "type": "LONG_CODE", "value": "+14155550100" }, "to": "+12125550123",
            "body": "Reminder: your visit is on Friday.", "category": "SERVICE", "automated": true,
        }),
        json!({
            "action": "PLACE_CALL", "account_id": "acc_us_clinic", "actor": actor("US"),
            "from": { "type": "E164", "value": "+14155550100" }, "to": "+12125550177",
            "category": "CONVERSATIONAL", "automated": false,
        }),
        json!({
            "action": "RESELL", "account_id": "acc_reseller", "actor": actor("IN"),
            "product": "VOICE", "territory": "AE", "subtenant": { "kyc": "VERIFIED" },
        }),
    ]
}
