//! Messages that fail before any handler, and the connection that lives on.

use aupd::proto;
use bytes::{Buf as _, BufMut as _, Bytes};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::grpc_bad_input::details;
use crate::server::{Client, Server, WithId as _, sms, text};

const CHECK: &str = "/aup.v1.DecisionService/Check";
const STREAM: &str = "/aup.v1.DecisionService/CheckStream";

/// Sends bytes as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

async fn send(channel: &Channel, message: Vec<u8>) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("the connection is open");
    let path = CHECK.parse().expect("a path");
    grpc.unary(Request::new(message.into()), path, Raw).await.map(tonic::Response::into_inner)
}

/// A `CheckRequest` whose `account_id` is not UTF-8.
fn not_utf8() -> Vec<u8> {
    let mut bytes = text("req-1").encode_to_vec();
    let at = bytes.windows(3).position(|window| window == b"acc").expect("the account is there");
    bytes[at] = 0xff;
    bytes
}

fn truncated() -> Vec<u8> {
    let mut bytes = text("req-1").encode_to_vec();
    bytes.truncate(bytes.len() - 3);
    bytes
}

fn too_large() -> Vec<u8> {
    let mut request = text("req-1");
    sms(&mut request).body = "x".repeat(9 << 20);
    request.encode_to_vec()
}

async fn assert_alive(channel: &Channel) {
    let answer =
        Client::new(channel.clone()).check(text("")).await.expect("the connection lives").into_inner();
    assert_eq!(answer.verdict(), proto::Verdict::Allow);
}

#[tokio::test]
async fn what_does_not_decode_has_a_clear_status_and_the_connection_lives() {
    let server = Server::start().await;
    let channel = server.channel().await;
    let garbage = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec();
    for message in [not_utf8(), truncated(), garbage] {
        let error = send(&channel, message).await.expect_err("it does not decode");
        assert_eq!((error.code(), details(&error).0.as_str()), (Code::InvalidArgument, "MALFORMED_MESSAGE"));
        assert_eq!(error.message(), "the message does not decode");
        assert_alive(&channel).await;
    }
    // Those that were decided, and no more: nothing reached a handler.
    assert_eq!(server.records(3).await.len(), 3);
}

#[tokio::test]
async fn what_is_too_large_has_a_clear_status_and_the_connection_lives() {
    let server = Server::start().await;
    let channel = server.channel().await;
    for _ in 0..3 {
        let error = send(&channel, too_large()).await.expect_err("it is too large");
        assert_eq!(
            (error.code(), details(&error).0.as_str()),
            (Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
        );
        assert_alive(&channel).await;
    }
}

#[tokio::test]
async fn the_limit_of_a_message_is_the_configured_one() {
    let server = Server::with(|config| config.serve.max_message_bytes = 2_048).await;
    let channel = server.channel().await;
    let mut request = text("");
    sms(&mut request).body = "x".repeat(1_500);
    send(&channel, request.encode_to_vec()).await.expect("it is not too large");
    sms(&mut request).body = "x".repeat(2_049);
    let error = send(&channel, request.encode_to_vec()).await.expect_err("it is too large");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

/// The frame promises more bytes than there are.
#[tokio::test]
async fn a_frame_that_ends_early_has_a_clear_status() {
    let server = Server::start().await;
    let channel = server.channel().await;
    let body = Full::new(Bytes::from_static(b"\0\0\0\0\x20abc"));
    let request = http::Request::post(format!("http://{}{CHECK}", server.handle.decisions))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(body.map_err(|never| match never {})))
        .expect("a request");
    let response = channel.clone().oneshot(request).await.expect("a response");
    let error = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::InvalidArgument, "MALFORMED_MESSAGE"));
    assert_alive(&channel).await;
}

/// What comes after bytes that do not decode cannot be trusted, so the stream ends; what was asked
/// before is answered.
#[tokio::test]
async fn a_stream_ends_at_what_does_not_decode_with_a_clear_status() {
    let server = Server::start().await;
    let channel = server.channel().await;
    let good = proto::CheckStreamRequest { check: Some(text("").with_id("first")) }.encode_to_vec();
    let mut bad = vec![0x0a, u8::try_from(not_utf8().len().min(127)).expect("it is short")];
    bad.extend(not_utf8());
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("the connection is open");
    let requests = tokio_stream::iter([Bytes::from(good), Bytes::from(bad)]);
    let path = STREAM.parse().expect("a path");
    let mut answers = grpc.streaming(Request::new(requests), path, Raw).await.expect("a stream").into_inner();
    let first = answers.message().await.expect("an answer").expect("an answer");
    let first = proto::CheckStreamResponse::decode(first).expect("it decodes");
    assert!(matches!(
        first.result.and_then(|result| result.result),
        Some(proto::check_result::Result::Decision(decision)) if decision.request_id == "first"
    ));
    let error = answers.message().await.expect_err("it does not decode");
    assert_eq!((error.code(), details(&error).0.as_str()), (Code::InvalidArgument, "MALFORMED_MESSAGE"));
    assert_alive(&channel).await;
}
