//! `[metrics]` and `[log]`: how the service can be watched.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use super::values::{millis, within};
use super::{Invalid, Listen};
use crate::telemetry::{self, Format, PageOptions};

/// Where metrics and health are shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Address, or `"off"`.
    pub listen: Listen,
    /// Connections at a time.
    #[serde(deserialize_with = "within::<_, _, 1, 10_000>")]
    pub max_connections: u32,
    /// Longest time for the head of a request to arrive.
    #[serde(rename = "header_timeout_ms", deserialize_with = "millis::<_, 1, 60_000>")]
    pub header_timeout: Duration,
}

impl Default for Metrics {
    fn default() -> Self {
        let listen = Listen::On(SocketAddr::from((Ipv4Addr::LOCALHOST, 7601)));
        Self { listen, max_connections: 64, header_timeout: Duration::from_secs(5) }
    }
}

impl Metrics {
    /// What the page needs; `None` when it is off.
    pub fn page(&self) -> Option<PageOptions> {
        let Self { listen, max_connections, header_timeout } = *self;
        match listen {
            Listen::Off => None,
            Listen::On(listen) => Some(PageOptions { listen, max_connections, header_timeout }),
        }
    }
}

/// Logs, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`) or directives such as `info,aupd=debug`.
    pub level: String,
    /// What a line looks like.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: Format::Json }
    }
}

impl Log {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        telemetry::check_filter(&self.level)
            .map_err(|_| Invalid::new("log.level", "must be a level or a list of directives"))
    }
}
