//! `CooldownService`: lists, opens, changes and lifts cool-downs, for operators.
//!
//! They are in the traffic memory, which rules open them in too. A change holds at once, and is answered
//! when it is on the disk.

use std::sync::Arc;

use jiff::Timestamp;
use prost_types::Duration;
use tonic::{Request, Response, Status};

use super::account::{known_account, required_id};
use super::convert;
use super::status::{Refusal, status};
use crate::accounts::Accounts;
use crate::bundle::Policy;
use crate::domain::MAX_LINE;
use crate::proto;
use crate::proto::cooldown_service_server::CooldownService;
use crate::traffic::{Block, EVERY_ACCOUNT, Flush, Memory, Origin, Unreadable};

/// How long one holds where nobody says, s: as rules have it.
const USUAL_S: i64 = 12 * 3_600;
/// How long one may hold, s.
const LONGEST_S: i64 = 30 * 86_400;
const MAX_PREFIX_DIGITS: usize = 15;
/// Bytes of a number to look for.
const MAX_NUMBER: usize = 64;
/// Bytes of a page token: a prefix, a space and an account's id.
const MAX_TOKEN: usize = 256;
const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// The service. Clones share everything.
#[derive(Clone)]
pub struct CooldownAdmin {
    policy: Arc<Policy>,
    accounts: Accounts,
    flush: Option<Flush>,
}

// === impl CooldownAdmin ===

impl CooldownAdmin {
    /// A service over the traffic memory of the policy in force; `flush` writes it, where it is kept.
    pub const fn new(policy: Arc<Policy>, accounts: Accounts, flush: Option<Flush>) -> Self {
        Self { policy, accounts, flush }
    }

    fn traffic(&self) -> Arc<Memory> {
        self.policy.current().traffic.clone()
    }

    fn list(&self, request: &proto::ListCooldownsRequest) -> Result<proto::ListCooldownsResponse, Refusal> {
        let proto::ListCooldownsRequest { account_id, prefix, page_size, page_token } = request;
        let account = Some(account_id.as_str()).filter(|id| !id.is_empty());
        account.map(|id| required_id("account_id", id)).transpose()?;
        if prefix.len() > MAX_NUMBER {
            return Err(Refusal::invalid("prefix", "must be at most 64 bytes"));
        }
        let size = page(*page_size)?;
        let now = Timestamp::now().as_millisecond();
        let after = token(page_token)?;
        let asked = |block: &Block| prefix.is_empty() || prefix.starts_with(&*block.prefix);
        let mut found = self.traffic().cooldowns(account);
        found.retain(|(of, block)| {
            block.holds(now) && asked(block) && after.is_none_or(|after| (&*block.prefix, &**of) > after)
        });
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |(of, block)| format!("{} {of}", block.prefix));
        let cooldowns = found.iter().map(|(of, block)| cooldown(of, block)).collect();
        Ok(proto::ListCooldownsResponse { cooldowns, next_page_token })
    }

    async fn set(&self, request: proto::SetCooldownRequest) -> Result<proto::SetCooldownResponse, Refusal> {
        let proto::SetCooldownRequest { account_id, prefix, ttl, note } = request;
        check_prefix(&prefix)?;
        let life = life(ttl)?;
        if note.len() > MAX_LINE {
            return Err(Refusal::invalid("note", "must be at most 998 bytes"));
        }
        if account_id != EVERY_ACCOUNT {
            known_account(&self.accounts, &required_id("account_id", &account_id)?).await?;
        }
        let opened = Timestamp::now().as_millisecond();
        let (prefix, note, until) = (prefix.into(), note.into(), opened.saturating_add(life));
        let block = Block { prefix, opened, until, life, origin: Origin::Operator, note };
        let cooldown = Some(cooldown(&account_id, &block));
        self.traffic().set_cooldown(&account_id, block).map_err(damaged)?;
        self.written().await?;
        Ok(proto::SetCooldownResponse { cooldown, freshness_token: String::new() })
    }

    async fn lift(
        &self,
        request: proto::LiftCooldownRequest,
    ) -> Result<proto::LiftCooldownResponse, Refusal> {
        let proto::LiftCooldownRequest { account_id, prefix } = request;
        check_prefix(&prefix)?;
        if account_id != EVERY_ACCOUNT {
            required_id("account_id", &account_id)?;
        }
        let now = Timestamp::now().as_millisecond();
        let lifted = self.traffic().unblock(&account_id, &prefix, now).map_err(damaged)?;
        self.written().await?;
        Ok(proto::LiftCooldownResponse { lifted, freshness_token: String::new() })
    }

    /// Waits until everything so far is on the disk.
    async fn written(&self) -> Result<(), Refusal> {
        match &self.flush {
            Some(flush) if !flush.written().await => Err(Refusal::Unwritten("the cool-down")),
            Some(_) | None => Ok(()),
        }
    }
}

#[tonic::async_trait]
impl CooldownService for CooldownAdmin {
    async fn list_cooldowns(
        &self,
        request: Request<proto::ListCooldownsRequest>,
    ) -> Result<Response<proto::ListCooldownsResponse>, Status> {
        self.list(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn set_cooldown(
        &self,
        request: Request<proto::SetCooldownRequest>,
    ) -> Result<Response<proto::SetCooldownResponse>, Status> {
        self.set(request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn lift_cooldown(
        &self,
        request: Request<proto::LiftCooldownRequest>,
    ) -> Result<Response<proto::LiftCooldownResponse>, Status> {
        self.lift(request.into_inner()).await.map(Response::new).map_err(status)
    }
}

fn page(size: u32) -> Result<usize, Refusal> {
    match usize::try_from(size).unwrap_or(usize::MAX) {
        0 => Ok(DEFAULT_PAGE),
        size if size <= MAX_PAGE => Ok(size),
        _ => Err(Refusal::invalid("page_size", "must be at most 1000")),
    }
}

/// Prefix and account of the last one of the page before.
fn token(token: &str) -> Result<Option<(&str, &str)>, Refusal> {
    match token {
        "" => Ok(None),
        token if token.len() <= MAX_TOKEN => {
            let parts = token.split_once(' ');
            parts.map(Some).ok_or_else(|| Refusal::invalid("page_token", "is not one of this service"))
        }
        _ => Err(Refusal::invalid("page_token", "is not one of this service")),
    }
}

fn check_prefix(prefix: &str) -> Result<(), Refusal> {
    let digits = prefix.strip_prefix('+').unwrap_or_default();
    let good = (1..=MAX_PREFIX_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    match prefix {
        "" => Err(Refusal::missing("prefix")),
        _ if good => Ok(()),
        _ => Err(Refusal::invalid("prefix", "must be `+` and 1 to 15 digits")),
    }
}

/// In ms.
fn life(ttl: Option<Duration>) -> Result<i64, Refusal> {
    let Some(Duration { seconds, nanos }) = ttl else { return Ok(USUAL_S * 1_000) };
    let within = (1..=LONGEST_S).contains(&seconds) && (0..1_000_000_000).contains(&nanos);
    if !within || (seconds == LONGEST_S && nanos > 0) {
        return Err(Refusal::invalid("ttl", "must be 1 second to 30 days"));
    }
    Ok(seconds * 1_000 + i64::from(nanos / 1_000_000))
}

fn cooldown(account: &str, block: &Block) -> proto::Cooldown {
    let at = |ms: i64| Timestamp::from_millisecond(ms).ok().map(convert::timestamp);
    let origin = match block.origin {
        Origin::Rule => proto::CooldownOrigin::Rule,
        Origin::Operator => proto::CooldownOrigin::Operator,
    };
    proto::Cooldown {
        account_id: account.to_owned(),
        prefix: block.prefix.to_string(),
        opened_at: at(block.opened),
        ends_at: at(block.until),
        origin: origin.into(),
        note: block.note.to_string(),
    }
}

fn damaged(error: Unreadable) -> Refusal {
    Refusal::Internal(Box::new(error))
}
