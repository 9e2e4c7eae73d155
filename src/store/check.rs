//! The bounds of what may be written, the same for every engine.

use super::{ListRow, StoreError};

/// Most rows or accounts that one read answers.
pub const MAX_PAGE: usize = 1_000;
/// Most accounts in one write.
pub const MAX_ACCOUNTS: usize = 100_000;
/// Most entries in one write.
pub const MAX_ROWS: usize = 1_000_000;
/// Longest name of a list, in bytes.
pub const MAX_LIST_NAME_BYTES: usize = 64;
/// Longest key of an entry, in bytes.
pub const MAX_KEY_BYTES: usize = 1_024;
/// Longest payload of an entry, in bytes of JSON.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1_024;
/// Longest account, in bytes of JSON.
pub const MAX_BODY_BYTES: usize = 4 * 1_024 * 1_024;
/// Longest reason of a suspension, in bytes.
pub const MAX_REASON_BYTES: usize = 1_024;

fn ensure(holds: bool, what: &'static str, problem: &'static str) -> Result<(), StoreError> {
    if holds { Ok(()) } else { Err(StoreError::Invalid { what, problem }) }
}

pub(super) fn accounts(count: usize) -> Result<(), StoreError> {
    ensure(count <= MAX_ACCOUNTS, "the accounts of one write", "must be at most 100000")
}

pub(super) fn body(json: &str) -> Result<(), StoreError> {
    ensure(json.len() <= MAX_BODY_BYTES, "an account", "must be at most 4 MiB of JSON")
}

pub(super) fn reason(text: &str) -> Result<(), StoreError> {
    ensure(text.len() <= MAX_REASON_BYTES, "the reason of a suspension", "must be at most 1024 bytes")
}

pub(super) fn list_name(name: &str) -> Result<(), StoreError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let holds = !name.is_empty() && name.len() <= MAX_LIST_NAME_BYTES && name.bytes().all(allowed);
    ensure(holds, "the name of a list", "must be 1 to 64 of `a-z 0-9 _`")
}

pub(super) fn keys<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Result<(), StoreError> {
    ensure(keys.len() <= MAX_ROWS, "the entries of one write", "must be at most 1000000")?;
    keys.into_iter().try_for_each(key)
}

pub(super) fn rows(rows: &[ListRow]) -> Result<(), StoreError> {
    keys(rows.iter().map(|row| row.key.as_str()))?;
    rows.iter().filter_map(|row| row.payload.as_deref()).try_for_each(payload)
}

fn key(key: &str) -> Result<(), StoreError> {
    let length = (1..=MAX_KEY_BYTES).contains(&key.len());
    ensure(length, "the key of an entry", "must be 1 to 1024 bytes")?;
    // Also keeps out the zero byte, at which SQLite's JSON functions would cut the key off.
    ensure(!key.chars().any(char::is_control), "the key of an entry", "must hold no control characters")
}

fn payload(json: &str) -> Result<(), StoreError> {
    ensure(json.len() <= MAX_PAYLOAD_BYTES, "the payload of an entry", "must be at most 16 KiB")?;
    let valid = serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok();
    ensure(valid, "the payload of an entry", "must be JSON")
}
