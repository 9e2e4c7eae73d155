//! Imports: accounts in a stream, written message by message.
//!
//! What was written before a failure stays written; putting the same accounts again changes nothing,
//! so an import that failed is simply repeated. Nothing is held but the message at hand.

use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use super::AccountAdmin;
use crate::domain::Account;
use crate::proto;
use crate::serve::status::{Refusal, item_error, status};
use crate::store::{MAX_ACCOUNTS, Revision, StoreError};

/// Most accounts in one message.
const MAX_BATCH: usize = 1_000;
/// Most rejections that the answer tells the reasons of.
const MAX_TOLD: usize = 100;

/// Takes in a stream of accounts; those that are malformed are reported, and the others go in.
pub(super) async fn import(
    admin: &AccountAdmin,
    mut messages: impl Stream<Item = Result<proto::ImportAccountsRequest, Status>> + Unpin,
) -> Result<proto::ImportAccountsResponse, Status> {
    let mut import = Import { admin, next: 0, last: None, answer: proto::ImportAccountsResponse::default() };
    while let Some(message) = messages.next().await {
        import.message(message?).await.map_err(status)?;
    }
    import.finish().await.map_err(status)
}

struct Import<'a> {
    admin: &'a AccountAdmin,
    /// Place of the next account.
    next: usize,
    last: Option<Revision>,
    answer: proto::ImportAccountsResponse,
}

// === impl Import ===

impl Import<'_> {
    async fn message(&mut self, message: proto::ImportAccountsRequest) -> Result<(), Refusal> {
        let proto::ImportAccountsRequest { accounts } = message;
        at_most(accounts.len(), MAX_BATCH)?;
        at_most(self.next + accounts.len(), MAX_ACCOUNTS)?;
        let mut good = Vec::new();
        for account in accounts {
            match self.admin.accept(account) {
                Ok(account) => good.push((self.next, account)),
                Err(refusal) => self.reject(self.next, refusal),
            }
            self.next += 1;
            // A thousand large accounts must not hold up everybody else on this thread.
            tokio::task::consume_budget().await;
        }
        self.write(good).await
    }

    /// Writes what is well-formed in one transaction; if that fails because of some of them, one by
    /// one, to find those. A move that only works together with others is then rejected too.
    async fn write(&mut self, accounts: Vec<(usize, Account)>) -> Result<(), Refusal> {
        if accounts.is_empty() {
            return Ok(());
        }
        let together = accounts.iter().map(|(_, account)| account.clone()).collect();
        match self.admin.accounts.put_many(together).await {
            Ok(revision) => self.written(accounts.len(), revision),
            Err(error) if is_about_an_account(&error) => {
                for (place, account) in accounts {
                    self.write_one(place, account).await?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn write_one(&mut self, place: usize, account: Account) -> Result<(), Refusal> {
        match self.admin.accounts.put(account).await {
            Ok(revision) => self.written(1, revision),
            Err(error) if is_about_an_account(&error) => self.reject(place, error.into()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn written(&mut self, count: usize, revision: Revision) {
        self.answer.imported += wide(count);
        self.last = Some(revision);
    }

    fn reject(&mut self, place: usize, refusal: Refusal) {
        self.answer.rejected += 1;
        if self.answer.rejections.len() < MAX_TOLD {
            let error = Some(item_error(refusal));
            self.answer.rejections.push(proto::RejectedAccount { index: wide(place), error });
        }
    }

    /// The answer; the token of an import that wrote nothing is the current revision.
    async fn finish(self) -> Result<proto::ImportAccountsResponse, Refusal> {
        let revision = match self.last {
            Some(revision) => revision,
            None => self.admin.accounts.store().revision().await?,
        };
        Ok(proto::ImportAccountsResponse { freshness_token: revision.to_string(), ..self.answer })
    }
}

/// Whether other accounts may do where this one failed.
const fn is_about_an_account(error: &StoreError) -> bool {
    match error {
        StoreError::ParentCycle { .. } | StoreError::TooDeep { .. } | StoreError::Invalid { .. } => true,
        StoreError::Unavailable { .. } | StoreError::ReadOnly | StoreError::Corrupt { .. } => false,
    }
}

const fn at_most(given: usize, limit: usize) -> Result<(), Refusal> {
    if given <= limit { Ok(()) } else { Err(Refusal::TooManyItems { given, limit }) }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
