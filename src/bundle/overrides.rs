//! What an account may have of its own: limits and modes, held against the bundle before they are
//! stored.

use super::Bundle;
use crate::domain::{Account, FieldViolation};

// === impl Bundle ===

impl Bundle {
    /// The account's own limits and modes that this bundle does not allow.
    pub fn refused_overrides(&self, account: &Account) -> Vec<FieldViolation> {
        let limits = account.limits.values.iter().filter_map(|(name, amount)| {
            let problem = self.limits.own(name, *amount).err()?;
            Some(FieldViolation::new(format!("limits.{name}"), problem.to_string()))
        });
        let modes = account.modes.keys().filter_map(|code| {
            let problem = match self.catalogue.reason(code) {
                None => "is not a reason of the bundle",
                Some(reason) if reason.locked => "is a reason whose mode no account may change",
                Some(_) => return None,
            };
            Some(FieldViolation::new(format!("modes.{code}"), problem))
        });
        limits.chain(modes).collect()
    }
}
