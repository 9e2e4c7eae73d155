//! How the call was made: key, address, second factor, permissions to test.

use std::net::IpAddr;

use jiff::Timestamp;

use super::account::account;
use super::{Cause, Facts, signals};
use crate::domain::{Action, ApiKey, KeyStatus, TestAuthorization};

signals! {
    /// The call was made with an API key.
    "context.key.given": Bool = |f| key_id(f).is_some();
    /// Public id of that key.
    "context.key.id": Text = |f| key_id(f).unwrap_or_default();
    /// The key is one of the account's.
    "context.key.known": Bool = |f| key(f).map(|key| key.is_some());
    /// The key is one of the account's and usable.
    "context.key.active": Bool = |f| key(f).map(|key| key.is_some_and(|key| key.status == KeyStatus::Active));
    /// The key may be used for this action.
    "context.key.in_scope": Bool = |f| key(f).map(|key| key.is_none_or(|key| {
        key.scopes.is_empty() || key.scopes.contains(&f.request.action.kind())
    }));
    /// The address that the call came from may make calls.
    "context.actor.ip_allowed": Bool = |f| ip_allowed(f);
    /// A second factor was used.
    "context.actor.mfa": Bool = |f| f.request.envelope.actor.mfa.unwrap_or(false);
    /// The user's role.
    "context.actor.role": Text = |f| f.request.envelope.actor.role.as_deref().unwrap_or_default();
    /// How many of the four signs of a taken-over account there are: a new key, an unusual country of
    /// the call, a country not sent to in 30 days, a destination with much fraud.
    "context.takeover.signs": Long ["high_fraud_countries"] = |f| takeover_signs(f);
    /// Name of the API operation.
    "context.operation.name": Text = |f| operation(f).0;
    /// A permission in force covers this test of this target.
    "context.operation.authorized": Bool = |f| account(f).map(|a| {
        let (name, target) = operation(f);
        a.security.test_authorizations.iter().any(|permit| covers(permit, name, target, f.now))
    });
    /// Open sessions of the protocol, the new ones included.
    "context.session.open": Long = |f| sessions(f, |a| &a.open_sessions).map(|open| {
        open.unwrap_or(0).saturating_add(binds(f))
    });
    /// How many sessions of the protocol the account may have open.
    "context.session.limit": Long = |f| sessions(f, |a| &a.limits.sessions).map(|limit| {
        limit.unwrap_or(crate::bundle::UNLIMITED)
    });
}

fn key_id<'f>(f: &'f Facts<'_>) -> Option<&'f str> {
    f.request.envelope.actor.api_key_id.as_ref().map(crate::domain::KeyId::as_str)
}

fn key<'f>(f: &'f Facts<'_>) -> Result<Option<&'f ApiKey>, Cause> {
    let id = key_id(f);
    account(f).map(|a| a.api_keys.iter().find(|key| Some(key.id.as_str()) == id))
}

fn ip_allowed(f: &Facts<'_>) -> Result<bool, Cause> {
    let allowed = &account(f)?.security.ip_allowlist;
    if allowed.is_empty() {
        return Ok(true);
    }
    let ip: Option<IpAddr> = f
        .request
        .envelope
        .actor
        .ip
        .as_ref()
        .and_then(|ip| ip.parse().ok())
        .map(|ip: IpAddr| ip.to_canonical());
    Ok(ip.is_some_and(|ip| allowed.iter().any(|network| network.contains(&ip))))
}

fn takeover_signs(f: &Facts<'_>) -> Result<i64, Cause> {
    let signs = [new_key(f)?, unusual_address(f)?, unfamiliar_country(f)?, high_fraud(f)?];
    Ok(signs.into_iter().map(i64::from).sum())
}

/// A key without a date was there before dates were kept.
fn new_key(f: &Facts<'_>) -> Result<bool, Cause> {
    let Some(created) = key(f)?.and_then(|key| key.created_at) else { return Ok(false) };
    let age = f.now.as_millisecond().saturating_sub(created.as_millisecond());
    Ok(age < super::limit(f, "ato_key_age_s")?)
}

fn unusual_address(f: &Facts<'_>) -> Result<bool, Cause> {
    let usual = &account(f)?.usual_ip_countries;
    let country = f.request.envelope.actor.ip_country.as_ref();
    Ok(!usual.is_empty() && country.is_some_and(|country| !usual.contains(country)))
}

/// An account whose destinations are not known is not suspected for them.
fn unfamiliar_country(f: &Facts<'_>) -> Result<bool, Cause> {
    let seen = account(f)?.seen_countries_30d.as_ref();
    let country = f.destination().country();
    Ok(seen.zip(country).is_some_and(|(seen, country)| !seen.contains(country.as_str())))
}

fn high_fraud(f: &Facts<'_>) -> Result<bool, Cause> {
    let list = f.list("high_fraud_countries")?;
    Ok(f.destination().country().is_some_and(|country| list.contains(country.as_str())))
}

fn operation<'f>(f: &'f Facts<'_>) -> (&'f str, &'f str) {
    match &f.request.action {
        Action::ApiOperation(o) => (&o.operation, o.target.as_deref().unwrap_or_default()),
        _ => ("", ""),
    }
}

fn covers(permit: &TestAuthorization, operation: &str, target: &str, now: Timestamp) -> bool {
    let begun = permit.from.is_none_or(|from| from <= now);
    let over = permit.to.is_some_and(|to| to <= now);
    begun && !over && permit.scope.contains(operation) && permit.targets.contains(target)
}

fn sessions(
    f: &Facts<'_>,
    map: impl Fn(&crate::domain::Account) -> &std::collections::BTreeMap<String, i64>,
) -> Result<Option<i64>, Cause> {
    let Action::OpenSession(session) = &f.request.action else { return Ok(Some(0)) };
    let protocol = session.protocol.map_or("", crate::domain::Protocol::as_str);
    account(f).map(|a| map(a).get(protocol).copied())
}

fn binds(f: &Facts<'_>) -> i64 {
    match &f.request.action {
        Action::OpenSession(session) => i64::from(session.binds.unwrap_or(1)),
        _ => 0,
    }
}
