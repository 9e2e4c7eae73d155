//! Over a real connection: what a client meets.

use std::sync::Arc;

use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::transport::{Channel, Server};
use tonic_types::StatusExt as _;

use super::*;
use crate::bundle::{Bundle, Policy, Snapshot};
use crate::proto::list_service_client::ListServiceClient;
use crate::proto::list_service_server::ListServiceServer;
use crate::store::SqliteStore;

struct Running {
    client: ListServiceClient<Channel>,
    lists: LiveLists,
    _directory: tempfile::TempDir,
}

async fn start() -> Running {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(directory.path().join("aupd.db")).await.unwrap());
    let policy = Policy::new(Snapshot::new(Arc::new(Bundle::embedded().unwrap())));
    let lists = LiveLists::new(Arc::new(policy), store);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = ListServiceServer::new(ListAdmin::new(lists.clone()));
    tokio::spawn(
        Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let client = ListServiceClient::connect(format!("http://{address}")).await.unwrap();
    Running { client, lists, _directory: directory }
}

fn entry(value: &str, payload: &str) -> ListEntry {
    ListEntry { value: value.into(), payload: payload.into() }
}

fn add(list: &str, entries: Vec<ListEntry>) -> AddEntriesRequest {
    AddEntriesRequest { list: list.into(), entries }
}

fn part(list: &str, replace: bool, values: &[&str]) -> ImportEntriesRequest {
    let entries = values.iter().map(|value| entry(value, "")).collect();
    ImportEntriesRequest { list: list.into(), replace, entries }
}

/// Code, reason, and the fields that are named.
fn said(status: &Status) -> (Code, String, Vec<String>) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.domain, "aup.v1");
    let fields =
        details.bad_request().map(|bad| bad.field_violations.iter().map(|v| v.field.clone()).collect());
    (status.code(), info.reason.clone(), fields.unwrap_or_default())
}

#[tokio::test]
async fn entries_are_added_found_and_removed() {
    let mut running = start().await;
    let added =
        running.client.add_entries(add("url_threats", vec![entry("Bad.Example", r#""PHISHING""#)])).await;
    assert_eq!(added.unwrap().into_inner().freshness_token, "1");
    let values = vec!["a.bad.example".to_owned(), "good.example".to_owned()];
    let contains = ContainsRequest { list: "url_threats".into(), values };
    let results = running.client.contains(contains).await.unwrap().into_inner().results;
    let found = ContainsResult { contained: true, entry: Some(entry("bad.example", r#""PHISHING""#)) };
    assert_eq!(results, [found, ContainsResult { contained: false, entry: None }]);
    let remove = RemoveEntriesRequest { list: "url_threats".into(), values: vec!["bad.example".into()] };
    assert_eq!(running.client.remove_entries(remove).await.unwrap().into_inner().removed, 1);
    let lists = running.client.list_lists(ListListsRequest {}).await.unwrap().into_inner().lists;
    let list = lists.iter().find(|list| list.name == "url_threats").unwrap();
    assert_eq!((list.kind(), list.matcher(), list.entries), (ListKind::Feed, ListMatcher::Host, 0));
    assert_eq!(list.revision, 2);
}

#[tokio::test]
async fn each_refusal_says_which_it_is() {
    let mut running = start().await;
    let fields = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let invalid = |names: &[&str]| (Code::InvalidArgument, "INVALID_FIELDS".to_owned(), fields(names));
    let good = || vec![entry("+12125550166", "")];
    let many = vec![entry("+12125550166", ""); 1_001];
    for (request, expected) in [
        (add("", good()), invalid(&["list"])),
        (add("Dno", good()), invalid(&["list"])),
        (add("dno", Vec::new()), invalid(&["entries"])),
        (add("dno", vec![entry("+12125550166", ""), entry("0", "")]), invalid(&["entries[1].value"])),
        (add("dno", vec![entry("+12125550166", "{")]), invalid(&["entries[0].payload"])),
        (add("no_such_list", good()), (Code::NotFound, "NOT_FOUND".into(), Vec::new())),
        (add("record_roles", good()), (Code::FailedPrecondition, "FAILED_PRECONDITION".into(), Vec::new())),
    ] {
        let status = running.client.add_entries(request).await.unwrap_err();
        assert_eq!(said(&status), expected);
    }
    let status = running.client.add_entries(add("dno", many)).await.unwrap_err();
    assert_eq!((status.code(), said(&status).1.as_str()), (Code::InvalidArgument, "TOO_MANY_ITEMS"));
    let values = vec!["fine".into(), "x".repeat(1_025)];
    let status = running.client.contains(ContainsRequest { list: "dno".into(), values }).await.unwrap_err();
    assert_eq!(said(&status), invalid(&["values[1]"]));
    assert!(running.lists.declared("dno").unwrap().is_empty());
}

#[tokio::test]
async fn an_import_comes_in_whole_or_not_at_all() {
    let mut running = start().await;
    let parts = [part("dno", false, &["+12125550160"]), part("", false, &["+12125550161", "+12125550162"])];
    let answer = running.client.import_entries(tokio_stream::iter(parts)).await.unwrap().into_inner();
    assert_eq!((answer.imported, answer.freshness_token.as_str()), (3, "1"));
    let parts = [part("dno", true, &["+12125550163"]), part("dno", false, &["+12125550164"])];
    assert_eq!(
        running.client.import_entries(tokio_stream::iter(parts)).await.unwrap().into_inner().imported,
        2
    );
    let length = |lists: &LiveLists| lists.declared("dno").unwrap().len();
    assert_eq!(length(&running.lists), 2, "replaced");

    let parts = [part("dno", true, &["+12125550165"]), part("dno", false, &["+12125550166", "nonsense"])];
    let status = running.client.import_entries(tokio_stream::iter(parts)).await.unwrap_err();
    assert_eq!(said(&status).2, ["entries[2].value"]);
    let parts = [part("dno", false, &[]), part("dnc_us", false, &[])];
    let status = running.client.import_entries(tokio_stream::iter(parts)).await.unwrap_err();
    assert_eq!(said(&status).2, ["list"]);
    let status = running.client.import_entries(tokio_stream::iter([])).await.unwrap_err();
    assert_eq!(said(&status).2, ["list"]);
    assert_eq!(length(&running.lists), 2, "nothing of a bad import is kept");
}

#[tokio::test]
async fn a_part_that_is_too_large_is_refused() {
    let mut running = start().await;
    let parts = [part("dno", false, &vec!["+12125550166"; 10_001])];
    let status = running.client.import_entries(tokio_stream::iter(parts)).await.unwrap_err();
    assert_eq!((status.code(), said(&status).1.as_str()), (Code::InvalidArgument, "TOO_MANY_ITEMS"));
}
