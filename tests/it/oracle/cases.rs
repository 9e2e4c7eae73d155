//! Our own policy: every shared case, with its account, without one and with one that cannot be had.

use std::sync::Arc;

use aupd::bundle::{Bundle, Files, Snapshot};
use aupd::cases::Suite;
use aupd::decide::decide_with;
use aupd::domain::{Account, AccountId, Request, ResolvedAccount};
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

/// The account that is above every other.
const TOP: &str = "acc_top";

/// The default bundle, and rules of some accounts for those below them: of some that act themselves, of one
/// that is above them all, and of one that is never seen.
fn with_tenant_rules() -> Bundle {
    let mut files = Files::embedded();
    for account in ["acc_us_clinic", "acc_gb_logistics", TOP, "acc_nobody"] {
        let scope = format!("principal in Account::\"{account}\"");
        let reason = "@reason(\"ACTION_NOT_ENTITLED\")";
        let rules = format!(
            "{reason} forbid ({scope}, action in Action::\"REACH_NUMBER\", resource) when {{ context.destination.reachable }};\n\
             {reason} forbid ({scope}, action, resource) unless {{ principal in Account::\"acc_in_retail\" }};\n\
             {reason} forbid ({scope}, action == Action::\"SEND_SMS\", resource)\n\
             when {{ context.content.mixed_script || context.message.category == \"OTP\" }};"
        );
        files.0.insert(format!("tenants/{account}.cedar"), rules);
    }
    Bundle::load(&files).expect("the bundle loads")
}

#[test]
fn every_case_is_answered_as_by_cedar() {
    let suite = Suite::load(&[root().join("demo/cases")], None).expect("the cases load");
    let bundle = Arc::new(with_tenant_rules());
    let stock = Stock::new(&bundle.program);
    let policy = Snapshot::new(bundle.clone());
    let (mut compared, mut of_tenants) = (0, 0);
    for case in &suite.cases {
        let mut fields = case.request.clone();
        fields.insert("action".into(), Value::from(case.action.as_str()));
        fields.insert("account_id".into(), Value::from(case.account.as_str()));
        let request = Request::from_json(Value::Object(fields)).expect("the request is well formed");
        let policy = suite.fixtures.apply(&policy, &case.lists).expect("the fixtures fit");
        let account = suite.accounts.get(&case.account).map(|base| {
            let mut json = base.clone();
            if let Some(patch) = &case.account_patch {
                json_patch::merge(&mut json, patch);
            }
            let account: Account = serde_json::from_value(json).expect("the account is well formed");
            let above = (AccountId::parse(TOP).expect("an id"), account.status);
            ResolvedAccount::new(Arc::new(account), 1, &[above])
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
                let tenants = |place: &&usize| bundle.program.rules[**place].file.starts_with("tenants/");
                of_tenants += decided.prohibitions.matched.iter().filter(tenants).count();
            });
        }
    }
    assert!(compared > suite.cases.len() * 2 && of_tenants > suite.cases.len() / 4);
}
