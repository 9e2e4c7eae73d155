//! Decision records and privacy: every exit leaves a record, and nothing that is written anywhere holds
//! what was sent.

use std::time::Duration;

use aupd::proto;
use prost::Message as _;
use serde_json::Value;

use crate::child::Process;
use crate::server::{
    Client, Server, WithId as _, endpoint, eventually, from_json, page, sms, stranger, text,
};

#[tokio::test]
async fn every_exit_leaves_a_record() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let allowed = client.check(text("allowed")).await.expect("an answer").into_inner();
    let denied =
        client.check(stranger("acc_nobody").with_id("denied")).await.expect("an answer").into_inner();
    client.check(text("allowed")).await.expect("an answer");
    let mut other = text("allowed");
    sms(&mut other).body.push('!');
    let replayed = client.check(other).await.expect("an answer").into_inner();
    let malformed = proto::CheckRequest { action: None, ..text("malformed") };
    client.check(malformed).await.expect_err("it has no action");
    client.check(stranger("not an id")).await.expect_err("nobody can be named");
    let explained = proto::ExplainRequest { check: Some(text("explained")) };
    client.explain(explained).await.expect("an explanation");

    let records = server.records(6).await;
    assert_eq!(records.len(), 6, "{records:#?}");
    let bundle = &server.handle.parts().policy.current().bundle;
    for record in records.iter().filter(|record| record["error"].is_null()) {
        assert_eq!(record["bundle_digest"].as_str(), Some(&*bundle.digest));
    }
    let summary = |record: &Value| {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        (text("request_id"), text("decision_id"), text("reason"), record["replayed"].as_bool())
    };
    let of = |id: &str, answer: &proto::CheckResponse, reason: &str, replayed| {
        (id.to_owned(), answer.decision_id.clone(), reason.to_owned(), Some(replayed))
    };
    assert_eq!(summary(&records[0]), of("allowed", &allowed, "OK", false));
    assert_eq!(records[0]["account_revision"].as_u64(), allowed.account_revision);
    assert_eq!(summary(&records[1]), of("denied", &denied, "ACCOUNT_NOT_FOUND", false));
    assert_eq!(summary(&records[2]), of("allowed", &allowed, "OK", true));
    assert_eq!(summary(&records[3]), of("allowed", &replayed, "REQUEST_REPLAYED", false));
    let error = serde_json::json!({"code": "INVALID_ARGUMENT", "reason": "INVALID_FIELDS"});
    assert_eq!((&records[4]["request_id"], &records[4]["error"]), (&Value::from("malformed"), &error));
    assert_eq!(records[4]["account_id"], "acc_us_clinic");
    assert_eq!(records[5]["request_id"], "explained");
    assert_eq!(records[5]["explained"], true);
    assert!(records[..5].iter().all(|record| record["explained"].is_null()));
}

/// A batch whose accounts are all read from the database takes longer than a millisecond, so the
/// deadline finds it waiting for one of them sooner or later.
#[tokio::test]
async fn a_deadline_in_the_middle_of_a_decision_leaves_a_record_of_it() {
    let server = Server::with(|config| config.serve.request_timeout = Duration::from_millis(1)).await;
    let mut client = server.client().await;
    let cancelled = |records: &[Value]| records.iter().any(|record| record["error"]["reason"] == "CANCELLED");
    for round in 0..50 {
        let items = (0..1000).map(|n| stranger(&format!("acc_{round}_{n}"))).collect();
        let error = client.check_batch(proto::CheckBatchRequest { items, freshness: None }).await;
        let error = error.expect_err("no such batch ends in a millisecond");
        assert_eq!(error.code(), tonic::Code::DeadlineExceeded);
        tokio::time::sleep(Duration::from_millis(20)).await;
        if cancelled(&server.records(1).await) {
            return;
        }
    }
    panic!("no deadline left a record");
}

/// The same, of a caller that hangs up.
#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_of_a_decision_leaves_a_record_of_it() {
    let server = Server::start().await;
    for round in 0..50 {
        let items = (0..1000).map(|n| stranger(&format!("acc_{round}_{n}"))).collect();
        let mut client = server.client().await;
        let call = client.check_batch(proto::CheckBatchRequest { items, freshness: None });
        let hung_up = tokio::time::timeout(Duration::from_millis(30 + round), call).await.is_err();
        assert!(hung_up, "a thousand accounts are not read in so short a time");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let records = server.records(0).await;
        if records.iter().any(|record| record["error"]["reason"] == "CANCELLED") {
            return;
        }
    }
    panic!("nobody who hung up left a record");
}

const NUMBER: &str = "+12125559876";
const SECRETS: [&str; 7] =
    ["zanzibarium", "2125559876", "4155557654", "quokkaville", "198.51.100.77", "wombat", "plover"];

fn distinctive() -> proto::CheckRequest {
    let mut request = text("private");
    let actor = request.actor.as_mut().expect("an actor");
    actor.ip = "198.51.100.77".into();
    request.brand = "quokkaville".into();
    let sms = sms(&mut request);
    sms.from.as_mut().expect("a sender").value = "+14155557654".into();
    sms.to = NUMBER.into();
    sms.body = "your zanzibarium code is plover".into();
    request
}

/// Of an address the domain is written, to tell where mail goes; who it is for is not.
fn mail() -> proto::CheckRequest {
    from_json(serde_json::json!({
        "action": "SEND_EMAIL", "account_id": "acc_mail_news",
        "from": {"value": "wombat-news@mail.example", "display_name": "plover"},
        "to_email": "to-wombat@mail.example", "subject": "zanzibarium", "text": "plover",
        "category": "SERVICE",
    }))
}

async fn ask_everything(client: &mut Client) -> Vec<tonic::Status> {
    for request in [distinctive(), distinctive(), mail(), text("")] {
        client.check(request).await.expect("an answer");
    }
    let mut other = distinctive();
    sms(&mut other).body.push_str("zanzibarium");
    client.check(other).await.expect("an answer");
    client.explain(proto::ExplainRequest { check: Some(distinctive()) }).await.expect("an explanation");
    let mut broken = Vec::new();
    let malformed: [fn(&mut proto::CheckRequest); 5] = [
        |r| r.account_id = "plover zanzibarium".into(),
        |r| r.nonce = "plover zanzibarium".into(),
        |r| sms(r).category = 77,
        |r| sms(r).body = "zanzibarium".repeat(9000),
        |r| r.actor.as_mut().expect("an actor").ip = "198.51.100.77.quokkaville".into(),
    ];
    for change in malformed {
        let mut request = distinctive();
        change(&mut request);
        broken.push(client.check(request).await.expect_err("it is malformed"));
    }
    broken
}

#[tokio::test]
async fn nothing_that_is_written_anywhere_holds_what_was_sent() {
    let mut process = Process::start("[log]\nlevel = \"debug,aupd=trace\"\n").await;
    let mut client = Client::new(endpoint(process.decisions).connect().await.expect("a connection"));
    let statuses = ask_everything(&mut client).await;
    for status in statuses {
        let text = format!("{status:?} {} {}", status.message(), String::from_utf8_lossy(status.details()));
        assert_clean("a status", &text);
    }
    let metrics = page(process.metrics, "/metrics").await;
    drop(client);
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    // Not empty files: what they should hold is there.
    assert!(metrics.contains("decisions_total"));
    assert!(eventually("records", || Some(process.records())).await.len() >= 10);
    assert!(process.text("decisions.jsonl").contains("+1212•••9876"), "{}", process.text("decisions.jsonl"));
    for name in ["stdout", "stderr", "decisions.jsonl"] {
        assert_clean(name, &process.text(name));
    }
    assert_clean("the metrics", &metrics);
    assert!(distinctive().encoded_len() > 100 && !format!("{:?}", distinctive()).contains("plover"));
}

fn assert_clean(what: &str, text: &str) {
    for secret in SECRETS {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} holds {secret}: {}", line.unwrap_or_default());
    }
}
