//! `AccountService`: reads and writes accounts, for operators.
//!
//! An account is converted and held against the bundle before it is written: an own limit or mode
//! that could never have effect is refused here rather than ignored by every decision afterwards.
//! All writes go through [`Accounts`], so that the next Check on this server sees them.

mod import;
mod overrides;
mod read;

use std::sync::Arc;

use jiff::Timestamp;
use tonic::{Request, Response, Status, Streaming};

pub(super) use read::from_memory as known_account;

use super::convert;
use super::status::{Refusal, status};
use crate::accounts::Accounts;
use crate::bundle::Policy;
use crate::domain::{Account, AccountId, FieldViolation, InvalidId};
use crate::proto;
use crate::proto::account_service_server::AccountService;
use crate::store::{MAX_REASON_BYTES, Revision};

/// The service. Clones share everything.
#[derive(Clone)]
pub struct AccountAdmin {
    accounts: Accounts,
    policy: Arc<Policy>,
}

// === impl AccountAdmin ===

impl AccountAdmin {
    /// A service over these accounts; what is written is held against the policy in force.
    pub const fn new(accounts: Accounts, policy: Arc<Policy>) -> Self {
        Self { accounts, policy }
    }

    /// Takes an account in: well-formed, and with no override that the bundle does not allow.
    fn accept(&self, message: proto::Account) -> Result<Account, Refusal> {
        let account = convert::account(message)?;
        let found = overrides::violations(&account, &self.policy.current().bundle);
        if found.is_empty() { Ok(account) } else { Err(Refusal::InvalidFields(found)) }
    }

    async fn put(&self, request: proto::PutAccountRequest) -> Result<proto::PutAccountResponse, Refusal> {
        let proto::PutAccountRequest { account, expected_revision } = request;
        let account = account.ok_or_else(|| Refusal::missing("account"))?;
        let account = self.accept(account).map_err(|refusal| within("account", refusal))?;
        if let Some(expected) = expected_revision {
            self.expect(&account.id, expected).await?;
        }
        let Revision(revision) = self.accounts.put(account).await?;
        Ok(proto::PutAccountResponse { revision, freshness_token: revision.to_string() })
    }

    /// Refuses when another revision is stored; 0 stands for no account.
    ///
    /// Read, then write: a change by somebody else between the two goes unnoticed. It keeps operators
    /// from overwriting what they have not seen, which happens over minutes and not over
    /// milliseconds; to close the gap the store would have to compare in its own transaction.
    async fn expect(&self, id: &AccountId, expected: u64) -> Result<(), Refusal> {
        let stored = self.accounts.store().account(id).await?;
        let revision = stored.map_or(0, |stored| stored.revision);
        if revision == expected { Ok(()) } else { Err(Refusal::Conflict("account")) }
    }

    async fn suspend(
        &self,
        request: proto::SuspendAccountRequest,
    ) -> Result<proto::SuspendAccountResponse, Refusal> {
        let proto::SuspendAccountRequest { account_id, reason } = request;
        let id = required_id("account_id", &account_id)?;
        if reason.len() > MAX_REASON_BYTES {
            return Err(Refusal::invalid("reason", "must be at most 1024 bytes"));
        }
        let suspended = self.accounts.suspend(&id, &reason, Timestamp::now()).await?;
        let Revision(revision) = suspended.ok_or(Refusal::NotFound("account"))?;
        Ok(proto::SuspendAccountResponse { revision, freshness_token: revision.to_string() })
    }
}

#[tonic::async_trait]
impl AccountService for AccountAdmin {
    async fn get_account(
        &self,
        request: Request<proto::GetAccountRequest>,
    ) -> Result<Response<proto::GetAccountResponse>, Status> {
        read::get(&self.accounts, request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn put_account(
        &self,
        request: Request<proto::PutAccountRequest>,
    ) -> Result<Response<proto::PutAccountResponse>, Status> {
        self.put(request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn suspend_account(
        &self,
        request: Request<proto::SuspendAccountRequest>,
    ) -> Result<Response<proto::SuspendAccountResponse>, Status> {
        self.suspend(request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn list_accounts(
        &self,
        request: Request<proto::ListAccountsRequest>,
    ) -> Result<Response<proto::ListAccountsResponse>, Status> {
        read::list(&self.accounts, request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn import_accounts(
        &self,
        request: Request<Streaming<proto::ImportAccountsRequest>>,
    ) -> Result<Response<proto::ImportAccountsResponse>, Status> {
        import::import(self, request.into_inner()).await.map(Response::new)
    }
}

pub(super) fn required_id(field: &str, text: &str) -> Result<AccountId, Refusal> {
    AccountId::parse(text).map_err(|error| match error {
        InvalidId::Empty => Refusal::missing(field),
        InvalidId::TooLong | InvalidId::Character => Refusal::invalid(field, &error.to_string()),
    })
}

/// The same refusal, its paths seen from the message around the one that was read.
fn within(outer: &str, refusal: Refusal) -> Refusal {
    let Refusal::InvalidFields(violations) = refusal else { return refusal };
    let path = |inner: &str| if inner.is_empty() { outer.to_owned() } else { format!("{outer}.{inner}") };
    let moved = |v: FieldViolation| FieldViolation::new(path(&v.field), v.description);
    Refusal::InvalidFields(violations.into_iter().map(moved).collect())
}

#[cfg(test)]
mod tests;
