//! `ListService`: changes and reads the lists that are kept current while the service runs.

mod import;
mod refuse;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use self::refuse::{Violations, of_list, of_store};
use super::status::{Refusal, status};
use crate::lists::{Kind, Match};
use crate::live_lists::{Described, Found, LiveLists, MAX_PROBLEMS, NewEntry, check_bounds};
use crate::proto::list_service_server::ListService;
use crate::proto::{
    AddEntriesRequest, AddEntriesResponse, ContainsRequest, ContainsResponse, ContainsResult,
    ImportEntriesRequest, ImportEntriesResponse, ListEntry, ListInfo, ListKind, ListListsRequest,
    ListListsResponse, ListMatcher, RemoveEntriesRequest, RemoveEntriesResponse,
};
use crate::store::MAX_LIST_NAME_BYTES;

/// Most entries or values in one call that is no import.
const MAX_ITEMS: usize = 1_000;
/// Imports at a time: each holds its entries in memory until it is complete.
const MAX_IMPORTS: usize = 2;

/// Changes and reads lists.
#[derive(Clone)]
pub struct ListAdmin {
    lists: LiveLists,
    imports: Arc<Semaphore>,
}

// === impl ListAdmin ===

impl ListAdmin {
    /// A service over these lists.
    pub fn new(lists: LiveLists) -> Self {
        Self { lists, imports: Arc::new(Semaphore::new(MAX_IMPORTS)) }
    }
}

#[tonic::async_trait]
impl ListService for ListAdmin {
    async fn add_entries(
        &self,
        request: Request<AddEntriesRequest>,
    ) -> Result<Response<AddEntriesResponse>, Status> {
        let AddEntriesRequest { list, entries } = request.into_inner();
        check_name(&list)?;
        check_count("entries", entries.len())?;
        let entries = entries.into_iter().map(new_entry).collect();
        let revision = self.lists.add(&list, entries).await.map_err(|error| of_list(error, entry_place))?;
        Ok(Response::new(AddEntriesResponse { freshness_token: revision.to_string() }))
    }

    async fn remove_entries(
        &self,
        request: Request<RemoveEntriesRequest>,
    ) -> Result<Response<RemoveEntriesResponse>, Status> {
        let RemoveEntriesRequest { list, values } = request.into_inner();
        check_name(&list)?;
        check_values(&values)?;
        let removed = self.lists.remove(&list, &values).await;
        let (removed, revision) = removed.map_err(|error| of_list(error, entry_place))?;
        Ok(Response::new(RemoveEntriesResponse { removed, freshness_token: revision.to_string() }))
    }

    async fn contains(
        &self,
        request: Request<ContainsRequest>,
    ) -> Result<Response<ContainsResponse>, Status> {
        let ContainsRequest { list, values } = request.into_inner();
        check_name(&list)?;
        check_values(&values)?;
        let list = self.lists.declared(&list).map_err(|error| of_list(error, entry_place))?;
        let results = values.iter().map(|value| contains_result(Found::in_list(&list, value))).collect();
        Ok(Response::new(ContainsResponse { results }))
    }

    async fn list_lists(&self, _: Request<ListListsRequest>) -> Result<Response<ListListsResponse>, Status> {
        let lists = self.lists.describe().await.map_err(of_store)?;
        Ok(Response::new(ListListsResponse { lists: lists.into_iter().map(list_info).collect() }))
    }

    async fn import_entries(
        &self,
        request: Request<Streaming<ImportEntriesRequest>>,
    ) -> Result<Response<ImportEntriesResponse>, Status> {
        let _permit = self.imports.try_acquire().map_err(|_| import::busy())?;
        import::import(&self.lists, request.into_inner()).await.map(Response::new)
    }
}

fn entry_place(index: usize) -> String {
    format!("entries[{index}]")
}

/// A name outside its bounds is malformed; one inside them may still name no list.
fn check_name(name: &str) -> Result<(), Status> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if (1..=MAX_LIST_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Violations::one("list", "must be 1 to 64 bytes of `a-z 0-9 _`").status())
}

fn check_count(field: &'static str, count: usize) -> Result<(), Status> {
    match count {
        0 => Err(Violations::one(field, "must not be empty").status()),
        1..=MAX_ITEMS => Ok(()),
        given => Err(status(Refusal::TooManyItems { given, limit: MAX_ITEMS })),
    }
}

fn check_values(values: &[String]) -> Result<(), Status> {
    check_count("values", values.len())?;
    let mut violations = Violations::none();
    let wrong = values.iter().enumerate().filter_map(|(index, v)| Some((index, check_bounds(v).err()?)));
    for (index, problem) in wrong.take(MAX_PROBLEMS) {
        violations.add(format!("values[{index}]"), problem);
    }
    violations.check()
}

fn new_entry(entry: ListEntry) -> NewEntry {
    let ListEntry { value, payload } = entry;
    NewEntry { value, payload: Some(payload).filter(|payload| !payload.is_empty()) }
}

fn contains_result(found: Option<Found>) -> ContainsResult {
    let entry = found.map(|Found { value, payload }| ListEntry {
        value,
        payload: if payload.is_null() { String::new() } else { payload.to_string() },
    });
    ContainsResult { contained: entry.is_some(), entry }
}

fn list_info(list: Described) -> ListInfo {
    let Described { name, declared, entries, revision } = list;
    let (kind, matcher) = declared.map_or((ListKind::Unspecified, ListMatcher::Unspecified), |declared| {
        (list_kind(declared.0), list_matcher(declared.1))
    });
    // The store does not keep when a list changed.
    let updated_at = None;
    ListInfo { name, kind: kind.into(), matcher: matcher.into(), entries, revision: revision.0, updated_at }
}

const fn list_kind(kind: Kind) -> ListKind {
    match kind {
        Kind::Feed => ListKind::Feed,
        Kind::Policy => ListKind::Policy,
    }
}

const fn list_matcher(matching: Match) -> ListMatcher {
    match matching {
        Match::Exact => ListMatcher::Exact,
        Match::Folded => ListMatcher::Folded,
        Match::Prefix => ListMatcher::Prefix,
        Match::Number => ListMatcher::Number,
        Match::Host => ListMatcher::Host,
        Match::Country => ListMatcher::Country,
        Match::Skeleton => ListMatcher::Skeleton,
        Match::Hash => ListMatcher::Hash,
        Match::Emergency => ListMatcher::Emergency,
    }
}
