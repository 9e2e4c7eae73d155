//! An account as the platform knows it. An attribute that is left out has its default, and the
//! default grants nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::redact::redacted_debug;
use super::vocabulary::text_enum;
use super::{AccountId, ActionKind, Fixed, KeyId};

text_enum! {
    /// Where an account stands.
    AccountStatus {
        /// Tried out: only verified recipients, no identity check needed.
        Trial = "TRIAL",
        /// In good standing.
        Active = "ACTIVE",
        /// Goes on with traffic, starts nothing new.
        UnderReview = "UNDER_REVIEW",
        /// Does nothing but answer for its records.
        Suspended = "SUSPENDED",
        /// Over.
        Closed = "CLOSED",
    }
}

text_enum! {
    /// What kind of holder an account has.
    EntityType {
        /// A company.
        Company = "COMPANY",
        /// A person.
        Individual = "INDIVIDUAL",
        /// A public body.
        Government = "GOVERNMENT",
        /// A non-profit.
        Ngo = "NGO",
    }
}

text_enum! {
    /// How far an identity check went; each level includes those before it.
    KycLevel {
        /// Nothing checked.
        None = "NONE",
        /// Contact checked.
        L1 = "L1",
        /// Business checked.
        L2 = "L2",
        /// All documents checked.
        Full = "FULL",
    }
}

text_enum! {
    /// State of an identity check.
    KycStatus {
        /// Not finished.
        Pending = "PENDING",
        /// Done.
        Verified = "VERIFIED",
        /// Refused.
        Rejected = "REJECTED",
        /// Lapsed.
        Expired = "EXPIRED",
    }
}

text_enum! {
    /// What a rule's finding does.
    Mode {
        /// It denies.
        Enforce = "ENFORCE",
        /// It is reported, and denies nothing.
        Monitor = "MONITOR",
        /// It is not reported.
        Off = "OFF",
    }
}

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),* }
        redacted_debug!($name);
    };
}

record! {
    /// How far the holder is known.
    Kyc {
        /// Level reached.
        level: Option<KycLevel>,
        /// State of the check.
        status: Option<KycStatus>,
        /// Hash of the identity document.
        doc_hash: Option<String>,
        /// When the check lapses; never, if missing.
        expires_at: Option<Timestamp>,
        /// Countries whose numbers it is enough for.
        number_bundles: BTreeSet<String>,
    }
}

/// An API key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Its public id.
    pub id: KeyId,
    /// `ACTIVE`, or why not.
    pub status: KeyStatus,
    /// When it was made; long ago, if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Actions it may be used for; all, if empty.
    #[serde(default)]
    pub scopes: BTreeSet<ActionKind>,
}

text_enum! {
    /// State of an API key.
    KeyStatus {
        /// Usable.
        Active = "ACTIVE",
        /// Withdrawn.
        Revoked = "REVOKED",
    }
}

record! {
    /// A written permission to test security.
    TestAuthorization {
        /// Its number.
        id: Option<String>,
        /// Operations it covers.
        scope: BTreeSet<String>,
        /// Targets it covers.
        targets: BTreeSet<String>,
        /// First instant; always, if missing.
        from: Option<Timestamp>,
        /// End, exclusive; never, if missing.
        to: Option<Timestamp>,
    }
}

record! {
    /// How calls to the platform are secured.
    Security {
        /// Networks calls may come from; any, if empty.
        ip_allowlist: Vec<IpNet>,
        /// Whether sensitive operations need a second factor; they do, if missing.
        mfa_required: Option<bool>,
        /// Permissions to test security.
        test_authorizations: Vec<TestAuthorization>,
    }
}

record! {
    /// Where traffic may go.
    Geo {
        /// Countries for texts; the home country alone, if missing.
        sms: Option<BTreeSet<String>>,
        /// Countries for calls; the home country alone, if missing.
        voice: Option<BTreeSet<String>>,
        /// High-risk ranges are opened.
        high_risk: bool,
        /// Premium and shared-cost ranges are opened.
        premium: bool,
    }
}

record! {
    /// A number that the account leases.
    LeasedNumber {
        /// The number.
        e164: String,
        /// Kind of number.
        r#type: Option<super::SenderKind>,
        /// What it may be used for.
        r#use: BTreeSet<String>,
        /// Toll-free verification is done.
        verified: bool,
        /// Where calls go on to.
        forward_to: Option<String>,
        /// Since when.
        leased_at: Option<Timestamp>,
    }
}

record! {
    /// A registered sender id.
    SenderId {
        /// The name.
        value: String,
        /// Countries it is registered for.
        countries: BTreeSet<String>,
        /// `APPROVED`, or how far it got.
        status: String,
    }
}

record! {
    /// A mail domain and its authentication.
    EmailDomain {
        /// The domain.
        domain: String,
        /// SPF passes.
        spf: bool,
        /// DKIM passes.
        dkim: bool,
        /// DMARC passes.
        dmarc: bool,
    }
}

record! {
    /// Leave to use another's mark.
    BrandAuthorization {
        /// The mark.
        mark: String,
        /// End, exclusive; never, if missing.
        to: Option<Timestamp>,
    }
}

record! {
    /// A header of the Indian registry.
    DltHeader {
        /// The header.
        header: String,
        /// Its categories: P, S, T, G.
        categories: BTreeSet<String>,
        /// `ACTIVE`, or not.
        status: String,
    }
}

record! {
    /// A template of the Indian registry.
    DltTemplate {
        /// Its id.
        id: String,
        /// Headers it may be sent from.
        headers: BTreeSet<String>,
        /// Its category.
        r#type: String,
        /// Its text with typed variables.
        text: String,
        /// `ACTIVE`, or not.
        status: String,
    }
}

record! {
    /// The account in the Indian registry.
    Dlt {
        /// Principal entity id.
        entity_id: String,
        /// `ACTIVE`, or not.
        status: String,
        /// `BOUND` when the telemarketer chain is.
        chain_status: String,
        /// Headers.
        headers: Vec<DltHeader>,
        /// Templates.
        templates: Vec<DltTemplate>,
        /// Links and numbers that texts may name.
        cta_whitelist: Vec<String>,
    }
}

record! {
    /// A campaign of the US registry.
    TcrCampaign {
        /// Its id.
        id: String,
        /// `ACTIVE`, or not.
        status: String,
        /// Its use case.
        use_case: String,
        /// Texts a minute to AT&T.
        att_tpm: Option<i64>,
        /// Numbers on it.
        numbers: BTreeSet<String>,
    }
}

record! {
    /// The account in the US registry.
    Tcr {
        /// Brand id.
        brand_id: String,
        /// Vetting score, 0–100.
        vetting_score: Option<i64>,
        /// Texts a day to T-Mobile.
        tmobile_daily_cap: Option<i64>,
        /// Campaigns.
        campaigns: Vec<TcrCampaign>,
    }
}

record! {
    /// What content the account was approved for.
    ContentPermissions {
        /// Countries for betting promotion.
        gambling_countries: BTreeSet<String>,
        /// Political content.
        political: bool,
    }
}

record! {
    /// The agreement to pass the service on.
    Reseller {
        /// There is one.
        approved: bool,
        /// Its number.
        agreement_id: Option<String>,
        /// When it ends, exclusive; never, if missing.
        expires_at: Option<Timestamp>,
        /// What may be passed on.
        products: BTreeSet<String>,
        /// Where.
        territories: BTreeSet<String>,
        /// How many accounts below.
        max_subaccounts: i64,
        /// How many there are.
        subaccounts: i64,
        /// A reseller of a reseller may go on.
        sub_resale: bool,
    }
}

/// The account's own thresholds, by the names of the bundle's limits.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountLimits {
    /// Open sessions by protocol.
    pub sessions: BTreeMap<String, i64>,
    /// Every other limit, in the unit that the bundle states for it.
    #[serde(flatten)]
    pub values: BTreeMap<String, Fixed>,
}

record! {
    /// Usual traffic to one country in 12 hours.
    Baseline {
        /// Mean.
        mean: Fixed,
        /// Standard deviation.
        sd: Fixed,
    }
}

record! {
    /// An order to keep records.
    LegalHold {
        /// Its number.
        id: Option<String>,
        /// Kinds of record; all, if empty.
        scope: BTreeSet<String>,
        /// Whom they are about; everyone, if empty.
        subjects: BTreeSet<String>,
    }
}

record! {
    /// A data-processing agreement.
    Dpa {
        /// It is signed.
        signed: bool,
        /// Regions it covers (`EU`, `UK`); all, if missing.
        regions: Option<BTreeSet<String>>,
    }
}

macro_rules! account {
    ($($(#[$fdoc:meta])* $field:ident: $ty:ty),* $(,)?) => {
        /// An account. `id` and `status` must be given; everything else has a default.
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Account {
            /// Its id.
            pub id: AccountId,
            /// Where it stands by itself; ancestors can make it worse.
            pub status: AccountStatus,
            $($(#[$fdoc])* #[serde(default)] pub $field: $ty),*
        }

        impl Account {
            /// An account with every default.
            pub fn new(id: AccountId, status: AccountStatus) -> Self {
                Self { id, status, $($field: Default::default()),* }
            }
        }
    };
}

account! {
    /// The account above it.
    parent_id: Option<AccountId>,
    /// How many resellers stand above it, where `parent_id` does not tell.
    depth: u32,
    /// When it was opened.
    created_at: Option<Timestamp>,
    /// Home country, ISO 3166.
    country: String,
    /// Name of the holder.
    legal_name: String,
    /// Kind of holder.
    entity_type: Option<EntityType>,
    /// Line of business.
    industry: String,
    /// Version of the policy that was accepted.
    aup_version: i64,
    /// When it was accepted.
    aup_accepted_at: Option<Timestamp>,
    /// Actions it may do.
    entitlements: BTreeSet<ActionKind>,
    /// How far the holder is known.
    kyc: Kyc,
    /// API keys.
    api_keys: Vec<ApiKey>,
    /// How calls are secured.
    security: Security,
    /// Countries that calls usually come from.
    usual_ip_countries: BTreeSet<String>,
    /// Countries that traffic went to in the last 30 days; not known, if missing.
    seen_countries_30d: Option<BTreeSet<String>>,
    /// Where traffic may go.
    geo: Geo,
    /// Leased numbers.
    numbers: Vec<LeasedNumber>,
    /// Outside numbers that the holder proved to have.
    verified_caller_ids: BTreeSet<String>,
    /// Recipients of a trial.
    verified_recipients: BTreeSet<String>,
    /// Recipients whose traffic is known to be wanted.
    safe_list: BTreeSet<String>,
    /// Registered sender ids.
    sender_ids: Vec<SenderId>,
    /// Mail domains.
    email_domains: Vec<EmailDomain>,
    /// Web domains.
    web_domains: BTreeSet<String>,
    /// Own brands.
    brands: BTreeSet<String>,
    /// Leave to use others' marks.
    brand_authorizations: Vec<BrandAuthorization>,
    /// The account in the Indian registry.
    dlt: Option<Dlt>,
    /// The account in the US registry.
    tcr: Option<Tcr>,
    /// Uses and use cases it was authorised for in writing.
    authorizations: BTreeSet<String>,
    /// Licences on file.
    licenses: BTreeSet<String>,
    /// What content it was approved for.
    content_permissions: ContentPermissions,
    /// The agreement to pass the service on.
    reseller: Reseller,
    /// Its own thresholds.
    limits: AccountLimits,
    /// Its own modes, by reason code.
    modes: BTreeMap<String, Mode>,
    /// Money owed and not billed yet, US dollars.
    unbilled_usd: Fixed,
    /// Messages an hour by country.
    country_mph: BTreeMap<String, i64>,
    /// Usual traffic by country.
    baseline_12h: BTreeMap<String, Baseline>,
    /// Messages waiting, by sender.
    queue_depth: BTreeMap<String, i64>,
    /// Open sessions, by protocol.
    open_sessions: BTreeMap<String, i64>,
    /// Recipients who opted out.
    opt_outs: BTreeSet<String>,
    /// Orders to keep records.
    legal_holds: Vec<LegalHold>,
    /// Data-processing agreement.
    dpa: Dpa,
    /// Postal address.
    postal_address: Option<String>,
    /// The platform adds unsubscribe links.
    managed_unsubscribe: bool,
    /// Upheld notices of infringement in 365 days.
    ip_notices_365d: i64,
}

redacted_debug!(ApiKey, AccountLimits);

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account {{ {} {}, .. }}", self.id, self.status)
    }
}

/// An account together with what its place in the tree makes of it.
#[derive(Debug, Clone)]
pub struct ResolvedAccount {
    /// The account itself.
    pub account: Arc<Account>,
    /// Revision of the account in the store.
    pub revision: u64,
    /// Its ancestors, nearest first.
    pub ancestors: Vec<AccountId>,
    /// Where it stands, ancestors considered: below a suspended or closed one it is suspended.
    pub status: AccountStatus,
}

// === impl ResolvedAccount ===

impl ResolvedAccount {
    /// Joins an account with its ancestors, nearest first, each with its own status.
    pub fn new(account: Arc<Account>, revision: u64, ancestors: &[(AccountId, AccountStatus)]) -> Self {
        let halted =
            |status: AccountStatus| matches!(status, AccountStatus::Suspended | AccountStatus::Closed);
        let inherited = ancestors.iter().any(|(_, status)| halted(*status));
        let status = match account.status {
            AccountStatus::Closed => AccountStatus::Closed,
            _ if inherited => AccountStatus::Suspended,
            own => own,
        };
        Self { account, revision, ancestors: ancestors.iter().map(|(id, _)| id.clone()).collect(), status }
    }

    /// How many accounts stand above it.
    pub fn depth(&self) -> u32 {
        u32::try_from(self.ancestors.len()).unwrap_or(u32::MAX).max(self.account.depth)
    }
}
