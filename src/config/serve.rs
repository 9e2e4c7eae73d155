//! `[serve]`: the listener for decisions and its bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::values::{millis, seconds, within};

/// Where decisions are asked for, and how much at a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address; loopback by default, so that nothing is open that was not opened.
    pub listen: SocketAddr,
    /// What connections are served on.
    pub runtime: Runtime,
    /// Cores that serve, each with a thread of its own; 0 is as many as the machine has. At most 256.
    #[serde(deserialize_with = "within::<_, _, 0, 256>")]
    pub cores: usize,
    /// Connections that are open at a time; further ones are closed at once.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    pub max_connections: usize,
    /// Requests decided at a time; further ones are refused as `RESOURCE_EXHAUSTED`.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    pub max_concurrent_requests: usize,
    /// Bytes of one message, 1 KiB to 64 MiB.
    #[serde(deserialize_with = "within::<_, _, 1_024, 67_108_864>")]
    pub max_message_bytes: usize,
    /// Longest time for one request; a batch has ten times as long. A caller's own deadline can be shorter.
    #[serde(rename = "request_timeout_ms", deserialize_with = "millis::<_, 1, 600_000>")]
    pub request_timeout: Duration,
    /// Items of one batch; 1000 is what the API promises.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000>")]
    pub max_batch_items: usize,
    /// Requests of one stream that are taken in before their answers have gone out.
    #[serde(deserialize_with = "within::<_, _, 1, 65_536>")]
    pub stream_window: usize,
    /// How far in the past `at` may lie.
    #[serde(rename = "clock_back_s", deserialize_with = "seconds::<_, 0, 31_622_400>")]
    pub clock_back: Duration,
    /// How far in the future `at` may lie.
    #[serde(rename = "clock_ahead_s", deserialize_with = "seconds::<_, 0, 86_400>")]
    pub clock_ahead: Duration,
    /// After the signal to stop, requests under way have this long to end.
    #[serde(rename = "drain_timeout_s", deserialize_with = "seconds::<_, 0, 3_600>")]
    pub drain_timeout: Duration,
    /// A connection must have begun to speak within this time, TLS included; then keep-alive watches over it.
    #[serde(rename = "opening_timeout_s", deserialize_with = "seconds::<_, 1, 600>")]
    pub opening_timeout: Duration,
    /// A connection that is silent for so long is asked whether it lives.
    #[serde(rename = "keepalive_interval_s", deserialize_with = "seconds::<_, 1, 86_400>")]
    pub keepalive_interval: Duration,
    /// A connection that does not answer that within this time is closed.
    #[serde(rename = "keepalive_timeout_s", deserialize_with = "seconds::<_, 1, 3_600>")]
    pub keepalive_timeout: Duration,
    /// TLS; off by default.
    pub tls: Tls,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7600)),
            runtime: Runtime::PerCore,
            cores: 0,
            max_connections: 10_000,
            max_concurrent_requests: 1024,
            max_message_bytes: 4 << 20,
            request_timeout: Duration::from_secs(1),
            max_batch_items: 1000,
            stream_window: 64,
            clock_back: Duration::from_hours(24),
            clock_ahead: Duration::from_mins(5),
            drain_timeout: Duration::from_secs(30),
            opening_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_mins(1),
            keepalive_timeout: Duration::from_secs(20),
            tls: Tls::Off,
        }
    }
}

/// What connections are served on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// One current-thread runtime a core; a connection stays on the core where it was put.
    #[default]
    PerCore,
    /// The stock runtime, whose threads take each other's work. Background work shares it.
    MultiThread,
}

/// Whether a listener speaks TLS. Files are PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "RawTls")]
pub enum Tls {
    /// In the clear.
    #[default]
    Off,
    /// With TLS.
    On {
        /// Certificate chain.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
        /// Who may connect.
        clients: ClientAuth,
    },
}

/// Who may connect to a listener with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuth {
    /// Anyone.
    Anyone,
    /// Who has a certificate of this authority.
    SignedBy(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTls {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

impl From<RawTls> for Tls {
    fn from(raw: RawTls) -> Self {
        let clients = raw.client_ca.map_or(ClientAuth::Anyone, ClientAuth::SignedBy);
        Self::On { cert: raw.cert, key: raw.key, clients }
    }
}
