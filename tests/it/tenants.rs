//! Rules that an account has for its own subtree: they forbid there, and nowhere else.

use std::sync::Arc;

use aupd::bundle::{Bundle, Files, Snapshot};
use aupd::decide::decide;
use aupd::domain::{Account, AccountId, AccountStatus, Request, ResolvedAccount, Verdict};
use aupd::rules::Scope;
use aupd::signals::Subject;
use serde_json::json;
use uuid::Uuid;

/// As many accounts with rules of their own as make a look at each of them felt.
const OTHERS: usize = 2_000;

fn policy() -> Snapshot {
    let mut files = Files::embedded();
    let rule = |account: &str| {
        format!(
            "@reason(\"ACTION_NOT_ENTITLED\") forbid (principal in Account::\"{account}\", action == \
             Action::\"RESELL\", resource) when {{ context.resale.product == \"VOICE\" }};"
        )
    };
    files.0.insert("tenants/acc_top.cedar".into(), rule("acc_top"));
    for place in 0..OTHERS {
        let account = format!("acc_{place}");
        files.0.insert(format!("tenants/{account}.cedar"), rule(&account));
    }
    Snapshot::new(Arc::new(Bundle::load(&files).expect("the bundle loads")))
}

fn verdict(policy: &Snapshot, id: &str, above: &[&str]) -> (Verdict, usize) {
    let request = json!({
        "action": "RESELL", "account_id": id, "product": "VOICE", "territory": "AE", "end_customer": "SELF",
    });
    let request = Request::from_json(request).expect("the request is well formed");
    let mut account = Account::new(AccountId::parse(id).expect("an id"), AccountStatus::Active);
    account.aup_version = 1_000;
    let above: Vec<_> =
        above.iter().map(|id| (AccountId::parse(id).expect("an id"), AccountStatus::Active)).collect();
    let account = ResolvedAccount::new(Arc::new(account), 1, &above);
    let now = "2026-12-01T18:00:00Z".parse().expect("an instant");
    let mut asked = 0;
    let (decision, ()) =
        aupd::decide::decide_with(policy, &request, Subject::Known(&account), now, Uuid::nil(), |decided| {
            asked = decided.asked.considered(Scope::All).len();
        });
    let own = decision.violations.iter().flat_map(|reason| &reason.rules).any(|rule| rule.contains("acc_"));
    assert_eq!(
        decide(policy, &request, Subject::Known(&account), now, Uuid::nil()).verdict,
        decision.verdict
    );
    (if own { Verdict::Deny } else { Verdict::Allow }, asked)
}

#[test]
fn a_rule_of_an_account_holds_in_its_subtree_and_is_not_asked_elsewhere() {
    let policy = policy();
    let (elsewhere, without) = verdict(&policy, "acc_elsewhere", &[]);
    assert_eq!(elsewhere, Verdict::Allow);
    for (id, above) in
        [("acc_top", &[][..]), ("acc_child", &["acc_top"]), ("acc_leaf", &["acc_child", "acc_top"])]
    {
        let (verdict, asked) = verdict(&policy, id, above);
        assert_eq!((verdict, asked), (Verdict::Deny, without + 1), "{id}");
    }
    // Of two thousand accounts with rules only the one that acts and those above it matter.
    assert_eq!(verdict(&policy, "acc_7", &["acc_8"]), (Verdict::Deny, without + 2));
}
