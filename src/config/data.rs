//! `[store]`, `[bundle]`, `[accounts]`, `[replay]`, `[traffic]`: where data comes from and how much is kept.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Invalid;
use super::values::{millis, seconds, within};
use crate::traffic::USUAL_MIB;

/// Where accounts, lists and bundle revisions are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The database file; made on first start.
    pub path: PathBuf,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: PathBuf::from("aupd.db") }
    }
}

/// Which policy is in force until one is published in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawBundle")]
pub enum Bundle {
    /// The one in the program.
    #[default]
    Embedded,
    /// The one in this directory.
    Dir(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBundle {
    dir: Option<PathBuf>,
}

impl From<RawBundle> for Bundle {
    fn from(raw: RawBundle) -> Self {
        raw.dir.map_or(Self::Embedded, Self::Dir)
    }
}

/// Accounts in memory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// How many.
    #[serde(deserialize_with = "within::<_, _, 1, 100_000_000>")]
    pub capacity: u64,
    /// Older ones are used while they are read again.
    #[serde(rename = "soft_age_s", deserialize_with = "seconds::<_, 1, 86_400>")]
    pub soft_age: Duration,
    /// Older ones are not used: what needs them is denied as `SYSTEM_ACCOUNT_STALE`.
    #[serde(rename = "hard_age_s", deserialize_with = "seconds::<_, 1, 604_800>")]
    pub hard_age: Duration,
    /// For so long it is remembered that there is no such account.
    #[serde(rename = "negative_ttl_s", deserialize_with = "seconds::<_, 0, 3_600>")]
    pub negative_ttl: Duration,
    /// Longest wait for the store.
    #[serde(rename = "load_timeout_ms", deserialize_with = "millis::<_, 1, 10_000>")]
    pub load_timeout: Duration,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            soft_age: Duration::from_secs(30),
            hard_age: Duration::from_mins(5),
            negative_ttl: Duration::from_secs(5),
            load_timeout: Duration::from_millis(250),
        }
    }
}

impl Accounts {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.hard_age <= self.soft_age {
            return Err(Invalid::new("accounts.hard_age_s", "must be more than `accounts.soft_age_s`"));
        }
        Ok(())
    }
}

/// Requests that are remembered, to recognise repetitions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replay {
    /// How many; beyond that the oldest are forgotten.
    #[serde(deserialize_with = "within::<_, _, 1, 100_000_000>")]
    pub capacity: usize,
    /// For how long.
    #[serde(rename = "ttl_s", deserialize_with = "seconds::<_, 1, 604_800>")]
    pub ttl: Duration,
}

/// Past traffic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traffic {
    /// Memory for counters, MiB; beyond that whoever has most loses its oldest ones.
    #[serde(deserialize_with = "within::<_, _, 16, 1_048_576>")]
    pub memory_mib: usize,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { memory_mib: USUAL_MIB }
    }
}

impl Default for Replay {
    fn default() -> Self {
        Self { capacity: 1_000_000, ttl: Duration::from_hours(1) }
    }
}
