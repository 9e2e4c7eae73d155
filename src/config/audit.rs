//! `[audit]`: where decision records go. They cannot be turned off: a decision without a record is
//! what must never be.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Invalid;
use super::values::{millis, within};
use crate::audit::{FileOptions, Options, Overflow};
use crate::mask::JoinKey;

/// Decision records.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Standard output or a file.
    pub sink: AuditSink,
    /// The file, for `sink = "file"`; older ones stand beside it as `PATH.1`, `PATH.2` and so on.
    pub path: PathBuf,
    /// Bytes of one file, 4 KiB to 1 TiB.
    #[serde(deserialize_with = "within::<_, _, 4_096, 1_099_511_627_776>")]
    pub max_file_bytes: u64,
    /// Older files kept.
    #[serde(deserialize_with = "within::<_, _, 1, 10_000>")]
    pub max_files: u32,
    /// Records that wait to be written.
    #[serde(deserialize_with = "within::<_, _, 1, 10_000_000>")]
    pub queue: usize,
    /// What happens beyond that. By default the service slows down before it loses a record, but
    /// never by more than `max_wait_ms` at a time: a disk that hangs must not stop live traffic.
    pub overflow: OverflowPolicy,
    /// Longest time that a full queue holds up a decision, for `overflow = "block"`.
    #[serde(rename = "max_wait_ms", deserialize_with = "millis::<_, 1, 10_000>")]
    pub max_wait: Duration,
    /// What keys the hashes by which records of one recipient are joined.
    #[serde(rename = "join_secret_file")]
    pub join_secret: JoinSecret,
}

/// Where records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditSink {
    /// To standard output, for where something else collects it.
    Stdout,
    /// To a file, rotated by size.
    File,
}

/// What happens to a record when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverflowPolicy {
    /// The decision waits for room, for a bounded time; then the record is dropped and counted.
    Block,
    /// It is dropped at once, and counted.
    Drop,
}

/// The secret behind the join keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "PathBuf")]
pub enum JoinSecret {
    /// A new one for each process: records join only among those of one run.
    #[default]
    Random,
    /// The content of this file, the same for all that should join.
    File(PathBuf),
}

impl From<PathBuf> for JoinSecret {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            sink: AuditSink::Stdout,
            path: PathBuf::from("aupd-decisions.jsonl"),
            max_file_bytes: 256 << 20,
            max_files: 10,
            queue: 65_536,
            overflow: OverflowPolicy::Block,
            max_wait: Duration::from_millis(20),
            join_secret: JoinSecret::Random,
        }
    }
}

// === impl Audit ===

impl Audit {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.sink == AuditSink::File && self.path.file_name().is_none() {
            return Err(Invalid::new("audit.path", "must name a file"));
        }
        Ok(())
    }

    /// What the file sink needs.
    pub fn file(&self) -> FileOptions {
        FileOptions { path: self.path.clone(), max_bytes: self.max_file_bytes, max_files: self.max_files }
    }

    /// What the recorder needs.
    ///
    /// # Errors
    /// When the file of the join secret cannot be read.
    pub fn recorder(&self) -> std::io::Result<Options> {
        let overflow = match self.overflow {
            OverflowPolicy::Block => Overflow::Block { wait: self.max_wait },
            OverflowPolicy::Drop => Overflow::Drop,
        };
        let join = match &self.join_secret {
            JoinSecret::Random => JoinKey::random(),
            JoinSecret::File(path) => JoinKey::new(&std::fs::read(path)?),
        };
        Ok(Options { queue: self.queue, overflow, join })
    }
}
