//! What may be an entry of a list: checked against the list's matcher, in the form that it is kept in.
//!
//! Problems name the place of a value among those given, never the value: it may be a phone number,
//! a person's name or a digest of what nobody should hold.

use serde_json::Value;

use crate::lists::{List, Match, normal};
use crate::numbers::E164;
use crate::store::{ListRow, MAX_KEY_BYTES, MAX_PAYLOAD_BYTES};

/// Most problems that one answer names.
pub const MAX_PROBLEMS: usize = 100;
/// Hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;
/// Longest host and longest label of one, in bytes.
const HOST_BYTES: (usize, usize) = (253, 63);

/// An entry as somebody wants it: a value and, as JSON text, what comes with it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What is looked up.
    pub value: String,
    /// What comes with it; nothing, if missing.
    pub payload: Option<String>,
}

/// The part of an entry that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is looked up.
    Value,
    /// What comes with it.
    Payload,
}

/// Why one of the entries given is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {index}: the {part} {problem}", part = self.part.as_str())]
pub struct InvalidEntry {
    /// Its place among those given, from 0.
    pub index: usize,
    /// Which part of it.
    pub part: Part,
    /// What is wrong with that part.
    pub problem: &'static str,
}

// === impl NewEntry ===

impl NewEntry {
    /// An entry without payload.
    pub fn bare(value: impl Into<String>) -> Self {
        Self { value: value.into(), payload: None }
    }
}

impl std::fmt::Debug for NewEntry {
    // A value may be a phone number or a name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewEntry { .. }")
    }
}

// === impl Part ===

impl Part {
    /// Its name, as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Payload => "payload",
        }
    }
}

/// The entries as rows of the store.
///
/// # Errors
/// Every entry that is none, up to [`MAX_PROBLEMS`].
pub fn rows(list: &List, entries: Vec<NewEntry>) -> Result<Vec<ListRow>, Vec<InvalidEntry>> {
    let mut problems = Vec::new();
    let mut rows = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        match row(list, index, entry) {
            Ok(row) => rows.push(row),
            Err(problem) => problems.push(problem),
        }
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// One entry as a row of the store.
///
/// # Errors
/// When it is none; the problem carries `index`.
pub fn row(list: &List, index: usize, entry: NewEntry) -> Result<ListRow, InvalidEntry> {
    let wrong = |part| move |problem| InvalidEntry { index, part, problem };
    check_value(list.matching, &entry.value).map_err(wrong(Part::Value))?;
    let payload = entry.payload.map(checked_payload).transpose().map_err(wrong(Part::Payload))?;
    Ok(ListRow { key: kept(list.matching, &entry.value), payload: payload.flatten() })
}

/// The form in which the store keeps a value: normalised, so that two spellings are one entry.
///
/// The list normalises a key again when it is read. A text that this would change once more is kept
/// as it was given: otherwise nobody would find it.
pub fn kept(matching: Match, value: &str) -> String {
    let key = normal(matching, value);
    if normal(matching, &key) == key { key } else { value.to_owned() }
}

/// What every value must be, whatever the list.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_bounds(value: &str) -> Result<(), &'static str> {
    ensure((1..=MAX_KEY_BYTES).contains(&value.len()), "must be 1 to 1024 bytes")?;
    ensure(!value.chars().any(char::is_control), "must hold no control characters")
}

fn check_value(matching: Match, value: &str) -> Result<(), &'static str> {
    check_bounds(value)?;
    match matching {
        Match::Exact => Ok(()),
        Match::Prefix => ensure(!value.contains(char::is_whitespace), "must hold no white space"),
        Match::Folded | Match::Skeleton => {
            let key = normal(matching, value);
            ensure(!key.is_empty(), "must hold a letter or a digit")?;
            ensure(key.len() <= MAX_KEY_BYTES, "must be 1 to 1024 bytes in the form that is compared")
        }
        Match::Number => ensure(E164::parse(value).is_ok(), "must be `+` and 7 to 15 digits (E.164)"),
        Match::Host => ensure(is_host(value), "must be a host with a domain, such as `bad.example`"),
        Match::Country => ensure(is_country(value), "must be two capital letters (ISO 3166)"),
        Match::Hash => ensure(is_digest(value), "must be 64 hexadecimal digits (SHA-256)"),
        Match::Emergency => Err("changes with the bundle alone"),
    }
}

/// `null` is what an entry without payload has, so it is not kept.
fn checked_payload(json: String) -> Result<Option<String>, &'static str> {
    ensure(json.len() <= MAX_PAYLOAD_BYTES, "must be at most 16 KiB")?;
    match serde_json::from_str(&json) {
        Ok(Value::Null) => Ok(None),
        Ok(_) => Ok(Some(json)),
        Err(_) => Err("must be JSON"),
    }
}

/// A single label is no host here: it would match every host below a top-level domain.
fn is_host(text: &str) -> bool {
    let host = text.strip_suffix('.').unwrap_or(text);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let label = |l: &str| (1..=HOST_BYTES.1).contains(&l.len()) && l.bytes().all(allowed);
    host.len() <= HOST_BYTES.0 && host.contains('.') && host.split('.').all(label)
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn ensure(holds: bool, problem: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(problem) }
}
