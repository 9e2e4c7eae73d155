//! How the overrides that the bundle refuses are told to a caller.

use crate::bundle::Bundle;
use crate::domain::{Account, FieldViolation};
use crate::serve::convert::MAX_VIOLATIONS;

/// Longest name that a path spells.
const MAX_NAME: usize = 64;

/// The account's own limits and modes that the bundle does not allow, at most [`MAX_VIOLATIONS`].
pub(super) fn violations(account: &Account, bundle: &Bundle) -> Vec<FieldViolation> {
    let refused = bundle.refused_overrides(account).into_iter().take(MAX_VIOLATIONS);
    refused.map(|v| FieldViolation { field: path(&v.field), ..v }).collect()
}

/// The path of an entry on the wire. Its name is spelled only if it looks like one of the bundle's:
/// anything else may be a number or a person's name that ended up in the wrong place.
fn path(field: &str) -> String {
    let (map, name) = field.split_once('.').unwrap_or((field, ""));
    let map = if map == "limits" { "limits.values" } else { map };
    let named = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let spelled = begins && name.len() <= MAX_NAME && name.bytes().all(named);
    if spelled { format!("{map}[{name}]") } else { map.to_owned() }
}
