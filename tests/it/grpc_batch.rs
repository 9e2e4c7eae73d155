//! Batches and streams: one answer an item, in order, and what is wrong with one item touches no
//! other.

use std::time::Duration;

use aupd::proto;
use proto::check_result::Result as Answer;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::grpc_bad_input::details;
use crate::server::{Client, PATIENCE, Server, WithId as _, names, sms, stranger, text};

async fn batch(client: &mut Client, items: Vec<proto::CheckRequest>) -> Vec<Answer> {
    let request = proto::CheckBatchRequest { items, freshness: None };
    let answer = client.check_batch(request).await.expect("an answer").into_inner();
    answer.results.into_iter().map(|result| result.result.expect("a result")).collect()
}

fn decision(answer: &Answer) -> &proto::CheckResponse {
    match answer {
        Answer::Decision(decision) => decision,
        Answer::Error(error) => panic!("no decision: {error:?}"),
    }
}

/// Asserts that an item was refused for its account id alone.
fn assert_malformed(answer: &Answer) {
    let Answer::Error(error) = answer else { panic!("it was decided: {answer:?}") };
    assert_eq!((error.code, error.reason()), (3, proto::ErrorReason::InvalidFields));
    let fields: Vec<&str> = error.field_violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["account_id"]);
    assert!(error.retry_delay.is_none());
}

#[tokio::test]
async fn errors_of_items_stand_beside_decisions_in_order() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let items = vec![text("a"), stranger("not an id"), stranger("acc_nobody").with_id("c"), text("d")];
    let answers = batch(&mut client, items).await;
    assert_eq!(answers.len(), 4);
    assert_eq!(
        (decision(&answers[0]).request_id.as_str(), decision(&answers[0]).verdict()),
        ("a", proto::Verdict::Allow)
    );
    assert_malformed(&answers[1]);
    assert_eq!(names(&decision(&answers[2]).violations), ["ACCOUNT_NOT_FOUND"]);
    assert_eq!(
        (decision(&answers[2]).request_id.as_str(), decision(&answers[3]).request_id.as_str()),
        ("c", "d")
    );
    assert_eq!(decision(&answers[3]).verdict(), proto::Verdict::Allow);
}

#[tokio::test]
async fn a_thousand_items_are_one_batch_and_one_more_is_none() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let items: Vec<_> = (0..1001).map(|n| stranger("acc_nobody").with_id(&format!("r{n}"))).collect();
    let answers = batch(&mut client, items[..1000].to_vec()).await;
    let ids = answers.iter().map(|answer| decision(answer).request_id.clone());
    assert!(ids.eq((0..1000).map(|n| format!("r{n}"))));

    let error =
        client.check_batch(proto::CheckBatchRequest { items, freshness: None }).await.expect_err("too many");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::InvalidArgument, "TOO_MANY_ITEMS"));
    assert_eq!(server.records(1000).await.len(), 1000);
}

#[tokio::test]
async fn an_empty_batch_has_no_results() {
    let server = Server::start().await;
    assert!(batch(&mut server.client().await, Vec::new()).await.is_empty());
}

fn ask(check: proto::CheckRequest) -> proto::CheckStreamRequest {
    proto::CheckStreamRequest { check: Some(check) }
}

fn answered(response: proto::CheckStreamResponse) -> Answer {
    response.result.and_then(|result| result.result).expect("a result")
}

#[tokio::test]
async fn a_stream_is_answered_in_order_and_goes_on_after_a_malformed_request() {
    let server = Server::start().await;
    let requests: Vec<_> = (0..500)
        .map(|n| match n {
            250 => ask(stranger("not an id")),
            251 => proto::CheckStreamRequest { check: None },
            n => ask(stranger("acc_nobody").with_id(&format!("r{n}"))),
        })
        .collect();
    let stream = server.client().await.check_stream(tokio_stream::iter(requests)).await.expect("a stream");
    let answers: Vec<_> =
        stream.into_inner().map(|answer| answered(answer.expect("an answer"))).collect().await;
    assert_eq!(answers.len(), 500);
    for (n, answer) in answers.iter().enumerate() {
        match n {
            250 => assert_malformed(answer),
            251 => {
                assert!(matches!(answer, Answer::Error(error) if error.field_violations[0].field == "check"));
            }
            n => assert_eq!(decision(answer).request_id, format!("r{n}")),
        }
    }
}

#[tokio::test]
async fn each_answer_of_a_stream_comes_before_the_next_request() {
    let server = Server::start().await;
    let (requests, stream) = mpsc::channel(1);
    let mut client = server.client().await;
    let mut answers = client.check_stream(ReceiverStream::new(stream)).await.expect("a stream").into_inner();
    for n in 0..5 {
        let id = format!("r{n}");
        requests.send(ask(text(&id))).await.expect("the stream is open");
        let answer = answers.message().await.expect("an answer").expect("the stream goes on");
        assert_eq!(decision(&answered(answer)).request_id, id);
    }
    drop(requests);
    assert!(answers.message().await.expect("it ends well").is_none());
}

/// What the server does for a client that sends and sends and never reads is bounded: it stops to decide
/// when its window and the connection's buffers are full, and goes on where it stopped.
#[tokio::test]
async fn a_client_that_does_not_read_stops_its_stream_and_nothing_grows() {
    const SENT: usize = 6_000;
    let server = Server::with(|config| config.serve.stream_window = 4).await;
    let small = server.endpoint().initial_stream_window_size(16_384).initial_connection_window_size(65_535);
    let mut client = Client::new(small.connect().await.expect("a connection"));
    // Long requests, so that those on their way to the server are few.
    let mut long = stranger("acc_nobody");
    sms(&mut long).body = "x".repeat(2_000);
    let requests = tokio_stream::iter(0..SENT).map(move |n| ask(long.clone().with_id(&format!("r{n}"))));
    let mut answers = client.check_stream(requests).await.expect("a stream").into_inner();

    let decided = || server.handle.parts().recorder.stats().written;
    let mut before = 0;
    let limit = tokio::time::Instant::now() + PATIENCE;
    loop {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let now = decided();
        if now > 0 && now == before {
            break;
        }
        assert!(tokio::time::Instant::now() < limit, "it never stopped: {now}");
        before = now;
    }
    assert!(before < SENT as u64 / 2, "{before} of {SENT} were decided for nobody");

    for n in 0..SENT {
        let answer = answers.message().await.expect("an answer").expect("the stream goes on");
        assert_eq!(decision(&answered(answer)).request_id, format!("r{n}"));
    }
}

#[tokio::test]
async fn what_items_have_in_common_is_not_mixed_up() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let with_body = |id: &str, body: &str| {
        let mut item = text(id);
        body.clone_into(&mut sms(&mut item).body);
        item
    };
    let card = "Northwind: the card on file is 4111 1111 1111 1111.";
    let items: Vec<proto::CheckRequest> = (0..12)
        .map(|place| match place % 4 {
            0 | 1 => with_body("", "Northwind: see you on Thursday at 10:00."),
            2 => with_body("", card),
            _ => proto::CheckRequest { account_id: "acc_nobody".to_owned(), ..with_body("", card) },
        })
        .collect();
    let mut alone = Vec::new();
    for item in items.clone() {
        alone.push(client.check(item).await.expect("an answer").into_inner());
    }
    let together = batch(&mut client, items).await;
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(names(&alone.violations), names(&decision(together).violations));
        assert_eq!(alone.account_revision, decision(together).account_revision);
    }
    let reasons = |place: usize| names(&decision(&together[place]).violations);
    assert_eq!(
        (reasons(1), reasons(2), reasons(3)),
        (vec![], vec!["PII_PAYMENT_CARD"], vec!["ACCOUNT_NOT_FOUND"])
    );
}
