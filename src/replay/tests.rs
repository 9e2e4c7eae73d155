use std::sync::atomic::AtomicUsize;
use std::sync::{Barrier, mpsc};
use std::thread;

use serde_json::json;

use super::*;
use crate::domain::{ActionKind, Reason};

const HOUR: Duration = Duration::from_hours(1);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn request(extra: &serde_json::Value) -> Request {
    let mut value = json!({
        "action": "SEND_SMS", "account_id": "acc_1", "request_id": "r1",
        "from": {"type": "LONG_CODE", "value": "+14155550100"}, "to": "+12125550123",
        "body": "hello", "category": "SERVICE"
    });
    json_patch::merge(&mut value, extra);
    Request::from_json(value).unwrap()
}

fn numbered(n: usize) -> Request {
    request(&json!({"request_id": format!("r{n}")}))
}

fn allow() -> Arc<Decision> {
    Arc::new(Decision {
        decision_id: uuid::Uuid::now_v7(),
        request_id: None,
        account_id: AccountId::parse("acc_1").unwrap(),
        action: ActionKind::SendSms,
        verdict: Verdict::Allow,
        violations: vec![],
        monitored: vec![],
        obligations: vec![],
        retry_after: None,
        bundle_revision: "b1".into(),
        bundle_digest: "00".into(),
        account_revision: Some(1),
        evaluated_at: at(0),
        dry_run: false,
    })
}

fn deny(retryable: bool, retry_after: Option<u64>) -> Arc<Decision> {
    let reason = Reason {
        code: "QUIET_HOURS".into(),
        clause: 11,
        message: "".into(),
        detail: "".into(),
        retryable,
        rules: vec![],
    };
    let mut decision = Arc::unwrap_or_clone(allow());
    decision.verdict = Verdict::Deny;
    decision.violations = vec![reason];
    decision.retry_after = retry_after.map(Duration::from_secs);
    Arc::new(decision)
}

fn good(_: &Decision) -> bool {
    true
}

fn is_fresh(guard: &Guard, request: &Request, now: Timestamp, answer: Arc<Decision>) -> bool {
    matches!(guard.decide(request, now, good, || answer), Outcome::Fresh(_))
}

#[test]
fn a_repetition_gets_the_first_answer() {
    let guard = Guard::new(10, HOUR);
    let first = allow();
    assert_eq!(
        guard.decide(&request(&json!({})), at(0), good, || first.clone()),
        Outcome::Fresh(first.clone())
    );
    let again = request(&json!({"trace": "another", "nonce": "another"}));
    assert_eq!(guard.decide(&again, at(1), good, || unreachable!()), Outcome::Repeated(first));
    assert_eq!(guard.stats(), Stats { entries: 1, repeated: 1, ..Stats::default() });
}

#[test]
fn another_payload_under_the_same_id_is_told_apart() {
    for extra in [
        json!({"body": "other"}),
        json!({"to": "+12125550124"}),
        json!({"subaccount_id": "acc_2"}),
        json!({"action": "SEND_MMS"}),
        json!({"price_usd": 0.01}),
        json!({"at": "2026-12-01T18:00:00Z"}),
        json!({"actor": {"ip": "203.0.113.9"}}),
        json!({"content_labels": [{"label": "HATE", "score": 0.5}]}),
    ] {
        let guard = Guard::new(10, HOUR);
        assert!(is_fresh(&guard, &request(&json!({})), at(0), allow()));
        let other = request(&extra);
        assert_eq!(guard.decide(&other, at(1), good, || unreachable!()), Outcome::OtherPayload, "{extra}");
        assert_eq!(guard.stats().other_payload, 1);
    }
}

#[test]
fn the_key_is_the_account_and_the_id() {
    let guard = Guard::new(10, HOUR);
    assert!(is_fresh(&guard, &request(&json!({})), at(0), allow()));
    assert!(is_fresh(&guard, &request(&json!({"account_id": "acc_2", "body": "x"})), at(0), allow()));
    assert!(is_fresh(&guard, &request(&json!({"request_id": "r2", "body": "y"})), at(0), allow()));
}

#[test]
fn dry_runs_and_requests_without_id_pass_by() {
    let guard = Guard::new(10, HOUR);
    for extra in [json!({"dry_run": true}), json!({"request_id": null})] {
        assert!(is_fresh(&guard, &request(&extra), at(0), allow()));
        assert!(is_fresh(&guard, &request(&extra), at(0), allow()));
    }
    assert_eq!(guard.stats(), Stats::default());
}

#[test]
fn an_allow_is_given_again_only_while_it_is_still_good() {
    let guard = Guard::new(10, HOUR);
    let refusal = deny(false, None);
    assert!(is_fresh(&guard, &request(&json!({})), at(0), allow()));
    let suspended = guard.decide(&request(&json!({})), at(1), |_| false, || refusal.clone());
    assert_eq!(suspended, Outcome::Fresh(refusal.clone()));
    // The new answer is the one to repeat, and a denial needs nobody's leave.
    let repeated = guard.decide(&request(&json!({})), at(2), |_| false, || unreachable!());
    assert_eq!(repeated, Outcome::Repeated(refusal));
}

#[test]
fn a_retryable_denial_is_given_again_until_it_may_be_tried() {
    for (answer, now, repeated) in [
        (deny(true, Some(30)), 29, true),
        (deny(true, Some(30)), 30, false),
        (deny(true, None), 0, false),
        (deny(true, Some(u64::MAX)), 3599, true),
        (deny(false, Some(30)), 31, true),
        (deny(false, None), 31, true),
    ] {
        let guard = Guard::new(10, HOUR);
        assert!(is_fresh(&guard, &request(&json!({})), at(0), answer.clone()));
        assert_eq!(
            !is_fresh(&guard, &request(&json!({})), at(now), allow()),
            repeated,
            "{answer:?} at {now}"
        );
    }
}

#[test]
fn entries_are_forgotten_after_their_time_and_a_new_answer_starts_it_again() {
    let guard = Guard::new(10, Duration::from_mins(1));
    assert!(is_fresh(&guard, &numbered(1), at(0), deny(true, Some(50))));
    assert!(is_fresh(&guard, &numbered(1), at(50), allow()));
    assert!(!is_fresh(&guard, &numbered(1), at(109), allow()));
    assert!(is_fresh(&guard, &numbered(1), at(110), allow()));
    assert!(is_fresh(&guard, &numbered(2), at(170), allow()));
    assert_eq!(guard.stats().entries, 1, "what expired is cleared when something comes in");
    assert_eq!(guard.stats().evicted, 0, "and that is no eviction");
}

#[test]
fn at_capacity_the_oldest_goes_and_is_counted() {
    let guard = Guard::new(3, HOUR);
    for n in 0..5 {
        assert!(is_fresh(&guard, &numbered(n), at(0), allow()));
    }
    let stats = guard.stats();
    assert_eq!((stats.entries, stats.evicted), (3, 2));
    for n in 2..5 {
        assert!(!is_fresh(&guard, &numbered(n), at(1), allow()));
    }
    assert!(is_fresh(&guard, &numbered(0), at(1), allow()));
}

#[test]
fn many_entries_stay_within_the_bound() {
    let guard = Guard::new(4096, HOUR);
    for n in 0..20_000 {
        assert!(is_fresh(&guard, &numbered(n), at(0), allow()));
    }
    let stats = guard.stats();
    assert!(stats.entries <= 4096, "{stats:?}");
    assert_eq!(stats.entries as u64 + stats.evicted, 20_000);
}

#[test]
fn simultaneous_repetitions_make_one_decision() {
    let guard = Guard::new(100, HOUR);
    for round in 0..50 {
        let (decided, barrier) = (AtomicUsize::new(0), Barrier::new(8));
        let ids = thread::scope(|scope| {
            let run = || {
                barrier.wait();
                guard.decide(&numbered(round), at(0), good, || {
                    decided.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    allow()
                })
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(decided.load(Ordering::SeqCst), 1);
        let fresh = ids.iter().filter(|outcome| matches!(outcome, Outcome::Fresh(_))).count();
        let repeated = ids.iter().filter(|outcome| matches!(outcome, Outcome::Repeated(_))).count();
        assert_eq!((fresh, repeated), (1, 7));
    }
}

#[test]
fn other_keys_do_not_wait_and_a_slot_in_use_is_not_evicted() {
    let guard = Guard::new(1, HOUR);
    let (started, wait_started) = mpsc::channel();
    let (release, wait_release) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let guard = &guard;
        let slow = scope.spawn(move || {
            guard.decide(&numbered(1), at(0), good, || {
                started.send(()).unwrap();
                wait_release.recv_timeout(Duration::from_secs(10)).unwrap();
                allow()
            })
        });
        wait_started.recv_timeout(Duration::from_secs(10)).unwrap();
        for n in 2..10 {
            assert!(is_fresh(guard, &numbered(n), at(0), allow()), "while the first is being decided");
        }
        release.send(()).unwrap();
        assert!(matches!(slow.join().unwrap(), Outcome::Fresh(_)));
    });
    assert!(!is_fresh(&guard, &numbered(1), at(0), allow()));
}

#[test]
fn a_decision_that_panics_leaves_nothing_behind() {
    let guard = Guard::new(10, HOUR);
    let attempt = || guard.decide(&numbered(1), at(0), good, || panic!("a bug"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).is_err());
    assert!(is_fresh(&guard, &numbered(1), at(0), allow()));
}

#[test]
fn a_nonce_belongs_to_the_first_request_that_brings_it() {
    let guard = Guard::new(2, HOUR);
    let (account, other) = (AccountId::parse("acc_1").unwrap(), AccountId::parse("acc_2").unwrap());
    let (r1, r2) = (RequestId::parse("r1").unwrap(), RequestId::parse("r2").unwrap());
    assert!(!guard.nonce_seen(&account, "n", Some(&r1), at(0)), "looking claims nothing");
    assert!(!guard.nonce_used(&account, "n", Some(&r1), at(0)));
    assert!(!guard.nonce_used(&account, "n", Some(&r1), at(0)));
    assert!(guard.nonce_used(&account, "n", Some(&r2), at(0)));
    assert!(guard.nonce_seen(&account, "n", Some(&r2), at(0)));
    assert!(guard.nonce_used(&account, "n", None, at(0)));
    assert!(!guard.nonce_used(&other, "n", Some(&r2), at(0)), "nonces are the account's own");
    assert!(!guard.nonce_used(&account, "n", Some(&r2), at(3600)), "and are forgotten in time");
}

#[test]
fn a_nonce_without_a_request_id_is_used_up_at_once() {
    let guard = Guard::new(2, HOUR);
    let account = AccountId::parse("acc_1").unwrap();
    assert!(!guard.nonce_used(&account, "n", None, at(0)));
    assert!(guard.nonce_used(&account, "n", None, at(1)));
    for n in ["a", "b", "c"] {
        assert!(!guard.nonce_used(&account, n, None, at(1)));
    }
    assert_eq!((guard.stats().nonces, guard.stats().evicted), (2, 2));
}
