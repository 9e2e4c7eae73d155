use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::run::Prepared;
use super::*;
use crate::bundle::{Bundle, Snapshot};
use crate::domain::Decision;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases")
}

fn all_pass(stage: &str, number: usize) {
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let mut suite = Suite::load(&[demo()], None).expect("the cases load");
    suite.keep_only(&demo().join(stage)).expect("the stage loads");
    let report = run(&suite, &policy, || ());
    let failures: Vec<String> = report.failed.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!(report.passed, number);
}

#[test]
fn what_account_data_decides_is_decided() {
    all_pass("stage-account.txt", 125);
}

#[test]
fn what_past_traffic_decides_is_decided() {
    all_pass("stage-traffic.txt", 103);
}

/// Reasons whose wait time alone does not tell: `reasons.yaml` does.
const AS_DECLARED: [&str; 9] = [
    "CONCURRENCY_EXCEEDED",
    "MEDIA_SCAN_PENDING",
    "QUEUE_OVERFLOW",
    "SESSION_LIMIT_EXCEEDED",
    "SYSTEM_ACCOUNT_STALE",
    "SYSTEM_ACCOUNT_UNAVAILABLE",
    "SYSTEM_COUNTERS_UNAVAILABLE",
    "SYSTEM_LISTS_UNAVAILABLE",
    "SYSTEM_RULE_ERROR",
];

/// Every retryable denial of the cases: at the end of its wait none of its reasons holds any more, and a
/// millisecond before at least one does.
#[test]
fn a_denial_says_when_the_same_request_can_pass() {
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let suite = Suite::load(&[demo(), own], Some(&demo())).expect("the cases load");
    let catalogue = &policy.bundle.catalogue;
    let (mut wrong, mut told) = (Vec::new(), BTreeSet::new());
    for case in &suite.cases {
        let Ok(Some(prepared)) = Prepared::new(&suite, &policy, case) else { continue };
        let decision = prepared.decide(prepared.now);
        let codes = codes(&decision);
        if codes.is_empty() || decision.violations.iter().any(|reason| !reason.retryable) {
            assert_eq!(decision.retry_after, None, "{}", case.id);
            continue;
        }
        let wait = decision.retry_after.unwrap_or_default();
        assert!(!wait.is_zero(), "{}: no wait", case.id);
        if codes.iter().any(|code| AS_DECLARED.contains(&code.as_str())) {
            let declared = codes.iter().filter_map(|code| catalogue.reason(code)?.retry_after).max();
            assert!(Some(wait) <= declared, "{}", case.id);
            continue;
        }
        let holds = |wait: Duration| {
            let later = super::tests::codes(&prepared.decide(prepared.now + wait));
            codes.intersection(&later).count() > 0
        };
        if holds(wait) || !holds(wait.saturating_sub(Duration::from_millis(1))) {
            wrong.push(format!("{}: {codes:?} after {wait:?}", case.id));
        }
        told.extend(codes);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let retryable = catalogue.reasons.iter().filter(|reason| reason.retryable);
    let missing: Vec<_> = retryable
        .map(|reason| &*reason.code)
        .filter(|code| !AS_DECLARED.contains(code) && !told.contains(*code))
        .collect();
    assert_eq!(missing, [""; 0], "no case denies for these alone");
}

/// Cool-downs of the prefix before: seconds ago, and for how many seconds each; then for how long the rule
/// that finds it pumped opens the next one, in hours.
#[test]
fn a_cool_down_that_comes_again_is_twice_as_long_up_to_a_cap() {
    const HOUR: i64 = 3_600;
    let table: [(&[(i64, i64)], i64); 6] = [
        (&[], 12),
        (&[(HOUR, 12 * HOUR)], 12),
        (&[(13 * HOUR, 12 * HOUR)], 24),
        (&[(50 * HOUR, 24 * HOUR)], 48),
        (&[(200 * HOUR, 160 * HOUR)], 168),
        (&[(190 * HOUR, 12 * HOUR)], 12),
    ];
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let mut suite = Suite::load(&[demo()], None).expect("the cases load");
    suite.cases.retain(|case| case.id == "c16-d-06");
    for (before, hours) in table {
        let [case] = &suite.cases[..] else { panic!("the case is there") };
        let mut case = case.clone();
        for (ago, life) in before {
            let past = json!({"t": -ago, "action": "PREFIX_BLOCK", "prefix": "+3712123", "ttl_s": life});
            case.history.push(serde_json::from_value(past).expect("a cool-down"));
        }
        let prepared =
            Prepared::new(&suite, &policy, &case).expect("it is well formed").expect("it has no skip");
        let decision = prepared.decide(prepared.now);
        let duty = decision.obligations.iter().find(|duty| &*duty.kind == "BLOCK_PREFIX").expect("the duty");
        assert_eq!(duty.parameters["ttl"], (hours * HOUR * 1_000).to_string(), "after {before:?}");
        assert_eq!(duty.parameters["prefix"], "+3712123");
    }
}

/// Verified codes on the best of 14 days, in 24 hours and in one; those that nobody typed in; and whether that
/// is pumping: the scenarios of another product, whose thresholds run in monitor mode.
#[test]
fn the_measure_of_another_product_watches() {
    let table: [(i64, [i64; 2], [i64; 2], bool); 10] = [
        (0, [300, 300], [20, 20], false),
        (1_000, [1_000, 200], [50, 10], false),
        (1_000, [2_000, 400], [150, 30], false),
        (1_000, [500, 100], [300, 60], true),
        (1_000, [2_000, 400], [800, 200], true),
        (0, [10, 10], [2, 2], false),
        (15, [12, 5], [5, 2], false),
        (15, [30, 10], [5, 2], false),
        (15, [7, 2], [35, 8], true),
        (15, [30, 10], [50, 10], true),
    ];
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let mut suite = Suite::load(&[demo()], None).expect("the cases load");
    suite.cases.retain(|case| case.id == "c16-d-06");
    let [case] = &suite.cases[..] else { panic!("the case is there") };
    for (peak, verified, unverified, watched) in table {
        let mut case = case.clone();
        case.history.clear();
        for (ago, count, status) in [
            (7 * 86_400, peak, "VERIFIED"),
            (9 * 3_600, verified[0] - verified[1], "VERIFIED"),
            (1_800, verified[1], "VERIFIED"),
            (9 * 3_600, unverified[0] - unverified[1], "UNVERIFIED"),
            (1_800, unverified[1], "UNVERIFIED"),
        ] {
            let past = json!({"t": -ago, "action": "SEND_OTP", "to": "+37129990000", "status": status, "count": count});
            case.history.extend((count > 0).then(|| serde_json::from_value(past).expect("an event")));
        }
        let prepared = Prepared::new(&suite, &policy, &case).expect("it is well formed").expect("a request");
        let monitored = &prepared.decide(prepared.now).monitored;
        let found = monitored.iter().any(|reason| &*reason.code == "AIT_CONVERSION_LOW");
        assert_eq!(found, watched, "{peak} {verified:?} {unverified:?}: {monitored:?}");
    }
}

fn codes(decision: &Decision) -> BTreeSet<String> {
    decision.violations.iter().map(|reason| reason.code.to_string()).collect()
}
