//! How much the cache holds, and for how long.

use std::time::Duration;

const MAX_CAPACITY: u64 = 100_000_000;

/// Bounds of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Most accounts in memory. Default 100 000; at most 100 million.
    pub capacity: u64,
    /// From this age on an account is served and read again in the background. Default 30 s.
    pub soft_age: Duration,
    /// From this age on an account is not served before it was read again. Default 300 s.
    pub hard_age: Duration,
    /// How long "there is no such account" is believed. Default 5 s; at most `soft_age`.
    pub negative_ttl: Duration,
    /// How long a lookup waits for the store, ancestors included. Default 500 ms; at most 10 s.
    pub load_timeout: Duration,
}

/// What is wrong with a [`Config`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConfig {
    /// Nothing fits in, or more than memory has.
    #[error("`capacity` must be 1 to 100000000")]
    Capacity,
    /// No time passes between the two ages.
    #[error("`soft_age` must be more than nothing and less than `hard_age`")]
    Ages,
    /// What is missing would be believed for longer than what is there.
    #[error("`negative_ttl` must be at most `soft_age`")]
    NegativeTtl,
    /// A load gets no time, or too much.
    #[error("`load_timeout` must be more than nothing and at most 10 s")]
    LoadTimeout,
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            soft_age: Duration::from_secs(30),
            hard_age: Duration::from_mins(5),
            negative_ttl: Duration::from_secs(5),
            load_timeout: Duration::from_millis(500),
        }
    }
}

impl Config {
    /// Whether the bounds fit together.
    ///
    /// # Errors
    /// Names the first that does not.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        let ensure = |holds, otherwise| if holds { Ok(()) } else { Err(otherwise) };
        ensure((1..=MAX_CAPACITY).contains(&self.capacity), InvalidConfig::Capacity)?;
        ensure(!self.soft_age.is_zero() && self.soft_age < self.hard_age, InvalidConfig::Ages)?;
        ensure(self.negative_ttl <= self.soft_age, InvalidConfig::NegativeTtl)?;
        let waits = !self.load_timeout.is_zero() && self.load_timeout <= super::flights::LIMIT;
        ensure(waits, InvalidConfig::LoadTimeout)
    }
}
