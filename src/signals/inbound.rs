//! Messages that came in for one of the account's numbers.

use super::account::account;
use super::signals;
use crate::domain::Action;

signals! {
    /// What the number that was written to may be used for.
    "context.number.uses": Set = |f| account(f).map(|a| {
        let to = match &f.request.action {
            Action::ReceiveMessage(m) => m.to.as_deref(),
            _ => None,
        };
        let number = a.numbers.iter().find(|leased| Some(leased.e164.as_str()) == to);
        number.map(|n| n.r#use.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default()
    });
}
