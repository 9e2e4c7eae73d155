//! Reads a part of a request from JSON, and says of what does not fit where it is and what would.
//!
//! A parser's message can quote the value, which may be content: only names of fields, accepted names and
//! kinds of JSON go on from here.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::FieldViolation;

/// Longest path that is told, in characters; an unknown field's name comes from the caller.
const MAX_PATH: usize = 128;

/// What an instant looks like, for the fields whose parser would quote the value.
const INSTANT: &str = "must be an instant such as `2026-12-01T18:00:00Z`";

/// Reads a value.
///
/// # Errors
/// One violation: the first field that does not fit, by its path from the top of the request.
pub(super) fn parse<T: DeserializeOwned>(value: Value) -> Result<T, Vec<FieldViolation>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        vec![blame(if path == "." { "" } else { &path }, &error.into_inner().to_string())]
    })
}

fn blame(path: &str, text: &str) -> FieldViolation {
    let violation = |path: &str, problem: &str| FieldViolation::new(bounded(path), problem);
    if text.starts_with("unknown field `") {
        return violation(&child(path, text), "is not a field of this action");
    }
    if text.starts_with("missing field `") {
        return violation(&child(path, text), "is required");
    }
    if path.rsplit('.').next().is_some_and(|name| name == "at" || name.ends_with("_at")) {
        return violation(path, INSTANT);
    }
    if text.starts_with("invalid ") {
        let expected = text.rsplit_once(", expected ").map_or("another value", |(_, rest)| rest);
        return violation(path, &format!("must be {}", in_words(expected)));
    }
    // What is left are our own types' sentences, which never quote.
    let known = OWN_SENTENCES.iter().find(|own| text.starts_with(**own));
    violation(path, known.map_or("is malformed", |own| own))
}

/// The sentences of the types that check what they take; a test holds them against those types.
pub(super) const OWN_SENTENCES: [&str; 6] = [
    "must not be empty",
    "must be at most 128 bytes",
    "may hold only letters, digits and `_ . : @ + / = -`",
    "must be a decimal number",
    "may have at most six decimals",
    "is out of range",
];

/// The path of the field that the message names first, below `path`.
fn child(path: &str, text: &str) -> String {
    let name = text.split('`').nth(1).unwrap_or_default();
    match path {
        "" => name.to_owned(),
        path if path.rsplit('.').next() == Some(name) => path.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn bounded(path: &str) -> String {
    path.chars().filter(|c| !c.is_control()).take(MAX_PATH).collect()
}

/// What the parser calls an expected type, in the words of JSON.
fn in_words(expected: &str) -> String {
    let words = match expected {
        "a string" | "string" => "text",
        "a boolean" => "true or false",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        names if names.starts_with("one of ") => names,
        object if object == "a map" || object.starts_with("struct ") => "an object",
        _ => "of another type",
    };
    words.to_owned()
}
