//! Our own policy: every shared case, with its account, without one and with one that cannot be had.

use std::sync::Arc;

use aupd::bundle::{Bundle, Snapshot};
use aupd::cases::Suite;
use aupd::decide::decide_with;
use aupd::domain::{Account, Request, ResolvedAccount};
use aupd::rules::Findings;
use aupd::rules::stock::Stock;
use aupd::signals::{Cause, Subject};
use serde_json::Value;
use uuid::Uuid;

use crate::support::root;

/// The rules that hold and those that failed; which cause is named first may differ.
fn rules(findings: &Findings) -> (Vec<usize>, Vec<usize>) {
    (findings.matched.clone(), findings.errors.iter().map(|(rule, _)| *rule).collect())
}

#[test]
fn every_case_is_answered_as_by_cedar() {
    let suite = Suite::load(&[root().join("demo/cases")], None).expect("the cases load");
    let bundle = Arc::new(Bundle::embedded().expect("the bundle loads"));
    let stock = Stock::new(&bundle.program);
    let policy = Snapshot::new(bundle.clone());
    let mut compared = 0;
    for case in &suite.cases {
        let mut fields = case.request.clone();
        fields.insert("action".into(), Value::from(case.action.as_str()));
        fields.insert("account_id".into(), Value::from(case.account.as_str()));
        let Ok(request) = Request::from_json(Value::Object(fields)) else { continue };
        let policy = suite.fixtures.apply(&policy, &case.lists).expect("the fixtures fit");
        let account = suite.accounts.get(&case.account).map(|base| {
            let mut json = base.clone();
            if let Some(patch) = &case.account_patch {
                json_patch::merge(&mut json, patch);
            }
            let account: Account = serde_json::from_value(json).expect("the account is well formed");
            let above = account.parent_id.clone().map(|parent| (parent, account.status));
            ResolvedAccount::new(Arc::new(account), 1, above.as_slice())
        });
        let unknown = [Subject::Missing, Subject::Unknown(Cause::AccountStale)];
        for subject in account.as_ref().map(Subject::Known).into_iter().chain(unknown) {
            let now = request.envelope.at.expect("a case says when");
            decide_with(&policy, &request, subject, now, Uuid::nil(), |decided| {
                let (facts, scope) = (decided.facts, decided.scope);
                assert_eq!(
                    rules(decided.prohibitions),
                    rules(&stock.prohibitions(facts, scope)),
                    "{}",
                    case.id
                );
                assert_eq!(rules(decided.duties), rules(&stock.duties(facts, scope)), "{}", case.id);
                compared += 1;
            });
        }
    }
    assert!(compared > suite.cases.len() * 2);
}
