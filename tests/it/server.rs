//! The service in this process, on ports and files of its own, and requests to send it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aupd::config::{AuditSink, Config, Listen};
use aupd::domain::Request;
use aupd::proto;
use aupd::proto::decision_service_client::DecisionServiceClient;
use aupd::serve::{ServerHandle, convert};
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

pub(crate) type Client = DecisionServiceClient<Channel>;

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running service with the example accounts. It ends with its runtime.
pub(crate) struct Server {
    pub(crate) handle: ServerHandle,
    audit: PathBuf,
    _dir: TempDir,
}

/// A configuration with ports that are free, and all files in `dir`.
pub(crate) fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.serve.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.metrics.listen = Listen::On(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    config.store.path = dir.join("aupd.db");
    config.audit.sink = AuditSink::File;
    config.audit.path = dir.join("decisions.jsonl");
    // A debug build on a busy machine is slow; what these tests ask is not how fast it is.
    config.serve.request_timeout = PATIENCE;
    config.accounts.load_timeout = Duration::from_secs(10);
    config
}

// === impl Server ===

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts it with a configuration that `change` has changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut config = config(dir.path());
        change(&mut config);
        let audit = config.audit.path.clone();
        let handle = aupd::serve::start(config, true).await.expect("the service starts");
        Self { handle, audit, _dir: dir }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        endpoint(self.handle.decisions)
    }

    pub(crate) async fn channel(&self) -> Channel {
        self.endpoint().connect().await.expect("the service can be reached")
    }

    pub(crate) async fn client(&self) -> Client {
        Client::new(self.channel().await)
    }

    /// The decision records, as soon as there are `count` of them.
    pub(crate) async fn records(&self, count: usize) -> Vec<Value> {
        eventually("the records are written", || Some(records(&self.audit)).filter(|all| all.len() >= count))
            .await
    }
}

pub(crate) fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_timeout(PATIENCE)
}

/// The records of a file, one a line; a line that is still being written does not count.
pub(crate) fn records(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What `look` finds, as soon as it finds it.
pub(crate) async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The text of a page over HTTP, head and body.
pub(crate) async fn page(address: SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the page can be reached");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is asked for");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it is text");
    text
}

/// A text that the clinic may send, with an id of its own or none.
pub(crate) fn text(request_id: &str) -> proto::CheckRequest {
    from_json(json!({
        "action": "SEND_SMS",
        "account_id": "acc_us_clinic",
        "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"},
        "from": {"type": "LONG_CODE", "value": "+14155550100"},
        "to": "+12125550123",
        "body": "Northwind: your appointment is on Thursday at 10:00.",
        "category": "SERVICE",
        "automated": true,
    }))
    .with_id(request_id)
}

/// The same of an account that does not exist, which is denied.
pub(crate) fn stranger(account: &str) -> proto::CheckRequest {
    proto::CheckRequest { account_id: account.to_owned(), ..text("") }
}

/// A request as the case files write it.
pub(crate) fn from_json(value: Value) -> proto::CheckRequest {
    convert::to_proto(&Request::from_json(value).expect("a request"))
}

pub(crate) trait WithId {
    fn with_id(self, id: &str) -> Self;
}

impl WithId for proto::CheckRequest {
    fn with_id(self, id: &str) -> Self {
        Self { request_id: id.to_owned(), ..self }
    }
}

/// The text of a text message, to be changed.
pub(crate) fn sms(request: &mut proto::CheckRequest) -> &mut proto::SendSms {
    match &mut request.action {
        Some(proto::check_request::Action::SendSms(sms)) => sms,
        _ => panic!("the request is a text"),
    }
}

/// Names of the reasons of an answer.
pub(crate) fn names(reasons: &[proto::Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.name.as_str()).collect()
}
