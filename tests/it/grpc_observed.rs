//! What others see of the service: health, reflection, metrics.

use tokio_stream::StreamExt as _;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::server::{Server, page, stranger, text};

#[tokio::test]
async fn health_is_serving_and_then_is_not() {
    let server = Server::start().await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "aup.v1.DecisionService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("health is served").into_inner();
        assert_eq!(answer.status, ServingStatus::Serving as i32, "{service}");
    }
    let request = HealthCheckRequest { service: "aup.v1.NoSuchService".to_owned() };
    assert_eq!(health.check(request).await.expect_err("there is none").code(), tonic::Code::NotFound);

    let watched = health.watch(HealthCheckRequest::default()).await.expect("health is served").into_inner();
    let stop = tokio::spawn(server.handle.stop());
    let states: Vec<i32> = watched.map_while(|state| state.ok().map(|state| state.status)).collect().await;
    assert_eq!(states, [ServingStatus::Serving as i32, ServingStatus::NotServing as i32]);
    stop.await.expect("it stops");
}

async fn ask(server: &Server, message: MessageRequest) -> MessageResponse {
    let mut client = ServerReflectionClient::new(server.channel().await);
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(message) };
    let stream =
        client.server_reflection_info(tokio_stream::iter([request])).await.expect("reflection is served");
    let answer: ServerReflectionResponse =
        stream.into_inner().message().await.expect("an answer").expect("an answer");
    answer.message_response.expect("an answer")
}

#[tokio::test]
async fn reflection_lists_the_services_and_gives_their_descriptors() {
    let server = Server::start().await;
    let MessageResponse::ListServicesResponse(list) =
        ask(&server, MessageRequest::ListServices(String::new())).await
    else {
        panic!("services are not listed");
    };
    let mut names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    names.sort_unstable();
    // Those of administration are not served here, so they are not listed.
    let expected = [
        "aup.v1.CatalogService",
        "aup.v1.DecisionService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    assert_eq!(names, expected);
    for symbol in ["aup.v1.DecisionService.Check", "google.rpc.BadRequest", "google.rpc.Status"] {
        let message = MessageRequest::FileContainingSymbol(symbol.to_owned());
        let MessageResponse::FileDescriptorResponse(files) = ask(&server, message).await else {
            panic!("{symbol} has no descriptor");
        };
        assert!(!files.file_descriptor_proto.is_empty());
    }
}

#[tokio::test]
async fn metrics_show_the_decisions_and_what_became_of_calls() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for _ in 0..3 {
        client.check(text("")).await.expect("an answer");
    }
    client.check(stranger("acc_nobody")).await.expect("an answer");
    client.check(stranger("not an id")).await.expect_err("it is malformed");
    let address = server.handle.metrics.expect("metrics are served");
    let text = page(address, "/metrics").await;
    let sample = |parts: &[&str]| {
        let line =
            text.lines().find(|line| !line.starts_with('#') && parts.iter().all(|part| line.contains(part)));
        let line = line.unwrap_or_else(|| panic!("no sample with {parts:?} in:\n{text}"));
        line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).expect("a value")
    };
    assert!((sample(&["decisions_total", "ALLOW", "SEND_SMS", "OK"]) - 3.0).abs() < 0.1);
    assert!((sample(&["decisions_total", "DENY", "ACCOUNT_NOT_FOUND"]) - 1.0).abs() < 0.1);
    assert!((sample(&["requests_total", "Check", "INVALID_ARGUMENT"]) - 1.0).abs() < 0.1);
    assert!(text.contains(&*server.handle.parts().policy.current().bundle.digest));
    assert!(page(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(page(address, "/readyz").await.starts_with("HTTP/1.1 200"));
}
