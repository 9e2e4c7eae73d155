//! SIGTERM during load: what was accepted is answered and recorded, and nothing else fails loudly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::child::Process;
use crate::server::{Client, PATIENCE, endpoint, text};

/// What one client saw: the ids of requests and decisions that were answered, and its first failure.
struct Seen {
    answered: Vec<(String, String)>,
    failure: (String, Instant, Status),
}

/// Asks one thing after the other until a call fails.
async fn load(address: SocketAddr, task: usize, answers: Arc<AtomicU64>) -> Seen {
    let channel = endpoint(address).connect().await.expect("the service can be reached");
    let mut client = Client::new(channel);
    let mut answered = Vec::new();
    loop {
        let id = format!("t{task}-{}", answered.len());
        let mut request = tonic::Request::new(text(&id));
        request.set_timeout(PATIENCE);
        match client.check(request).await {
            Ok(answer) => {
                answers.fetch_add(1, Ordering::Relaxed);
                answered.push((id, answer.into_inner().decision_id));
            }
            Err(status) => return Seen { answered, failure: (id, Instant::now(), status) },
        }
    }
}

/// Waits for the end of service as a balancer does that watches health, and says when it came.
async fn watch(address: SocketAddr) -> Instant {
    let channel = endpoint(address).connect().await.expect("the service can be reached");
    let mut health = HealthClient::new(channel);
    let request = HealthCheckRequest { service: "aup.v1.DecisionService".to_owned() };
    let mut states = health.watch(request).await.expect("health is served").into_inner();
    let first = states.message().await.expect("a state").expect("a state");
    assert_eq!(first.status, ServingStatus::Serving as i32);
    let next = states.message().await.expect("a state").expect("a state");
    assert_eq!(next.status, ServingStatus::NotServing as i32);
    let seen = Instant::now();
    // The stream stays open until the server ends it, and must not keep the server.
    while let Ok(Some(_)) = states.message().await {}
    seen
}

/// The client calls a connection that closed before the request went out cancelled, and one whose
/// server said in time that it takes no more (GOAWAY, without an error) internal.
fn was_turned_away(status: &Status) -> bool {
    let said_goodbye = || {
        let text = format!("{status:?}");
        text.contains("GoAway") && text.contains("NO_ERROR, Remote")
    };
    match status.code() {
        Code::Unavailable | Code::Cancelled => true,
        Code::Internal => said_goodbye(),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_during_load_fails_no_call_that_was_accepted() {
    stop_during_load("per-core").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_on_the_multi_thread_runtime() {
    stop_during_load("multi-thread").await;
}

async fn stop_during_load(runtime: &str) {
    let serve = format!("[serve]\nruntime = \"{runtime}\"\ncores = 2\n");
    let mut process = Process::with(|file| file.replacen("[serve]\n", &serve, 1)).await;
    let answers = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> =
        (0..8).map(|task| tokio::spawn(load(process.decisions, task, answers.clone()))).collect();
    let health = tokio::spawn(watch(process.decisions));
    crate::server::eventually("load flows", || (answers.load(Ordering::Relaxed) > 100).then_some(())).await;

    process.terminate();
    let stopping = Instant::now();
    let mut seen = Vec::new();
    for client in clients {
        seen.push(client.await.expect("the client ends"));
    }
    let unhealthy = health.await.expect("the watcher ends");
    let status = process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", process.text("stderr"));
    // The default drain is 30 s: nobody held it up.
    assert!(stopping.elapsed() < Duration::from_secs(15), "it took {:?}", stopping.elapsed());

    for Seen { failure: (_, at, status), .. } in &seen {
        assert!(*at > unhealthy, "a call failed before health said so: {status:?}");
        // No head, no trailers: the server never answered it. What is recorded is looked at below.
        assert!(was_turned_away(status), "{status:?}");
        assert!(status.metadata().is_empty(), "{status:?}");
    }
    let records = process.records();
    let recorded: BTreeMap<&str, &Value> = records
        .iter()
        .map(|record| (record["request_id"].as_str().expect("an id"), &record["decision_id"]))
        .collect();
    let answered = seen.iter().flat_map(|client| &client.answered);
    for (request, decision) in answered.clone() {
        assert_eq!(
            recorded.get(request.as_str()).copied(),
            Some(&Value::from(decision.as_str())),
            "{request}"
        );
    }
    // A record without an answer would be a call that was accepted and failed.
    for Seen { failure: (request, _, status), .. } in &seen {
        assert!(!recorded.contains_key(request.as_str()), "{request} was accepted: {status:?}");
    }
    assert_eq!(records.len(), answered.count());
}

#[tokio::test]
async fn an_idle_service_stops_at_once_and_well() {
    let mut process = Process::start("").await;
    let started = Instant::now();
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
    let log = process.text("stderr");
    assert!(log.contains("\"stopped\""), "{log}");
}
