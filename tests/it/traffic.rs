//! Past traffic as callers meet it: what was allowed counts, once, and what was only asked does not.

use aupd::proto;
use proto::check_result::Result as Answer;
use serde_json::json;

use crate::server::{Client, Server, WithId as _, from_json, names};

/// A text of an account that has no rate of its own, to a number.
pub(crate) fn text_to(to: &str) -> proto::CheckRequest {
    from_json(json!({
        "action": "SEND_SMS",
        "account_id": "acc_us_clinic",
        "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"},
        "from": {"type": "LONG_CODE", "value": "+14155550100"},
        "to": to,
        "body": "Northwind: your appointment is on Thursday at 10:00.",
        "category": "SERVICE",
        "automated": true,
    }))
}

async fn check(client: &mut Client, request: proto::CheckRequest) -> proto::CheckResponse {
    client.check(request).await.expect("an answer").into_inner()
}

/// How many of 20 an hour are left to a number: asked by trying until one is denied.
async fn left(client: &mut Client, to: &str) -> usize {
    for nth in 0..=20 {
        let answer = check(client, text_to(to)).await;
        if answer.verdict() == proto::Verdict::Deny {
            assert_eq!(names(&answer.violations), ["MESSAGE_FLOOD_DESTINATION"]);
            return nth;
        }
    }
    21
}

#[tokio::test]
async fn the_twenty_first_text_of_an_hour_is_denied() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(left(&mut client, "+12125550150").await, 20);
    assert_eq!(left(&mut client, "+12125550151").await, 20, "another number is another count");
}

#[tokio::test]
async fn what_is_only_asked_or_asked_again_is_not_counted() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for _ in 0..10 {
        check(&mut client, text_to("+12125550150").with_id("the-same")).await;
        check(&mut client, proto::CheckRequest { dry_run: true, ..text_to("+12125550150") }).await;
        let request = proto::ExplainRequest { check: Some(text_to("+12125550150")) };
        client.explain(request).await.expect("an explanation");
    }
    assert_eq!(left(&mut client, "+12125550150").await, 19);
}

#[tokio::test]
async fn a_batch_counts_item_by_item() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let items = (0..25).map(|_| text_to("+12125550150")).collect();
    let request = proto::CheckBatchRequest { items, freshness: None };
    let results = client.check_batch(request).await.expect("an answer").into_inner().results;
    let allowed = results.into_iter().map(|result| match result.result.expect("a result") {
        Answer::Decision(decision) => decision.verdict() == proto::Verdict::Allow,
        Answer::Error(error) => panic!("no decision: {error:?}"),
    });
    assert_eq!(allowed.collect::<Vec<_>>(), [vec![true; 20], vec![false; 5]].concat());
}

#[tokio::test]
async fn of_many_at_once_as_many_are_allowed_as_one_after_the_other() {
    let server = Server::start().await;
    let client = server.client().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut client = client.clone();
        tasks.spawn(async move { check(&mut client, text_to("+12125550150")).await.verdict() });
    }
    let verdicts = tasks.join_all().await;
    let allowed = verdicts.into_iter().filter(|verdict| *verdict == proto::Verdict::Allow).count();
    assert_eq!(allowed, 20);
}
