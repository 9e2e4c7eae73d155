//! What every store promises, on real files.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::domain::AccountStatus::{Active, Closed, Suspended};

struct Fixture {
    _directory: tempfile::TempDir,
    store: Arc<dyn Store>,
}

async fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("aupd.db")).await.unwrap();
    Fixture { _directory: directory, store: Arc::new(store) }
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn account(name: &str, parent: Option<&str>) -> Account {
    Account { parent_id: parent.map(id), ..Account::new(id(name), Active) }
}

fn row(key: &str, payload: Option<&str>) -> ListRow {
    ListRow { key: key.into(), payload: payload.map(Into::into) }
}

async fn keys(store: &dyn Store, list: &str) -> Vec<String> {
    store.entries(list, None, MAX_PAGE).await.unwrap().into_iter().map(|row| row.key).collect()
}

/// a0 under a1 under … under a(count-1), in that order.
fn chain(count: usize) -> Vec<Account> {
    let parent = |n| (n + 1 < count).then(|| format!("a{}", n + 1));
    (0..count).map(|n| account(&format!("a{n}"), parent(n).as_deref())).collect()
}

#[tokio::test]
async fn an_account_comes_back_as_it_was_put() {
    let Fixture { store, _directory } = fixture().await;
    let full: Account = serde_json::from_value(json!({
        "id": "acc_1", "status": "ACTIVE", "parent_id": "acc_0", "country": "US", "aup_version": 3,
        "entitlements": ["SEND_SMS"], "api_keys": [{"id": "key_1", "status": "ACTIVE"}],
        "security": {"ip_allowlist": ["10.0.0.0/8"]}, "kyc": {"level": "L2", "status": "VERIFIED"},
        "limits": {"cps": 5, "sessions": {"SMPP": 2}, "exposure_usd": 12.5},
        "unbilled_usd": 0.000_001, "legal_name": "Ünïcode & \"quotes\" \u{0} '; DROP TABLE accounts; --"
    }))
    .unwrap();
    assert_eq!(store.account(&full.id).await.unwrap(), None);
    let revision = store.put_account(full.clone()).await.unwrap();
    let expected = StoredAccount { account: full.clone().into(), revision: revision.0, suspension: None };
    assert_eq!(store.account(&full.id).await.unwrap(), Some(expected));
    store.ping().await.unwrap();
}

#[tokio::test]
async fn every_change_bumps_the_revision_and_leaves_a_line_of_audit() {
    let Fixture { store, _directory } = fixture().await;
    let at = Timestamp::now();
    assert_eq!(store.revision().await.unwrap(), Revision(0));
    assert_eq!(store.put_accounts(chain(2)).await.unwrap(), Revision(1));
    assert_eq!(store.suspend_account(&id("a0"), "said so", at).await.unwrap(), Some(Revision(2)));
    assert_eq!(store.add_entries("l", vec![row("k", None)]).await.unwrap(), Revision(3));
    assert_eq!(store.remove_entries("l", vec!["k".into()]).await.unwrap(), (1, Revision(4)));
    assert_eq!(store.replace_list("l", vec![]).await.unwrap(), Revision(5));
    // What changes nothing is no change.
    assert_eq!(store.put_accounts(vec![]).await.unwrap(), Revision(5));
    assert_eq!(store.remove_entries("l", vec!["k".into()]).await.unwrap(), (0, Revision(5)));
    assert_eq!(store.suspend_account(&id("nobody"), "", at).await.unwrap(), None);
    store.put_account(account("self", Some("self"))).await.unwrap_err();
    assert_eq!(store.revision().await.unwrap(), Revision(5));

    let lines = store.audit(0, MAX_PAGE).await.unwrap();
    let told: Vec<_> = lines.iter().map(|l| (l.revision.0, l.kind, l.subject.as_str())).collect();
    let expected = [
        (1, ChangeKind::PutAccount, "a0"),
        (1, ChangeKind::PutAccount, "a1"),
        (2, ChangeKind::SuspendAccount, "a0"),
        (3, ChangeKind::AddEntries, "l"),
        (4, ChangeKind::RemoveEntries, "l"),
        (5, ChangeKind::ReplaceList, "l"),
    ];
    assert_eq!(told, expected);
    assert_eq!(store.audit(lines[3].seq, 1).await.unwrap(), lines[4..5]);
}

#[tokio::test]
async fn a_suspension_changes_the_status_and_nothing_else() {
    let Fixture { store, _directory } = fixture().await;
    let at: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let before = Account { country: "US".into(), ..account("a", None) };
    store.put_account(before.clone()).await.unwrap();
    let revision = store.suspend_account(&before.id, "abuse", at).await.unwrap().unwrap();
    let suspended = Account { status: Suspended, ..before.clone() };
    let suspension = Some(Suspension { at, reason: "abuse".into() });
    let expected = StoredAccount {
        account: suspended.clone().into(),
        revision: revision.0,
        suspension: suspension.clone(),
    };
    assert_eq!(store.account(&before.id).await.unwrap(), Some(expected));

    // A put keeps the suspension while the account stays suspended, and ends it otherwise.
    store.put_account(suspended).await.unwrap();
    assert_eq!(store.account(&before.id).await.unwrap().unwrap().suspension, suspension);
    store.put_account(before.clone()).await.unwrap();
    assert_eq!(store.account(&before.id).await.unwrap().unwrap().suspension, None);
}

#[tokio::test]
async fn a_closed_account_stays_closed() {
    let Fixture { store, _directory } = fixture().await;
    store.put_account(Account::new(id("a"), Closed)).await.unwrap();
    let too_long = "x".repeat(MAX_REASON_BYTES + 1);
    let refused = store.suspend_account(&id("a"), &too_long, Timestamp::now()).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    store.suspend_account(&id("a"), "late", Timestamp::now()).await.unwrap().unwrap();
    assert_eq!(store.account(&id("a")).await.unwrap().unwrap().account.status, Closed);
}

#[tokio::test]
async fn cycles_are_refused_and_nothing_of_the_write_stays() {
    let Fixture { store, _directory } = fixture().await;
    store.put_accounts(chain(3)).await.unwrap();
    for cyclic in [
        vec![account("self", Some("self"))],
        vec![account("a2", Some("a0"))],
        vec![account("innocent", None), account("x", Some("y")), account("y", Some("x"))],
    ] {
        let refused = store.put_accounts(cyclic).await;
        assert!(matches!(refused, Err(StoreError::ParentCycle { .. })), "{refused:?}");
    }
    assert_eq!(store.account(&id("innocent")).await.unwrap(), None);
    assert_eq!(store.account(&id("a2")).await.unwrap().unwrap().account.parent_id, None);
}

#[tokio::test]
async fn a_chain_has_at_most_sixteen_ancestors() {
    let Fixture { store, _directory } = fixture().await;
    let refused = store.put_accounts(chain(18)).await;
    assert!(matches!(refused, Err(StoreError::TooDeep { .. })), "{refused:?}");
    store.put_accounts(chain(17)).await.unwrap();

    // From below, from above, and by moving a whole subtree.
    for deeper in [account("below", Some("a0")), account("a16", Some("above"))] {
        let refused = store.put_account(deeper).await;
        assert!(matches!(refused, Err(StoreError::TooDeep { .. })), "{refused:?}");
    }
    let stump = ["t0", "t1"].map(|name| account(name, (name == "t0").then_some("t1")));
    store.put_accounts(stump.into()).await.unwrap();
    let refused = store.put_account(account("t1", Some("a1"))).await;
    assert!(
        matches!(&refused, Err(StoreError::TooDeep { account }) if account.as_str() == "t1"),
        "{refused:?}"
    );
    store.put_account(account("t1", Some("a2"))).await.unwrap();
}

#[tokio::test]
async fn a_tree_may_come_children_first() {
    let Fixture { store, _directory } = fixture().await;
    for account in chain(17) {
        store.put_account(account).await.unwrap();
    }
    // The last of them closed the chain to its full depth; a missing parent counts as well.
    let refused = store.put_account(account("a16", Some("not_there_yet"))).await;
    assert!(matches!(refused, Err(StoreError::TooDeep { .. })), "{refused:?}");
}

#[tokio::test]
async fn accounts_are_listed_in_pages() {
    let Fixture { store, _directory } = fixture().await;
    let many: Vec<_> = (0..1_005).map(|n| account(&format!("a{n:04}"), None)).collect();
    store.put_accounts(many.clone()).await.unwrap();
    let first = store.list_accounts(None, usize::MAX).await.unwrap();
    let rest = store.list_accounts(Some(&first.last().unwrap().account.id), MAX_PAGE).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&rest).map(|found| found.account.id.clone()).collect();
    assert_eq!((first.len(), rest.len()), (MAX_PAGE, 5));
    assert_eq!(ids, many.into_iter().map(|account| account.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn lists_keep_keys_with_payloads() {
    let Fixture { store, _directory } = fixture().await;
    store.add_entries("leaked_keys", vec![row("b", None), row("a", Some(r#"{"x": 1}"#))]).await.unwrap();
    store
        .add_entries("leaked_keys", vec![row("b", Some("[2]")), row("ü 'x\"", Some("\"s\""))])
        .await
        .unwrap();
    for expected in [row("a", Some(r#"{"x": 1}"#)), row("b", Some("[2]")), row("ü 'x\"", Some("\"s\""))] {
        let found = store.contains("leaked_keys", &expected.key).await.unwrap();
        assert!(found.as_ref() == Some(&expected), "{:?}", found.map(|row| (row.key, row.payload)));
    }
    assert!(store.contains("leaked_keys", "A").await.unwrap().is_none());
    assert!(store.contains("other", "a").await.unwrap().is_none());
    assert_eq!(store.entries("leaked_keys", Some("a"), 1).await.unwrap(), [row("b", Some("[2]"))]);
}

#[tokio::test]
async fn a_list_is_replaced_whole_and_stays_when_it_is_empty() {
    let Fixture { store, _directory } = fixture().await;
    let old: Vec<_> = (0..2_500).map(|n| row(&format!("old{n}"), None)).collect();
    store.add_entries("feed", old).await.unwrap();
    store.add_entries("other", vec![row("kept", None)]).await.unwrap();
    store.replace_list("feed", vec![row("new", None)]).await.unwrap();
    assert_eq!(keys(&*store, "feed").await, ["new"]);
    let emptied = store.replace_list("feed", vec![]).await.unwrap();
    let infos = store.list_names().await.unwrap();
    let expected = [
        ListInfo { name: "feed".into(), entries: 0, revision: emptied },
        ListInfo { name: "other".into(), entries: 1, revision: Revision(2) },
    ];
    assert_eq!(infos, expected);
}

#[tokio::test]
async fn many_keys_are_removed_at_once() {
    let Fixture { store, _directory } = fixture().await;
    let names: Vec<_> = (0..2_500).map(|n| format!("k{n:04}")).collect();
    store.add_entries("l", names.iter().map(|name| row(name, None)).collect()).await.unwrap();
    let mut gone = names[..2_400].to_vec();
    gone.push("never there".into());
    assert_eq!(store.remove_entries("l", gone).await.unwrap(), (2_400, Revision(2)));
    assert_eq!(keys(&*store, "l").await, names[2_400..]);
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_without_quoting_it() {
    let Fixture { store, _directory } = fixture().await;
    let long_key = "secret".repeat(200);
    let long_payload = format!("\"{}\"", "secret".repeat(3_000));
    for (list, row) in [
        ("", row("k", None)),
        ("Upper", row("k", None)),
        ("l", row("", None)),
        ("l", row("secret\u{0}", None)),
        ("l", row(&long_key, None)),
        ("l", row("k", Some("secret"))),
        ("l", row("k", Some(&long_payload))),
    ] {
        for refused in [
            store.add_entries(list, vec![row.clone()]).await.unwrap_err(),
            store.replace_list(list, vec![row.clone()]).await.unwrap_err(),
        ] {
            assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
            assert!(!format!("{refused} {refused:?}").contains("secret"), "{refused:?}");
        }
    }
    let fat = Account { legal_name: "x".repeat(MAX_BODY_BYTES), ..account("fat", None) };
    let refused = store.put_account(fat).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    assert_eq!(store.revision().await.unwrap(), Revision(0));
}
