//! Passing the service on, and the names of those it is passed on to.

use super::account::account;
use super::{Facts, signals};
use crate::domain::{Action, Subtenant};

/// How an account names itself as the end customer.
const SELF: &str = "SELF";

signals! {
    /// The service goes to somebody other than the account holder.
    "context.resale.third_party": Bool = |f| match &f.request.action {
        Action::Resell(_) => true,
        Action::CreateSubaccount(_) => f.request.envelope.end_customer.as_deref() != Some(SELF),
        _ => false,
    };
    /// What is passed on.
    "context.resale.product": Text = |f| match &f.request.action {
        Action::Resell(r) => r.product.as_deref().unwrap_or_default(),
        Action::CreateSubaccount(s) => s.product.as_deref().unwrap_or_default(),
        _ => "",
    };
    /// Where, ISO 3166.
    "context.resale.territory": Text = |f| match &f.request.action {
        Action::Resell(r) => r.territory.as_deref().unwrap_or_default(),
        Action::CreateSubaccount(s) => s.territory.as_deref().unwrap_or_default(),
        _ => "",
    };
    /// The identity of whoever gets it is verified.
    "context.resale.subtenant_verified": Bool = |f| subtenant(f).is_some_and(|s| s.kyc == "VERIFIED");
    /// Every party that is named: the holder, the end customer, the counterparty.
    "context.party.names": Set (private) = |f| account(f).map(|a| {
        let end_customer = f.request.envelope.end_customer.as_deref().filter(|name| *name != SELF);
        let named = match &f.request.action {
            Action::CreateSubaccount(s) => s.legal_name.as_deref(),
            Action::Resell(r) => r.counterparty.as_deref(),
            Action::PlaceCall(c) => c.on_behalf_of.as_deref(),
            _ => None,
        };
        [Some(a.legal_name.as_str()), end_customer, named].into_iter().flatten().collect::<super::Texts<'_>>()
    });
}

fn subtenant<'f>(f: &'f Facts<'_>) -> Option<&'f Subtenant> {
    match &f.request.action {
        Action::Resell(r) => Some(&r.subtenant),
        Action::CreateSubaccount(s) => Some(&s.subtenant),
        _ => None,
    }
}
