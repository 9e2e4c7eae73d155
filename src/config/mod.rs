//! The configuration: what an operator wrote, checked once, with nothing left to interpret.
//!
//! Each section is a struct that owns its keys, their defaults and their bounds. A key that does not
//! exist is refused by name, a value out of bounds too, each with file and line. Relative paths are
//! relative to the working directory. Every key has a default, so an empty file is a configuration:
//! it serves on loopback, keeps its data in `aupd.db` and writes its records to standard output.

mod admin;
mod audit;
mod data;
mod observe;
mod problem;
mod serve;
mod values;

use std::path::Path;

use serde::Deserialize;

pub use admin::{Admin, AdminAuth, Token, TokenError, TokenSource};
pub use audit::{Audit, AuditSink, JoinSecret, OverflowPolicy};
pub use data::{Accounts, Bundle, Replay, Store, Traffic};
pub use observe::{Log, Metrics};
pub use problem::{ConfigError, Invalid};
pub use serve::{ClientAuth, Runtime, Serve, Tls};
pub use values::Listen;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where decisions are asked for.
    pub serve: Serve,
    /// Where accounts, lists and bundles are managed; off by default.
    pub admin: Admin,
    /// Where metrics and health are shown.
    pub metrics: Metrics,
    /// Where data is kept.
    pub store: Store,
    /// Which policy is in force.
    pub bundle: Bundle,
    /// Accounts in memory.
    pub accounts: Accounts,
    /// Requests remembered.
    pub replay: Replay,
    /// Past traffic.
    pub traffic: Traffic,
    /// Decision records.
    pub audit: Audit,
    /// Logs.
    pub log: Log,
}

// === impl Config ===

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or holds an unknown key or a value that will not do;
    /// then with file and line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        Self::parse(&text, path)
    }

    /// As [`Config::load`], of text; `path` is for messages only.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| problem::malformed(text, path, &error))?;
        config.validate().map_err(|invalid| problem::located(text, path, &invalid))?;
        Ok(config)
    }

    /// Checks what one value alone does not show.
    ///
    /// # Errors
    /// The first key whose value does not go with another's.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.accounts.validate()?;
        self.audit.validate()?;
        self.log.validate()
    }

    /// What is allowed and yet should be known, one sentence each, for the log at start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.serve.listen.ip().is_loopback() && self.serve.tls == Tls::Off {
            warnings.push(format!("decisions are served without TLS on `{}`", self.serve.listen));
        }
        if let Admin::On { listen, tls: Tls::Off, .. } = &self.admin
            && !listen.ip().is_loopback()
        {
            warnings.push(format!("the administrator's token travels in the clear to `{listen}`"));
        }
        warnings
    }
}

#[cfg(test)]
mod tests;
