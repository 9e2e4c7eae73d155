//! Reads of accounts: one with what its ancestors make of it, or a page of records.

use std::sync::Arc;

use prost::Message as _;

use super::required_id;
use crate::accounts::{Accounts, Cause, Lookup};
use crate::domain::{AccountId, ResolvedAccount};
use crate::proto;
use crate::proto::freshness::Requirement;
use crate::serve::convert::{self, Closed as _};
use crate::serve::status::Refusal;
use crate::store::{MAX_ANCESTORS, MAX_PAGE, Store, StoreError, StoredAccount};

/// Records of a page where the caller does not say.
const DEFAULT_PAGE: usize = 100;
/// Records of one read: an account has up to 4 MiB, so few enough to hold in memory.
const READ: usize = 16;
/// Bytes of a page, with room for its token below the 4 MiB that clients take by default.
const MAX_PAGE_BYTES: usize = (4 << 20) - 1_024;

// === one account ===

/// Answers `GetAccount`.
pub(super) async fn get(
    accounts: &Accounts,
    request: proto::GetAccountRequest,
) -> Result<proto::GetAccountResponse, Refusal> {
    let proto::GetAccountRequest { account_id, freshness } = request;
    let id = required_id("account_id", &account_id)?;
    let requirement = freshness.as_ref().and_then(|wanted| wanted.requirement.as_ref());
    let found = if requirement == Some(&Requirement::FullyFresh(true)) {
        from_store(&**accounts.store(), &id).await?
    } else {
        convert::freshness(freshness)?;
        from_memory(accounts, &id).await?
    };
    Ok(proto::GetAccountResponse {
        record: Some(record(&found.account, found.revision)),
        effective_status: found.status.number(),
        ancestors: found.ancestors.iter().map(ToString::to_string).collect(),
    })
}

/// The account as it is known, for whoever has to have it.
pub(in crate::serve) async fn from_memory(
    accounts: &Accounts,
    id: &AccountId,
) -> Result<Arc<ResolvedAccount>, Refusal> {
    match accounts.lookup(id).await {
        Lookup::Found(found) => Ok(found),
        Lookup::NotFound => Err(Refusal::NotFound("account")),
        Lookup::Unavailable { cause } | Lookup::Stale { cause } => Err(unknown(cause)),
    }
}

/// The same, every account of the chain read from the store.
async fn from_store(store: &dyn Store, id: &AccountId) -> Result<Arc<ResolvedAccount>, Refusal> {
    let found = store.account(id).await?.ok_or(Refusal::NotFound("account"))?;
    let (mut ancestors, mut below) = (Vec::new(), found.account.clone());
    while let Some(parent) = &below.parent_id {
        if ancestors.len() >= MAX_ANCESTORS {
            return Err(unknown(Cause::TooDeep { account: id.clone() }));
        }
        let Some(above) = store.account(parent).await? else {
            return Err(unknown(Cause::DanglingParent { account: below.id.clone(), parent: parent.clone() }));
        };
        ancestors.push((parent.clone(), above.account.status));
        below = above.account;
    }
    Ok(Arc::new(ResolvedAccount::new(found.account, found.revision, &ancestors)))
}

/// Why there is no answer about an account that may well be there.
fn unknown(cause: Cause) -> Refusal {
    match cause {
        Cause::DanglingParent { .. } | Cause::TooDeep { .. } => {
            Refusal::FailedPrecondition(cause.to_string())
        }
        Cause::Overloaded => Refusal::Overloaded,
        Cause::Timeout => Refusal::StoreUnavailable(StoreError::unavailable(cause)),
        Cause::Lost => Refusal::Internal(Box::new(cause)),
        Cause::Store(ref error) => match **error {
            StoreError::Corrupt { .. } => Refusal::Internal(Box::new(cause)),
            _ => Refusal::StoreUnavailable(StoreError::unavailable(cause)),
        },
    }
}

// === a page ===

/// Answers `ListAccounts`. The token of a page is the last id on the one before.
pub(super) async fn list(
    accounts: &Accounts,
    request: proto::ListAccountsRequest,
) -> Result<proto::ListAccountsResponse, Refusal> {
    let proto::ListAccountsRequest { page_size, page_token } = request;
    let size = match usize::try_from(page_size).unwrap_or(usize::MAX) {
        0 => DEFAULT_PAGE,
        size if size <= MAX_PAGE => size,
        _ => return Err(Refusal::invalid("page_size", "must be at most 1000")),
    };
    let after = match page_token.as_str() {
        "" => None,
        token => Some(required_id("page_token", token)?),
    };
    page(&**accounts.store(), after, size).await
}

async fn page(
    store: &dyn Store,
    mut after: Option<AccountId>,
    size: usize,
) -> Result<proto::ListAccountsResponse, Refusal> {
    let (mut page, mut bytes) = (proto::ListAccountsResponse::default(), 0);
    loop {
        let read = store.list_accounts(after.as_ref(), READ).await?;
        let last = read.len() < READ;
        for StoredAccount { account, revision, suspension: _ } in read {
            let record = record(&account, revision);
            bytes += framed(&record);
            // One that is too large for any page still gets one to itself.
            let full = page.records.len() >= size || bytes > MAX_PAGE_BYTES;
            if full && !page.records.is_empty() {
                page.next_page_token = after.map_or_else(String::new, |id| id.to_string());
                return Ok(page);
            }
            page.records.push(record);
            after = Some(account.id.clone());
        }
        if last {
            return Ok(page);
        }
    }
}

/// Bytes of a record within its page: itself, its tag and its length.
fn framed(record: &proto::AccountRecord) -> usize {
    let length = record.encoded_len();
    1 + prost::length_delimiter_len(length) + length
}

fn record(account: &crate::domain::Account, revision: u64) -> proto::AccountRecord {
    proto::AccountRecord { account: Some(convert::account_to_proto(account)), revision }
}
