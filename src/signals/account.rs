//! What the account is and was granted: `principal.…`.

use std::borrow::Cow;

use super::{Cause, Facts, Subject, signals};
use crate::domain::{Account, EntityType, KycLevel, KycStatus};

signals! {
    /// The account exists.
    "context.account.known": Bool = |f| known(f);
    /// Where the account stands, ancestors considered: TRIAL, ACTIVE, UNDER_REVIEW, SUSPENDED or CLOSED.
    "principal.status": Text = |f| f.account().map(|a| a.status.as_str());
    /// Home country, ISO 3166.
    "principal.country": Text = |f| account(f).map(|a| a.country.as_str());
    /// Kind of holder: COMPANY, INDIVIDUAL, GOVERNMENT or NGO.
    "principal.entity_type": Text = |f| account(f).map(|a| a.entity_type.map_or("", EntityType::as_str));
    /// Version of the policy that the holder accepted.
    "principal.aup_version": Long = |f| account(f).map(|a| a.aup_version);
    /// Whether the account may do this action at all.
    "principal.entitled": Bool = |f| account(f).map(|a| a.entitlements.contains(&f.request.action.kind()));
    /// Uses and use cases that the account was authorised for in writing.
    "principal.authorizations": Set = |f| account(f).map(|a| &a.authorizations);
    /// State of the identity check: PENDING, VERIFIED, REJECTED or EXPIRED.
    "principal.kyc.status": Text = |f| account(f).map(|a| a.kyc.status.map_or("", KycStatus::as_str));
    /// Levels of the identity check that the account has reached, each including those below it.
    "principal.kyc.reached": Set = |f| account(f).map(|a| super::Texts::Names(reached(a)));
    /// The identity check has lapsed.
    "principal.kyc.expired": Bool = |f| account(f).map(|a| {
        a.kyc.status == Some(KycStatus::Expired) || f.passed(a.kyc.expires_at)
    });
    /// Hash of the identity document.
    "principal.kyc.doc_hash": Text (private) = |f| account(f).map(|a| a.kyc.doc_hash.as_deref().unwrap_or_default());
    /// Countries whose numbers the identity check is enough for.
    "principal.kyc.number_bundles": Set = |f| account(f).map(|a| &a.kyc.number_bundles);
    /// Sensitive operations need a second factor.
    "principal.security.mfa_required": Bool = |f| account(f).map(|a| a.security.mfa_required.unwrap_or(true));
    /// High-risk ranges were opened for the account.
    "principal.geo.high_risk": Bool = |f| account(f).map(|a| a.geo.high_risk);
    /// Premium and shared-cost ranges were opened for the account.
    "principal.geo.premium": Bool = |f| account(f).map(|a| a.geo.premium);
    /// Political content was approved.
    "principal.content.political": Bool = |f| account(f).map(|a| a.content_permissions.political);
    /// Upheld notices of infringement in the last 365 days.
    "principal.ip_notices": Long = |f| account(f).map(|a| a.ip_notices_365d);
    /// Regions that the account's data-processing agreement covers: EU, UK.
    "principal.dpa.regions": Set ["eu_uk_regions"] = |f| dpa_regions(f);
    /// There is an agreement to pass the service on.
    "principal.reseller.approved": Bool = |f| account(f).map(|a| a.reseller.approved);
    /// That agreement has ended.
    "principal.reseller.expired": Bool = |f| account(f).map(|a| f.passed(a.reseller.expires_at));
    /// The account is itself the customer of a reseller.
    "principal.reseller.nested": Bool = |f| f.account().map(|a| a.depth() > 0);
    /// It may pass the service on all the same.
    "principal.reseller.sub_resale": Bool = |f| account(f).map(|a| a.reseller.sub_resale);
    /// Products of the agreement.
    "principal.reseller.products": Set = |f| account(f).map(|a| &a.reseller.products);
    /// Territories of the agreement.
    "principal.reseller.territories": Set = |f| account(f).map(|a| &a.reseller.territories);
    /// Accounts below it.
    "principal.reseller.subaccounts": Long = |f| account(f).map(|a| a.reseller.subaccounts);
    /// How many accounts below it the agreement allows.
    "principal.reseller.max_subaccounts": Long = |f| account(f).map(|a| a.reseller.max_subaccounts);
    /// Codes of the violations found; for duties alone.
    "context.decision.reasons": Set = |f| f.reasons().iter().map(|code| &**code).collect::<super::Texts<'_>>();
    /// The best of them; empty on allow.
    "context.decision.primary": Text = |f| f.reasons().first().map_or("", |code| &**code);
}

pub(super) fn account<'f>(f: &'f Facts<'_>) -> Result<&'f Account, Cause> {
    f.account().map(|resolved| &*resolved.account)
}

fn known(f: &Facts<'_>) -> Result<bool, Cause> {
    match f.subject {
        Subject::Known(_) => Ok(true),
        Subject::Missing => Ok(false),
        Subject::Unknown(cause) => Err(cause),
    }
}

/// The names of the levels, lowest first.
const LEVELS: [&str; KycLevel::ALL.len()] =
    [KycLevel::None.as_str(), KycLevel::L1.as_str(), KycLevel::L2.as_str(), KycLevel::Full.as_str()];

fn reached(account: &Account) -> &'static [&'static str] {
    let level = account.kyc.level.unwrap_or(KycLevel::None);
    let count = KycLevel::ALL.iter().filter(|below| **below <= level).count();
    LEVELS.get(..count).unwrap_or(&LEVELS)
}

fn dpa_regions<'f>(f: &'f Facts<'_>) -> Result<Vec<Cow<'f, str>>, Cause> {
    let dpa = &account(f)?.dpa;
    Ok(match &dpa.regions {
        _ if !dpa.signed => Vec::new(),
        Some(regions) => regions.iter().map(|region| Cow::Borrowed(region.as_str())).collect(),
        None => {
            let all = f.list("eu_uk_regions")?.entries();
            all.filter_map(|(_, region)| region.as_str())
                .map(|region| Cow::Owned(region.to_owned()))
                .collect()
        }
    })
}
