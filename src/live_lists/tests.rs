use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::bundle::Bundle;
use crate::store::SqliteStore;

struct Place {
    directory: tempfile::TempDir,
    bundle: Arc<Bundle>,
}

impl Place {
    fn new() -> Self {
        let bundle = Arc::new(Bundle::embedded().unwrap());
        Self { directory: tempfile::tempdir().unwrap(), bundle }
    }

    /// Lists over the file, as a process of their own would have them.
    async fn open(&self) -> (LiveLists, Arc<SqliteStore>) {
        let store = Arc::new(SqliteStore::open(self.directory.path().join("aupd.db")).await.unwrap());
        let policy = Arc::new(Policy::new(Snapshot::new(self.bundle.clone())));
        (LiveLists::new(policy, store.clone()), store)
    }
}

fn bare(values: &[&str]) -> Vec<NewEntry> {
    values.iter().map(|value| NewEntry::bare(*value)).collect()
}

fn has(lists: &LiveLists, list: &str, value: &str) -> bool {
    lists.contains(list, value).unwrap().is_some()
}

#[tokio::test]
async fn a_write_is_in_force_when_it_is_answered() {
    let place = Place::new();
    let (lists, store) = place.open().await;
    let before = lists.inner.policy.current();
    let first = lists.add("dno", bare(&["+12125550166"])).await.unwrap();
    assert!(has(&lists, "dno", "+12125550166"));
    assert!(!before.lists.get("dno").unwrap().contains("+12125550166"), "a request keeps its snapshot");

    let second = lists.replace("dno", bare(&["+12125550167", "+12125550168"])).await.unwrap();
    assert!(second > first);
    assert_eq!((has(&lists, "dno", "+12125550166"), has(&lists, "dno", "+12125550167")), (false, true));

    let (removed, third) = lists.remove("dno", &["+12125550167".into(), "+1999".into()]).await.unwrap();
    assert_eq!((removed, third), (1, store.revision().await.unwrap()));
    assert_eq!((has(&lists, "dno", "+12125550167"), has(&lists, "dno", "+12125550168")), (false, true));
}

#[tokio::test]
async fn what_comes_with_the_bundle_stays_under_what_the_store_adds() {
    let place = Place::new();
    let (lists, _) = place.open().await;
    lists.add("public_shorteners", bare(&["Short.Example."])).await.unwrap();
    assert!(
        has(&lists, "public_shorteners", "a.short.example") && has(&lists, "public_shorteners", "bit.ly")
    );
    assert_eq!(lists.remove("public_shorteners", &["bit.ly".into()]).await.unwrap().0, 0);
    assert!(has(&lists, "public_shorteners", "bit.ly"));
    let spelled_otherwise = ["SHORT.example".to_owned()];
    assert_eq!(lists.remove("public_shorteners", &spelled_otherwise).await.unwrap().0, 1);
    assert!(!has(&lists, "public_shorteners", "a.short.example"));
}

#[tokio::test]
async fn a_new_process_finds_every_page_and_payload() {
    let place = Place::new();
    let (lists, store) = place.open().await;
    let numbers: Vec<NewEntry> = (0..2_500).map(|n| NewEntry::bare(format!("+1212555{n:04}"))).collect();
    lists.add("dno", numbers).await.unwrap();
    let payload = Some(json!({ "kind": "PHISHING" }).to_string());
    let revision = lists.add("url_threats", vec![NewEntry { value: "bad.example".into(), payload }]).await;

    let (fresh, _) = place.open().await;
    assert!(!has(&fresh, "dno", "+12125552499"), "nothing is in force before the load");
    assert_eq!(fresh.load().await.unwrap(), revision.unwrap());
    assert_eq!(fresh.declared("dno").unwrap().len(), 2_500);
    let found = fresh.contains("url_threats", "login.bad.example").unwrap().unwrap();
    assert_eq!((found.value.as_str(), found.payload), ("bad.example", json!({ "kind": "PHISHING" })));
    drop(store);
}

#[tokio::test]
async fn lists_that_are_not_the_feeds_of_the_bundle_are_left_out_and_not_written() {
    let place = Place::new();
    let (lists, store) = place.open().await;
    let row = |key: &str| vec![ListRow { key: key.into(), payload: None }];
    store.add_entries("nobody_reads_this", row("x")).await.unwrap();
    store.add_entries("mfa_operations", row("READ_LOGS")).await.unwrap();
    lists.load().await.unwrap();
    assert!(!has(&lists, "mfa_operations", "READ_LOGS"));
    assert!(matches!(lists.contains("nobody_reads_this", "x"), Err(ListError::Unknown { .. })));

    let revision = store.revision().await.unwrap();
    assert!(matches!(lists.add("mfa_operations", bare(&["X"])).await, Err(ListError::Policy { .. })));
    assert!(matches!(lists.add("nobody_reads_this", bare(&["X"])).await, Err(ListError::Unknown { .. })));
    assert_eq!(store.revision().await.unwrap(), revision);

    let described = lists.describe().await.unwrap();
    let of = |name: &str| described.iter().find(|list| list.name == name).unwrap();
    assert_eq!((of("nobody_reads_this").declared, of("nobody_reads_this").entries), (None, 1));
    assert_eq!(of("dno").declared, Some((Kind::Feed, Match::Number)));
    assert!(described.is_sorted_by(|a, b| a.name < b.name));
}

#[tokio::test]
async fn a_malformed_entry_keeps_all_of_them_out_and_is_named_by_its_place() {
    let place = Place::new();
    let (lists, store) = place.open().await;
    let error = lists.add("dno", bare(&["+12125550166", "212 555 0166", "+0"])).await.unwrap_err();
    let ListError::Invalid { problems } = &error else { panic!("{error}") };
    assert_eq!(problems.iter().map(|problem| problem.index).collect::<Vec<_>>(), [1, 2]);
    let said = format!("{error} {} {error:?}", problems[0]);
    assert!(!said.contains("0166"), "{said}");
    assert_eq!(store.revision().await.unwrap(), Revision(0));
}

#[test]
fn each_matcher_takes_its_own_kind_of_value() {
    let digest = "aB".repeat(32);
    let rows: [(Match, &[&str], &[&str]); 8] = [
        (Match::Exact, &["Key_1", "a b"], &["", "a\u{0}b", "a\nb"]),
        (Match::Folded, &["Emergency Services"], &[" ", ""]),
        (Match::Prefix, &["+3718", "900"], &["+37 18"]),
        (Match::Number, &["+12125550166"], &["12125550166", "+012125550166", "+1 212"]),
        (
            Match::Host,
            &["bad.example", "BAD.example.", "xn--bcher-kva.example"],
            &["com", ".", "a..b", "b ad.de"],
        ),
        (Match::Country, &["IR"], &["ir", "IRN", "I1"]),
        (Match::Skeleton, &["Shadow Freight FZE"], &["...", "-"]),
        (Match::Hash, &[&digest], &["ab", &digest[1..]]),
    ];
    for (matching, good, bad) in rows {
        let list = List::new("l", Kind::Feed, matching, None, []);
        for value in good {
            let kept = row(&list, 0, NewEntry::bare(*value)).unwrap();
            assert!(list.extended([(kept.key, Value::Null)]).contains(value), "{matching:?} `{value}`");
        }
        for value in bad {
            assert!(row(&list, 0, NewEntry::bare(*value)).is_err(), "{matching:?} `{value}`");
        }
        let (long, payload) =
            ("1".repeat(1_025), |json: &str| NewEntry { value: good[0].into(), payload: Some(json.into()) });
        assert!(row(&list, 0, NewEntry::bare(long)).is_err());
        assert_eq!(
            row(&list, 7, payload("{")).unwrap_err(),
            InvalidEntry { index: 7, part: Part::Payload, problem: "must be JSON" }
        );
        assert_eq!(row(&list, 0, payload("null")).unwrap().payload, None);
    }
}

proptest::proptest! {
    /// Whatever is taken is found again, however often its form is normalised on the way.
    #[test]
    fn what_is_kept_is_found(value in "\\PC{1,40}") {
        for matching in [Match::Exact, Match::Folded, Match::Skeleton, Match::Prefix] {
            let list = List::new("l", Kind::Feed, matching, None, []);
            if let Ok(row) = row(&list, 0, NewEntry::bare(value.clone())) {
                proptest::prop_assert!(list.extended([(row.key, Value::Null)]).contains(&value));
            }
        }
    }
}

#[tokio::test]
async fn a_write_of_another_process_is_in_force_soon() {
    let place = Place::new();
    let (here, _) = place.open().await;
    let (there, _) = place.open().await;
    here.load().await.unwrap();
    let stop = CancellationToken::new();
    let watch = here.spawn_watch(stop.clone());
    there.add("dno", bare(&["+12125550166"])).await.unwrap();
    let noticed = async {
        while !has(&here, "dno", "+12125550166") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), noticed).await.unwrap();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), watch).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_token_of_another_process_can_be_caught_up_with() {
    let place = Place::new();
    let (here, _) = place.open().await;
    let (there, _) = place.open().await;
    here.load().await.unwrap();
    let token = there.add("dno", bare(&["+12125550166"])).await.unwrap();
    assert_eq!(here.catch_up(token).await.unwrap(), token);
    assert!(has(&here, "dno", "+12125550166"));
    assert_eq!(here.catch_up(Revision(token.0 + 1)).await.unwrap(), token, "a change that never was");
}

#[tokio::test]
async fn writers_do_not_put_each_other_back() {
    let place = Place::new();
    let (lists, _) = place.open().await;
    let add = |n: u32| {
        let lists = lists.clone();
        let list = if n.is_multiple_of(2) { "dno" } else { "critical_lines" };
        tokio::spawn(async move { lists.add(list, bare(&[&format!("+1212555{n:04}")])).await })
    };
    for task in (0..20).map(add).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let length = |list: &str| lists.declared(list).unwrap().len();
    assert_eq!((length("dno"), length("critical_lines")), (10, 10));
}
