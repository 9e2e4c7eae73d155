//! The service over a real SQLite file, asked by a real client.

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::transport::{Channel, Server};
use tonic_types::StatusExt as _;

use super::*;
use crate::bundle::{Bundle, Snapshot};
use crate::proto::account_service_client::AccountServiceClient;
use crate::proto::account_service_server::AccountServiceServer;
use crate::proto::freshness::Requirement;
use crate::proto::{AccountStatus, Limits, RuleMode};
use crate::store::{SqliteStore, Store};

struct Fixture {
    _directory: tempfile::TempDir,
    store: Arc<SqliteStore>,
    client: AccountServiceClient<Channel>,
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(directory.path().join("aupd.db")).await.unwrap());
        let accounts = Accounts::new(store.clone(), crate::accounts::Config::default()).unwrap();
        let policy = Policy::new(Snapshot::new(Arc::new(Bundle::embedded().unwrap())));
        let service = AccountServiceServer::new(AccountAdmin::new(accounts, Arc::new(policy)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(
            Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
        );
        let client = AccountServiceClient::connect(address).await.unwrap();
        Self { _directory: directory, store, client }
    }

    async fn put(&mut self, account: proto::Account) -> Result<u64, Status> {
        let request = proto::PutAccountRequest { account: Some(account), expected_revision: None };
        Ok(self.client.put_account(request).await?.into_inner().revision)
    }

    async fn put_expecting(&mut self, account: proto::Account, revision: u64) -> Result<u64, Status> {
        let request = proto::PutAccountRequest { account: Some(account), expected_revision: Some(revision) };
        Ok(self.client.put_account(request).await?.into_inner().revision)
    }

    async fn get(
        &mut self,
        id: &str,
        requirement: Option<Requirement>,
    ) -> Result<proto::GetAccountResponse, Status> {
        let freshness = requirement.map(|wanted| proto::Freshness { requirement: Some(wanted) });
        let request = proto::GetAccountRequest { account_id: id.into(), freshness };
        Ok(self.client.get_account(request).await?.into_inner())
    }

    async fn suspend(&mut self, id: &str) -> Result<proto::SuspendAccountResponse, Status> {
        let request = proto::SuspendAccountRequest { account_id: id.into(), reason: "fraud".into() };
        Ok(self.client.suspend_account(request).await?.into_inner())
    }

    async fn page(&mut self, size: u32, token: &str) -> Result<(Vec<String>, String), Status> {
        let request = proto::ListAccountsRequest { page_size: size, page_token: token.into() };
        let answer = self.client.list_accounts(request).await?.into_inner();
        let ids = answer.records.into_iter().map(|record| record.account.unwrap().id).collect();
        Ok((ids, answer.next_page_token))
    }

    async fn import(
        &mut self,
        messages: Vec<Vec<proto::Account>>,
    ) -> Result<proto::ImportAccountsResponse, Status> {
        let messages = messages.into_iter().map(|accounts| proto::ImportAccountsRequest { accounts });
        let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
        Ok(self.client.import_accounts(stream).await?.into_inner())
    }
}

fn account(id: &str) -> proto::Account {
    proto::Account { id: id.into(), status: AccountStatus::Active.into(), ..Default::default() }
}

fn below(id: &str, parent: &str) -> proto::Account {
    proto::Account { parent_id: parent.into(), ..account(id) }
}

/// The code, the documented reason and the malformed fields of a failed call.
fn why<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String, Vec<String>) {
    let status = result.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, "aup.v1");
    let fields = status.get_details_bad_request().map_or_else(Vec::new, |b| b.field_violations);
    (status.code(), info.reason, fields.into_iter().map(|violation| violation.field).collect())
}

fn invalid(fields: &[&str]) -> (Code, String, Vec<String>) {
    let fields = fields.iter().map(ToString::to_string).collect();
    (Code::InvalidArgument, "INVALID_FIELDS".to_owned(), fields)
}

fn failed(code: Code, reason: &str) -> (Code, String, Vec<String>) {
    (code, reason.to_owned(), Vec::new())
}

#[tokio::test]
async fn what_is_put_can_be_read_with_its_place_in_the_tree() {
    let mut f = Fixture::new().await;
    f.put(account("acc_top")).await.unwrap();
    f.put(below("acc_mid", "acc_top")).await.unwrap();
    let revision = f.put(below("acc_low", "acc_mid")).await.unwrap();
    for requirement in [None, Some(Requirement::MinimizeLatency(true)), Some(Requirement::FullyFresh(true))] {
        let found = f.get("acc_low", requirement).await.unwrap();
        let record = found.record.unwrap();
        let stored = record.account.unwrap();
        assert_eq!(
            (record.revision, stored.id.as_str(), stored.parent_id.as_str()),
            (revision, "acc_low", "acc_mid")
        );
        assert_eq!(found.ancestors, ["acc_mid", "acc_top"]);
        assert_eq!(found.effective_status, i32::from(AccountStatus::Active));
    }
}

#[tokio::test]
async fn fully_fresh_sees_a_write_that_memory_has_not_heard_of() {
    let mut f = Fixture::new().await;
    f.put(account("acc_1")).await.unwrap();
    f.get("acc_1", None).await.unwrap();
    let id = AccountId::parse("acc_1").unwrap();
    f.store.suspend_account(&id, "", Timestamp::now()).await.unwrap();
    let mut status = async |wanted| f.get("acc_1", wanted).await.unwrap().effective_status;
    assert_eq!(status(None).await, i32::from(AccountStatus::Active));
    assert_eq!(status(Some(Requirement::FullyFresh(true))).await, i32::from(AccountStatus::Suspended));
}

#[tokio::test]
async fn a_read_that_cannot_be_honoured_is_refused() {
    let mut f = Fixture::new().await;
    f.put(below("acc_orphan", "acc_nobody")).await.unwrap();
    let fresh = || Some(Requirement::FullyFresh(true));
    assert_eq!(why(f.get("acc_none", None).await), failed(Code::NotFound, "NOT_FOUND"));
    assert_eq!(why(f.get("acc_none", fresh()).await), failed(Code::NotFound, "NOT_FOUND"));
    assert_eq!(why(f.get("", None).await), invalid(&["account_id"]));
    let token = Some(Requirement::AtLeastAsFresh("7".into()));
    assert_eq!(why(f.get("acc_orphan", token).await), failed(Code::Unimplemented, "NOT_IMPLEMENTED_YET"));
    let unsure = Some(Requirement::FullyFresh(false));
    assert_eq!(why(f.get("acc_orphan", unsure).await), invalid(&["freshness.fully_fresh"]));
    for wanted in [None, fresh()] {
        let refused = why(f.get("acc_orphan", wanted).await);
        assert_eq!(refused, failed(Code::FailedPrecondition, "FAILED_PRECONDITION"));
    }
}

#[tokio::test]
async fn a_malformed_account_is_refused_with_the_path_of_every_field() {
    let mut f = Fixture::new().await;
    let nothing = proto::PutAccountRequest::default();
    assert_eq!(why(f.client.put_account(nothing).await), invalid(&["account"]));
    let keys = vec![proto::ApiKey::default()];
    let bad = proto::Account { country: "usa".into(), api_keys: keys, ..account("acc 1") };
    let fields = ["account.id", "account.country", "account.api_keys[0].id", "account.api_keys[0].status"];
    assert_eq!(why(f.put(bad).await), invalid(&fields));
    assert_eq!(f.page(10, "").await.unwrap().0, Vec::<String>::new());
}

#[tokio::test]
async fn an_override_that_the_bundle_does_not_allow_is_refused() {
    let mut f = Fixture::new().await;
    let limit = |name: &str, value| {
        let values = [(name.to_owned(), value)].into();
        proto::Account { limits: Some(Limits { values, ..Limits::default() }), ..account("acc_1") }
    };
    let mode = |code: &str| proto::Account {
        modes: [(code.to_owned(), RuleMode::Off.into())].into(),
        ..account("acc_1")
    };
    let policy = Bundle::embedded().unwrap();
    let fixed = policy.limits.iter().find(|limit| !limit.overridable).unwrap().name.clone();
    let (locked, open) = ("ACCOUNT_CLOSED", "QUIET_HOURS");
    assert!(
        policy.catalogue.reason(locked).unwrap().locked && !policy.catalogue.reason(open).unwrap().locked
    );

    for (account, field) in [
        (limit("otp_resent_n", 5.0), "account.limits.values[otp_resent_n]".to_owned()),
        (limit("otp_resend_n", 0.0), "account.limits.values[otp_resend_n]".to_owned()),
        (limit("otp_resend_n", 1.5), "account.limits.values[otp_resend_n]".to_owned()),
        (limit(&fixed, 1.0), format!("account.limits.values[{fixed}]")),
        (limit("+12125550123", 1.0), "account.limits.values".to_owned()),
        (mode(locked), format!("account.modes[{locked}]")),
        (mode("QUIET_HOUR"), "account.modes[QUIET_HOUR]".to_owned()),
    ] {
        assert_eq!(why(f.put(account).await), invalid(&[&field]));
    }
    f.put(limit("otp_resend_n", 3.0)).await.unwrap();
    f.put(mode(open)).await.unwrap();
}

#[tokio::test]
async fn a_write_that_expects_another_revision_is_a_conflict() {
    let mut f = Fixture::new().await;
    let conflict = failed(Code::Aborted, "CONFLICT");
    assert_eq!(why(f.put_expecting(account("acc_1"), 1).await), conflict);
    let first = f.put_expecting(account("acc_1"), 0).await.unwrap();
    assert_eq!(why(f.put_expecting(account("acc_1"), 0).await), conflict);
    let second = f.put_expecting(account("acc_1"), first).await.unwrap();
    assert!(second > first);
    assert_eq!(why(f.put_expecting(account("acc_1"), first).await), conflict);
    let record = f.get("acc_1", None).await.unwrap().record.unwrap();
    assert_eq!(record.revision, second);
}

#[tokio::test]
async fn a_suspension_reaches_everything_below() {
    let mut f = Fixture::new().await;
    f.put(account("acc_top")).await.unwrap();
    f.put(below("acc_low", "acc_top")).await.unwrap();
    f.get("acc_low", None).await.unwrap();
    let done = f.suspend("acc_top").await.unwrap();
    assert_eq!(done.freshness_token, done.revision.to_string());
    let found = f.get("acc_low", None).await.unwrap();
    assert_eq!(found.effective_status, i32::from(AccountStatus::Suspended));
    assert_eq!(found.record.unwrap().account.unwrap().status, i32::from(AccountStatus::Active));

    assert_eq!(why(f.suspend("acc_none").await), failed(Code::NotFound, "NOT_FOUND"));
    let long = proto::SuspendAccountRequest { account_id: "acc_low".into(), reason: "x".repeat(1_025) };
    assert_eq!(why(f.client.suspend_account(long).await), invalid(&["reason"]));
}

#[tokio::test]
async fn a_parent_that_would_close_a_circle_is_refused() {
    let mut f = Fixture::new().await;
    f.put(below("acc_a", "acc_b")).await.unwrap();
    let refused = why(f.put(below("acc_b", "acc_a")).await);
    assert_eq!(refused, failed(Code::FailedPrecondition, "FAILED_PRECONDITION"));
}

#[tokio::test]
async fn pages_follow_each_other_in_the_order_of_ids() {
    let mut f = Fixture::new().await;
    let ids: Vec<String> = (0..40).map(|n| format!("acc_{n:02}")).collect();
    f.import(vec![ids.iter().rev().map(|id| account(id)).collect()]).await.unwrap();
    for size in [1, 7, 16, 20, 32, 40] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = f.page(size, &token).await.unwrap();
            assert!(page.len() == size as usize || next.is_empty(), "{size}: {page:?}");
            assert!(!page.is_empty(), "{size}: a token led to an empty page");
            seen.extend(page);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, ids, "{size}");
    }
    assert_eq!(f.page(0, "").await.unwrap().0.len(), 40);
    assert_eq!(why(f.page(1_001, "").await), invalid(&["page_size"]));
    assert_eq!(why(f.page(1, "a b").await), invalid(&["page_token"]));
}

#[tokio::test]
async fn a_page_of_large_accounts_is_shorter_and_can_be_received() {
    let mut f = Fixture::new().await;
    // About 0.95 MB each: four and no more fit below the 4 MiB that a client takes by default.
    let brands: Vec<String> = (0..1_000).map(|n| format!("{n:0950}")).collect();
    for n in 0..6 {
        f.put(proto::Account { brands: brands.clone(), ..account(&format!("acc_{n}")) }).await.unwrap();
    }
    let (page, token) = f.page(100, "").await.unwrap();
    assert_eq!((page.len(), token.as_str()), (4, "acc_3"));
    assert_eq!(f.page(100, &token).await.unwrap(), (vec!["acc_4".into(), "acc_5".into()], String::new()));
}

#[tokio::test]
async fn an_import_keeps_the_good_and_names_the_bad() {
    let mut f = Fixture::new().await;
    let unlocked = proto::Account { modes: [("ACCOUNT_CLOSED".into(), 3)].into(), ..account("acc_2") };
    let done = f
        .import(vec![
            vec![below("acc_1", "acc_3"), account("a b")],
            vec![unlocked, account("acc_3"), below("acc_4", "acc_4"), account("acc_5")],
        ])
        .await
        .unwrap();
    assert_eq!((done.imported, done.rejected), (3, 3));
    let errors: Vec<_> = done
        .rejections
        .into_iter()
        .map(|rejected| {
            let error = rejected.error.unwrap();
            let fields: Vec<String> = error.field_violations.into_iter().map(|v| v.field).collect();
            (rejected.index, error.code, fields.join(" "))
        })
        .collect();
    let malformed = i32::from(Code::InvalidArgument);
    let expected = [
        (1, malformed, "id".to_owned()),
        (2, malformed, "modes[ACCOUNT_CLOSED]".to_owned()),
        (4, i32::from(Code::FailedPrecondition), String::new()),
    ];
    assert_eq!(errors, expected);
    assert_eq!(f.page(10, "").await.unwrap().0, ["acc_1", "acc_3", "acc_5"]);
    assert_eq!(done.freshness_token, f.store.revision().await.unwrap().to_string());
    assert_eq!(f.get("acc_1", None).await.unwrap().ancestors, ["acc_3"]);
}

#[tokio::test]
async fn an_import_is_bounded_a_message_and_tells_of_a_hundred() {
    let mut f = Fixture::new().await;
    let many = (0..1_001).map(|n| account(&format!("acc_{n}"))).collect();
    assert_eq!(why(f.import(vec![many]).await), failed(Code::InvalidArgument, "TOO_MANY_ITEMS"));
    let done = f.import(vec![vec![proto::Account::default(); 101]]).await.unwrap();
    assert_eq!((done.imported, done.rejected, done.rejections.len()), (0, 101, 100));
    assert_eq!(done.freshness_token, "0");
    assert_eq!(f.import(Vec::new()).await.unwrap().freshness_token, "0");
}
