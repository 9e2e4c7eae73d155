//! Cool-downs as operators set and lift them, and what callers see of it.

use aupd::config::{Admin, AdminAuth, Config, Tls, TokenSource};
use aupd::proto;
use proto::cooldown_service_client::CooldownServiceClient;
use serde_json::json;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::grpc_bad_input::details;
use crate::server::{Client, Server, endpoint, from_json, names};

const CLINIC: &str = "acc_us_clinic";
const TOKEN: &str = "a-token-for-tests-alone";

type Operator = CooldownServiceClient<InterceptedService<Channel, WithToken>>;

#[derive(Clone, Copy)]
struct WithToken;

impl Interceptor for WithToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = format!("Bearer {TOKEN}").parse().expect("it is ASCII");
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}

fn administered(config: &mut Config) {
    let token = config.store.path.with_file_name("token");
    std::fs::write(&token, TOKEN).expect("the token is written");
    let listen = "127.0.0.1:0".parse().expect("an address");
    config.admin = Admin::On { listen, auth: AdminAuth::Token(TokenSource::File(token)), tls: Tls::Off };
}

async fn operator(server: &Server) -> Operator {
    let address = server.handle.admin.expect("it is administered");
    let channel = endpoint(address).connect().await.expect("it can be reached");
    CooldownServiceClient::with_interceptor(channel, WithToken)
}

/// A call that the clinic may make.
fn call(to: &str) -> proto::CheckRequest {
    from_json(json!({
        "action": "PLACE_CALL",
        "account_id": CLINIC,
        "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"},
        "from": {"type": "E164", "value": "+14155550100"},
        "to": to,
        "category": "SERVICE",
    }))
}

async fn ask(client: &mut Client, to: &str) -> proto::CheckResponse {
    client.check(call(to)).await.expect("an answer").into_inner()
}

async fn denied_for(client: &mut Client, to: &str) -> Vec<String> {
    names(&ask(client, to).await.violations).into_iter().map(str::to_owned).collect()
}

fn set(account: &str, prefix: &str, seconds: i64) -> proto::SetCooldownRequest {
    proto::SetCooldownRequest {
        account_id: account.to_owned(),
        prefix: prefix.to_owned(),
        ttl: Some(prost_types::Duration { seconds, nanos: 0 }),
        note: "pumped".to_owned(),
    }
}

async fn listed(operator: &mut Operator, request: proto::ListCooldownsRequest) -> Vec<(String, String)> {
    let answer = operator.list_cooldowns(request).await.expect("an answer").into_inner();
    answer.cooldowns.into_iter().map(|cooldown| (cooldown.prefix, cooldown.account_id)).collect()
}

fn all() -> proto::ListCooldownsRequest {
    proto::ListCooldownsRequest::default()
}

#[tokio::test]
async fn one_holds_at_once_over_restarts_and_until_it_is_lifted() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let database = directory.path().join("aupd.db");
    let change = |config: &mut Config| {
        config.store.path.clone_from(&database);
        administered(config);
    };
    let server = Server::with(change).await;
    let (mut client, mut operator_) = (server.client().await, operator(&server).await);
    assert_eq!(denied_for(&mut client, "+12125550150").await, [""; 0]);
    let answer = operator_.set_cooldown(set(CLINIC, "+121255501", 3_600)).await.expect("set").into_inner();
    let cooldown = answer.cooldown.expect("the cool-down");
    assert_eq!((cooldown.origin(), cooldown.note.as_str()), (proto::CooldownOrigin::Operator, "pumped"));
    let denied = ask(&mut client, "+12125550150").await;
    assert_eq!(names(&denied.violations), ["DESTINATION_COOLDOWN"]);
    let left = denied.retry_after.expect("it passes").seconds;
    assert!((3_500..=3_600).contains(&left), "{left} s left");
    assert_eq!(denied_for(&mut client, "+12125550250").await, [""; 0], "another prefix");
    server.handle.stop().await;

    let server = Server::with(change).await;
    let (mut client, mut operator_) = (server.client().await, operator(&server).await);
    assert_eq!(denied_for(&mut client, "+12125550150").await, ["DESTINATION_COOLDOWN"]);
    let request = || proto::LiftCooldownRequest { account_id: CLINIC.into(), prefix: "+121255501".into() };
    assert!(operator_.lift_cooldown(request()).await.expect("lifted").into_inner().lifted);
    assert!(!operator_.lift_cooldown(request()).await.expect("not there").into_inner().lifted);
    assert_eq!(denied_for(&mut client, "+12125550150").await, [""; 0]);
}

#[tokio::test]
async fn an_operator_can_make_one_shorter_and_one_for_every_account() {
    let server = Server::with(administered).await;
    let (mut client, mut operator) = (server.client().await, operator(&server).await);
    for seconds in [3_600, 60] {
        operator.set_cooldown(set("", "+1212555", seconds)).await.expect("set");
    }
    let denied = ask(&mut client, "+12125550150").await;
    assert_eq!(names(&denied.violations), ["DESTINATION_COOLDOWN"]);
    assert!(denied.retry_after.is_some_and(|after| after.seconds < 61));
    operator.set_cooldown(set("", "+1212555", 1)).await.expect("set");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(denied_for(&mut client, "+12125550150").await, [""; 0]);
    assert_eq!(listed(&mut operator, all()).await, []);
}

#[tokio::test]
async fn they_are_listed_by_prefix_and_account_page_by_page() {
    let server = Server::with(administered).await;
    let mut operator = operator(&server).await;
    let known = [("+1212", ""), ("+1212", CLINIC), ("+44", CLINIC), ("+44", "acc_top")];
    for (prefix, account) in [("+44", "acc_top"), ("+1212", CLINIC), ("+44", CLINIC), ("+1212", "")] {
        let done = operator.set_cooldown(set(account, prefix, 600)).await;
        assert!(done.is_ok() || account == "acc_top", "{done:?}");
    }
    let known: Vec<_> =
        known[..3].iter().map(|(prefix, account)| ((*prefix).to_owned(), (*account).to_owned())).collect();
    assert_eq!(listed(&mut operator, all()).await, known);
    let of_one = proto::ListCooldownsRequest { account_id: CLINIC.to_owned(), ..all() };
    assert_eq!(listed(&mut operator, of_one).await, known[1..]);
    let of_number = proto::ListCooldownsRequest { prefix: "+12125550150".to_owned(), ..all() };
    assert_eq!(listed(&mut operator, of_number).await, known[..2]);
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListCooldownsRequest { page_size: 1, page_token, ..all() };
        let page = operator.list_cooldowns(request).await.expect("a page").into_inner();
        paged.extend(page.cooldowns.into_iter().map(|cooldown| (cooldown.prefix, cooldown.account_id)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, known);
}

#[tokio::test]
async fn what_is_malformed_is_named_and_changes_nothing() {
    let server = Server::with(administered).await;
    let mut operator = operator(&server).await;
    let wrong = [
        (set(CLINIC, "", 60), "prefix"),
        (set(CLINIC, "1212", 60), "prefix"),
        (set(CLINIC, "+1212555015012345", 60), "prefix"),
        (set(CLINIC, "+1212", 0), "ttl"),
        (set(CLINIC, "+1212", 30 * 86_400 + 1), "ttl"),
        (set("no good", "+1212", 60), "account_id"),
        (proto::SetCooldownRequest { note: "n".repeat(999), ..set(CLINIC, "+1212", 60) }, "note"),
    ];
    for (request, field) in wrong {
        let error = operator.set_cooldown(request).await.expect_err("it is malformed");
        assert_eq!((error.code(), details(&error).1), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let error = operator.set_cooldown(set("acc_nobody", "+1212", 60)).await.expect_err("no such account");
    assert_eq!(error.code(), Code::NotFound);
    for (request, field) in [
        (proto::ListCooldownsRequest { page_size: 1_001, ..all() }, "page_size"),
        (proto::ListCooldownsRequest { page_token: "x".into(), ..all() }, "page_token"),
        (proto::ListCooldownsRequest { prefix: "1".repeat(65), ..all() }, "prefix"),
    ] {
        let error = operator.list_cooldowns(request).await.expect_err("it is malformed");
        assert_eq!(details(&error).1, [field]);
    }
    assert_eq!(listed(&mut operator, all()).await, []);
}
