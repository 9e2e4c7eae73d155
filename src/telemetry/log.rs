//! Logs: structured events on standard error, so that standard output stays free for records.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("`{0}` is not a log filter")]
    Filter(String, #[source] tracing_subscriber::filter::ParseError),
    /// Somebody else set up logging in this process.
    #[error("logging is set up already")]
    Taken(#[source] tracing_subscriber::util::TryInitError),
}

/// Starts logging what `filter` lets through: a level, or directives such as `info,aupd=debug`.
/// The environment variable `RUST_LOG` overrides it.
///
/// # Errors
/// When the filter is malformed, or logging has been set up already.
pub fn init(filter: &str, format: Format) -> Result<(), LogError> {
    use tracing_subscriber::util::SubscriberInitExt;
    let from_environment = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let filter = parse(from_environment.as_deref().unwrap_or(filter))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        Format::Json => lines.json().flatten_event(true).finish().try_init(),
        Format::Text => lines.finish().try_init(),
    }
    .map_err(LogError::Taken)
}

/// Whether `filter` would be taken by [`init`].
///
/// # Errors
/// When it is malformed.
pub fn check_filter(filter: &str) -> Result<(), LogError> {
    parse(filter).map(drop)
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder().parse(filter).map_err(|error| LogError::Filter(filter.to_owned(), error))
}
