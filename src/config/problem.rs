//! What can be wrong with a configuration, and where. A message never quotes the file: a secret put
//! there by mistake must not end up in a log.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{}`", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// Something in it will not do.
    #[error("{}:{line}: {problem}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// A value that does not go with the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {problem}")]
pub struct Invalid {
    /// The key with its section, e.g. `accounts.hard_age_s`.
    pub key: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

// === impl Invalid ===

impl Invalid {
    pub(super) fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}

pub(super) fn malformed(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map_or(1, |span| line_of(text, &span));
    ConfigError::Malformed { path: path.to_owned(), line, problem: error.message().to_owned() }
}

pub(super) fn located(text: &str, path: &Path, invalid: &Invalid) -> ConfigError {
    let line = find(text, invalid.key).map_or(1, |span| line_of(text, &span));
    ConfigError::Malformed { path: path.to_owned(), line, problem: invalid.to_string() }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}

/// Where `key` is, or else the nearest table around it.
fn find(text: &str, key: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut nearest = None;
    for part in key.split('.') {
        let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == part) else { break };
        nearest = Some(name.span());
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    nearest
}
