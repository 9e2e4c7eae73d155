//! What a decision costs in process, and what loading the default bundle costs.
//!
//! Each request is one that the default policy allows, so every rule of its action is asked and none
//! ends the work early. `cargo bench --bench decide -- --quick`.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use aupd::bundle::{Bundle, Files, Snapshot};
use aupd::cases::Suite;
use aupd::decide::decide;
use aupd::domain::{Request, ResolvedAccount, Verdict};
use aupd::rules::stock::Stock;
use aupd::rules::{Kept, Scope};
use aupd::signals::{Facts, Subject};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// The text of `bench/harness/request.py`: 120 characters with nothing to find.
const BODY: &str = "Reminder: your visit is on Friday at ten in the morning. Please come a few minutes early. \
                    We look forward to seeing you.";

criterion_group!(benches, decisions, rules, loading);
criterion_main!(benches);

fn decisions(criterion: &mut Criterion) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let suite = Suite::load(&[cases], None).expect("the demo cases load");
    let bundle = Bundle::embedded().expect("the default bundle loads");
    let policy = Snapshot::new(Arc::new(bundle));
    let mut group = criterion.benchmark_group("decide");
    for request in [text(), call(), resale()] {
        let request = Request::from_json(request).expect("the request is well-formed");
        let account = account(&suite, request.envelope.account_id.as_str());
        let now = "2026-12-01T18:00:00Z".parse().expect("an instant");
        let verdict = one(&policy, &request, &account, now);
        assert_eq!(verdict, Verdict::Allow, "a denial would be another amount of work");
        let name = request.action.kind().to_string();
        group.bench_function(name, |bencher| {
            bencher.iter(|| one(&policy, black_box(&request), &account, now));
        });
    }
    group.finish();
}

/// The rules alone, every signal already there, beside Cedar's authorizer on a context already built.
fn rules(criterion: &mut Criterion) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let suite = Suite::load(&[cases], None).expect("the demo cases load");
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let stock = Stock::new(&policy.bundle.program);
    let mut group = criterion.benchmark_group("rules");
    for request in [text(), call(), resale()] {
        let request = Request::from_json(request).expect("the request is well-formed");
        let account = account(&suite, request.envelope.account_id.as_str());
        let now: Timestamp = "2026-12-01T18:00:00Z".parse().expect("an instant");
        let subject = Subject::Known(&account);
        let facts =
            Facts::new(&request, subject, &policy.limits, &policy.lists, &policy.bundle.emergency, now);
        let name = request.action.kind().to_string();
        let mut kept = Kept::default();
        let asked = policy.bundle.program.ask(&facts, &mut kept);
        let prepared = stock.prepare(&facts).expect("the request can be put to Cedar");
        assert!(prepared.allows() && asked.prohibitions(Scope::All).matched.is_empty());
        group.bench_function(format!("{name}/compiled"), |bencher| {
            bencher.iter(|| black_box(&asked).prohibitions(Scope::All));
        });
        group.bench_function(format!("{name}/stock"), |bencher| {
            bencher.iter(|| black_box(&prepared).allows());
        });
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let files = Files::embedded();
    criterion.bench_function("bundle/load", |bencher| {
        bencher.iter(|| Bundle::load(black_box(&files)).expect("the default bundle loads"));
    });
}

fn one(policy: &Snapshot, request: &Request, account: &ResolvedAccount, now: Timestamp) -> Verdict {
    black_box(decide(policy, request, Subject::Known(account), now, Uuid::nil())).verdict
}

fn account(suite: &Suite, id: &str) -> ResolvedAccount {
    let account = suite.accounts.get(id).expect("the account is one of the examples").clone();
    let account = serde_json::from_value(account).expect("the account is well-formed");
    ResolvedAccount::new(Arc::new(account), 1, &[])
}

fn actor() -> Value {
    json!({ "api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US" })
}

fn text() -> Value {
    json!({
        "action": "SEND_SMS", "account_id": "acc_us_clinic", "actor": actor(),
        "from": { "type": "LONG_CODE", "value": "+14155550100" }, "to": "+12125550123",
        "body": BODY, "category": "SERVICE", "automated": true,
    })
}

fn call() -> Value {
    json!({
        "action": "PLACE_CALL", "account_id": "acc_us_clinic", "actor": actor(),
        "from": { "type": "E164", "value": "+14155550100" }, "to": "+12125550177",
        "category": "CONVERSATIONAL", "automated": false,
    })
}

fn resale() -> Value {
    let actor = json!({ "api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "IN" });
    json!({
        "action": "RESELL", "account_id": "acc_reseller", "actor": actor,
        "product": "VOICE", "territory": "AE", "subtenant": { "kyc": "VERIFIED" },
    })
}
