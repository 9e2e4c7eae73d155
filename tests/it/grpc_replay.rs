//! The replay guard and suspensions over the wire.

use aupd::domain::{Account, AccountId};
use aupd::proto;
use jiff::Timestamp;
use proto::check_result::Result as Answer;

use crate::server::{Client, Server, WithId as _, names, sms, text};

async fn check(client: &mut Client, request: proto::CheckRequest) -> proto::CheckResponse {
    client.check(request).await.expect("an answer").into_inner()
}

async fn batch(client: &mut Client, request: proto::CheckRequest) -> proto::CheckResponse {
    let request = proto::CheckBatchRequest { items: vec![request], freshness: None };
    let mut answer = client.check_batch(request).await.expect("an answer").into_inner();
    decision(answer.results.pop())
}

async fn stream(client: &mut Client, request: proto::CheckRequest) -> proto::CheckResponse {
    let requests = tokio_stream::iter([proto::CheckStreamRequest { check: Some(request) }]);
    let mut answers = client.check_stream(requests).await.expect("a stream").into_inner();
    decision(answers.message().await.expect("an answer").and_then(|answer| answer.result))
}

fn decision(result: Option<proto::CheckResult>) -> proto::CheckResponse {
    match result.and_then(|result| result.result) {
        Some(Answer::Decision(decision)) => decision,
        other => panic!("no decision: {other:?}"),
    }
}

fn other(id: &str) -> proto::CheckRequest {
    let mut request = text(id);
    sms(&mut request).body = "Northwind: something else.".into();
    request
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_at_every_door() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let first = check(&mut client, text("req-1")).await;
    assert_eq!(check(&mut client, text("req-1")).await, first);
    assert_eq!(batch(&mut client, text("req-1")).await, first);
    assert_eq!(stream(&mut client, text("req-1")).await, first);
    // A trace and a nonce do not make it another request.
    let traced = proto::CheckRequest { trace: "00-abc".to_owned(), nonce: "n-1".to_owned(), ..text("req-1") };
    assert_eq!(check(&mut client, traced).await, first);
    // Without an id it is never a repetition, and the id of one account is not that of another.
    assert_ne!(
        check(&mut client, text("")).await.decision_id,
        check(&mut client, text("")).await.decision_id
    );
    let theirs = proto::CheckRequest { account_id: "acc_plain".to_owned(), ..text("req-1") };
    assert_ne!(names(&check(&mut client, theirs).await.violations), ["REQUEST_REPLAYED"]);

    let replayed = server.records(8).await.iter().filter(|record| record["replayed"] == true).count();
    assert_eq!(replayed, 4);
}

#[tokio::test]
async fn the_same_id_with_another_payload_is_denied_at_every_door() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let first = stream(&mut client, text("req-1")).await;
    assert_eq!(first.verdict(), proto::Verdict::Allow);
    let denied = [
        check(&mut client, other("req-1")).await,
        batch(&mut client, other("req-1")).await,
        stream(&mut client, other("req-1")).await,
    ];
    for answer in denied {
        assert_eq!(
            (answer.verdict(), names(&answer.violations)),
            (proto::Verdict::Deny, vec!["REQUEST_REPLAYED"])
        );
        assert_ne!(answer.decision_id, first.decision_id);
    }
    assert_eq!(check(&mut client, text("req-1")).await, first, "the first answer still stands");
}

#[tokio::test]
async fn simultaneous_repetitions_get_one_answer() {
    let server = Server::start().await;
    let client = server.client().await;
    let calls = (0..32).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move { check(&mut client, text("req-1")).await.decision_id })
    });
    let calls: Vec<_> = calls.collect();
    let mut ids = std::collections::BTreeSet::new();
    for call in calls {
        ids.insert(call.await.expect("the call ends"));
    }
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn a_nonce_is_used_once_and_a_dry_run_uses_none() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let with = |id: &str, dry_run| proto::CheckRequest { nonce: "n-1".to_owned(), dry_run, ..text(id) };
    assert_eq!(check(&mut client, with("dry", true)).await.verdict(), proto::Verdict::Allow);
    let first = check(&mut client, with("req-1", false)).await;
    assert_eq!(first.verdict(), proto::Verdict::Allow);
    assert_eq!(check(&mut client, with("req-1", false)).await, first);
    for (id, dry_run) in [("req-2", false), ("", false), ("req-3", true)] {
        let answer = check(&mut client, with(id, dry_run)).await;
        assert_eq!(names(&answer.violations), ["REQUEST_REPLAYED"], "{id}");
    }
}

#[tokio::test]
async fn a_dry_run_is_not_remembered() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let dry = proto::CheckRequest { dry_run: true, ..text("req-1") };
    let first = check(&mut client, dry.clone()).await;
    assert_ne!(check(&mut client, dry.clone()).await.decision_id, first.decision_id);
    // Not even as a use of the id: another payload may have it.
    assert_eq!(check(&mut client, other("req-1")).await.verdict(), proto::Verdict::Allow);
    // Nor does an explanation remember anything.
    let explained = proto::ExplainRequest { check: Some(text("req-2")) };
    client.explain(explained).await.expect("an explanation");
    assert_eq!(check(&mut client, other("req-2")).await.verdict(), proto::Verdict::Allow);
}

async fn suspend(server: &Server, id: &str) {
    let id = AccountId::parse(id).expect("an id");
    let done = server.handle.parts().accounts.suspend(&id, "abuse", Timestamp::now()).await;
    done.expect("the store answers").expect("there is such an account");
}

#[tokio::test]
async fn the_next_check_after_a_suspension_is_denied_and_no_allow_is_repeated() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let first = check(&mut client, text("req-1")).await;
    assert_eq!(first.verdict(), proto::Verdict::Allow);
    suspend(&server, "acc_us_clinic").await;
    for request in [text("req-2"), text("req-1"), text("")] {
        let answer = check(&mut client, request).await;
        assert_eq!(names(&answer.violations), ["ACCOUNT_SUSPENDED"]);
        assert!(answer.account_revision > first.account_revision);
    }
    assert_eq!(names(&batch(&mut client, text("req-1")).await.violations), ["ACCOUNT_SUSPENDED"]);
    assert_eq!(names(&stream(&mut client, text("req-1")).await.violations), ["ACCOUNT_SUSPENDED"]);
}

#[tokio::test]
async fn a_suspension_reaches_the_accounts_below() {
    let server = Server::start().await;
    let accounts = &server.handle.parts().accounts;
    let clinic = aupd::demo::accounts().expect("the example accounts").into_iter();
    let clinic =
        clinic.into_iter().find(|account| account.id.as_str() == "acc_us_clinic").expect("the clinic");
    let parent_id = Some(AccountId::parse("acc_reseller").expect("an id"));
    let child = AccountId::parse("acc_child").expect("an id");
    accounts.put(Account { id: child, parent_id, depth: 2, ..clinic }).await.expect("the store answers");

    let mut client = server.client().await;
    let own = |id: &str| proto::CheckRequest { account_id: "acc_child".to_owned(), ..text("").with_id(id) };
    let through = |id: &str| proto::CheckRequest {
        account_id: "acc_reseller".to_owned(),
        subaccount_id: "acc_child".to_owned(),
        ..text("").with_id(id)
    };
    for request in [own("req-1"), through("req-2")] {
        let answer = check(&mut client, request).await;
        assert!(!names(&answer.violations).contains(&"ACCOUNT_SUSPENDED"), "{answer:?}");
    }
    suspend(&server, "acc_reseller").await;
    for request in [own("req-3"), own("req-1"), through("req-4")] {
        let answer = check(&mut client, request).await;
        assert_eq!(names(&answer.violations), ["ACCOUNT_SUSPENDED"]);
    }
}
