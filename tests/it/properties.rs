//! What must always hold of decisions, whatever the rules and requests.

use std::sync::{Arc, LazyLock};

use aupd::bundle::{Bundle, Files, Snapshot};
use aupd::cases::Suite;
use aupd::decide::decide_among;
use aupd::domain::{Account, Decision, Request, ResolvedAccount, Verdict};
use aupd::signals::{SharedTexts, Subject};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::support::root;

fn suite() -> Suite {
    Suite::load(&[root().join("demo/cases")], None).expect("the cases load")
}

/// The default bundle, loaded once: loading costs more than deciding all cases.
static POLICY: LazyLock<Snapshot> = LazyLock::new(|| snapshot(&Files::embedded()));
/// The same rules in another order.
static TURNED: LazyLock<Snapshot> = LazyLock::new(|| snapshot(&turned_around(&Files::embedded())));

fn snapshot(files: &Files) -> Snapshot {
    Snapshot::new(Arc::new(Bundle::load(files).expect("the bundle loads")))
}

fn decisions(suite: &Suite, policy: &Snapshot, at: &[usize]) -> Vec<Decision> {
    at.iter().filter_map(|place| decided(suite, policy, place % suite.cases.len(), None)).collect()
}

fn decided(suite: &Suite, policy: &Snapshot, place: usize, texts: Option<&SharedTexts>) -> Option<Decision> {
    let case = suite.cases.get(place)?;
    let mut json = suite.accounts.get(&case.account)?.clone();
    if let Some(patch) = &case.account_patch {
        json_patch::merge(&mut json, patch);
    }
    let account: Account = serde_json::from_value(json).expect("the account is well formed");
    let mut fields = case.request.clone();
    fields.insert("action".into(), Value::from(case.action.as_str()));
    fields.insert("account_id".into(), Value::from(case.account.as_str()));
    let request = Request::from_json(Value::Object(fields)).expect("the request is well formed");
    let now = request.envelope.at?;
    let account = ResolvedAccount::new(Arc::new(account), 1, &[]);
    Some(decide_among(policy, &request, Subject::Known(&account), now, Uuid::nil(), texts))
}

/// The same rules, the statements of each clause file turned around and the files renamed.
fn turned_around(files: &Files) -> Files {
    let mut turned = files.clone();
    let clauses: Vec<String> = files.0.keys().filter(|file| file.ends_with(".cedar")).cloned().collect();
    for (at, file) in clauses.iter().enumerate() {
        let text = turned.0.remove(file).unwrap_or_default();
        let mut statements: Vec<&str> = text.split_inclusive(";\n").collect();
        statements.reverse();
        turned.0.insert(format!("clauses/{:02}-turned.cedar", 99 - at), statements.join("\n"));
    }
    turned
}

fn codes(decision: &Decision) -> Vec<String> {
    decision.violations.iter().map(|reason| reason.code.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rules_changes_nothing(at in prop::collection::vec(0_usize..10_000, 1..20)) {
        let suite = suite();
        let one = decisions(&suite, &POLICY, &at);
        let other = decisions(&suite, &TURNED, &at);
        for (one, other) in one.iter().zip(&other) {
            prop_assert_eq!(codes(one), codes(other));
            prop_assert_eq!(one.verdict, other.verdict);
            prop_assert_eq!(&one.obligations, &other.obligations);
        }
    }

    #[test]
    fn texts_read_in_common_change_nothing(at in prop::collection::vec(0_usize..10_000, 1..40)) {
        let (suite, policy) = (suite(), &*POLICY);
        // Each twice in a row, so that the second one finds its text read.
        let twice: Vec<usize> = at.iter().flat_map(|place| [*place, *place]).collect();
        let texts = SharedTexts::default();
        for place in twice {
            let place = place % suite.cases.len();
            let alone = decided(&suite, policy, place, None);
            let among = decided(&suite, policy, place, Some(&texts));
            prop_assert_eq!(alone.map(|d| (codes(&d), d.obligations)), among.map(|d| (codes(&d), d.obligations)));
        }
    }

    #[test]
    fn one_more_forbid_never_allows(
        at in prop::collection::vec(0_usize..10_000, 1..20),
        condition in prop::sample::select(vec![
            "principal.entitled", "context.sender.owned", "context.destination.permitted", "!context.key.known",
            "context.money.capped || context.message.automated", "principal.status == \"ACTIVE\"",
        ]),
        reason in prop::sample::select(vec!["ACCOUNT_CLOSED", "RESALE_NOT_APPROVED", "NUMBER_NOT_OWNED", "KYC_EXPIRED"]),
    ) {
        let (suite, files) = (suite(), Files::embedded());
        let rule = format!("@reason(\"{reason}\") forbid (principal, action, resource) when {{ {condition} }};");
        let mut more = files.clone();
        more.0.insert("clauses/99-more.cedar".into(), rule);
        let before = decisions(&suite, &POLICY, &at);
        let after = decisions(&suite, &snapshot(&more), &at);
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(before.verdict == Verdict::Allow || after.verdict == Verdict::Deny);
        }
    }
}
