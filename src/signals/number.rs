//! Numbers that are leased and configured.

use super::account::account;
use super::{Cause, Facts, signals};
use crate::domain::Action;

signals! {
    /// The number that is configured or was written to is leased by the account.
    "context.number.owned": Bool = |f| account(f).map(|a| {
        own_number(f).is_none_or(|number| a.numbers.iter().any(|leased| leased.e164 == number))
    });
    /// Country of the numbers that are ordered, ISO 3166.
    "context.number.country": Text = |f| match &f.request.action {
        Action::ProvisionNumber(p) => p.country.as_str(),
        _ => "",
    };
    /// What the numbers are declared to be for.
    "context.number.declared_use": Set = |f| match &f.request.action {
        Action::ProvisionNumber(p) => p.declared_use.iter().map(String::as_str).collect::<Vec<_>>(),
        Action::ConfigureNumber(c) => c.declared_use.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    /// Forwarding as configured would lead back to the number.
    "context.number.forwarding_loop": Bool = |f| forwarding_loop(f);
}

/// The number of ours that the request is about.
fn own_number<'f>(f: &'f Facts<'_>) -> Option<&'f str> {
    match &f.request.action {
        Action::ConfigureNumber(c) => Some(&c.number),
        Action::ReceiveMessage(m) => m.to.as_deref(),
        _ => None,
    }
}

/// Follows the account's forwarding from the new target; at most one step a number, so it ends.
fn forwarding_loop(f: &Facts<'_>) -> Result<bool, Cause> {
    let Action::ConfigureNumber(change) = &f.request.action else { return Ok(false) };
    let numbers = &account(f)?.numbers;
    let onwards = |from: &str| numbers.iter().find(|n| n.e164 == from).and_then(|n| n.forward_to.as_deref());
    let mut at = change.forward_to.as_deref().filter(|to| !to.is_empty());
    for _ in 0..=numbers.len() {
        match at {
            Some(number) if number == change.number => return Ok(true),
            Some(number) => at = onwards(number),
            None => return Ok(false),
        }
    }
    // Longer than there are numbers: it turns in a circle that does not pass through this one.
    Ok(true)
}
