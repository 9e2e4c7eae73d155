//! Records that must be kept: what kind, how old, who touches what of them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::account::account;
use super::{Cause, Facts, signals};
use crate::domain::{Action, RecordChange, RecordOperation};
use crate::lists::List;

const DAY_MS: i64 = 86_400_000;

signals! {
    /// The operation changes or removes the record; reading out does not.
    "context.record.altered": Bool = |f| change(f).is_some_and(|r| r.operation != Some(RecordOperation::Export));
    /// The operation removes the record.
    "context.record.removed": Bool = |f| change(f).is_some_and(removes);
    /// Kind of record.
    "context.record.type": Text = |f| change(f).map_or("", |r| r.record_type.as_str());
    /// The kind of record is one whose keeping is ruled.
    "context.record.known": Bool ["record_retention"] = |f| {
        let kind = change(f).map_or("", |r| r.record_type.as_str());
        f.list("record_retention").map(|kinds| kinds.contains(kind))
    };
    /// An order to keep the record is in force.
    "context.record.on_hold": Bool = |f| on_hold(f);
    /// What is touched may never change: a fact of the envelope, or a log that only grows.
    "context.record.immutable": Bool ["record_append_only", "record_immutable_fields"] = |f| immutable(f);
    /// Age of the record, ms.
    "context.record.age": Long = |f| change(f).and_then(|r| r.record.as_ref()).map_or(0, |record| {
        f.now.as_millisecond().saturating_sub(record.created_at.as_millisecond())
    });
    /// How long it must be kept, ms.
    "context.record.retention": Long ["record_retention"] = |f| retention(f);
    /// How many records are touched.
    "context.record.count": Long = |f| {
        change(f).map_or(0, |r| i64::try_from(r.count.unwrap_or(1)).unwrap_or(i64::MAX))
    };
    /// How many different people approved.
    "context.record.approvers": Long = |f| {
        let people: BTreeSet<String> =
            change(f).into_iter().flat_map(|r| &r.approvers).map(|a| a.trim().to_lowercase()).collect();
        i64::try_from(people.into_iter().filter(|person| !person.is_empty()).count()).unwrap_or(i64::MAX)
    };
}

fn change<'f>(f: &'f Facts<'_>) -> Option<&'f RecordChange> {
    match &f.request.action {
        Action::AlterRecord(change) => Some(change),
        _ => None,
    }
}

fn removes(change: &RecordChange) -> bool {
    matches!(change.operation, Some(RecordOperation::Delete | RecordOperation::Purge))
}

/// A hold without kinds covers all kinds; one without subjects, or a record without one, everyone.
fn on_hold(f: &Facts<'_>) -> Result<bool, Cause> {
    let Some(change) = change(f) else { return Ok(false) };
    let subject = change.record.as_ref().and_then(|record| record.subject.as_ref());
    Ok(account(f)?.legal_holds.iter().any(|hold| {
        let kind = hold.scope.is_empty() || hold.scope.contains(&change.record_type);
        let about = hold.subjects.is_empty() || subject.is_none_or(|subject| hold.subjects.contains(subject));
        kind && about
    }))
}

/// Fields that are not named are all of them, and some of them never change.
fn immutable(f: &Facts<'_>) -> Result<bool, Cause> {
    let Some(change) = change(f) else { return Ok(false) };
    if !matches!(change.operation, Some(RecordOperation::Update | RecordOperation::Redact)) {
        return Ok(false);
    }
    let frozen = f.list("record_immutable_fields")?;
    let log = f.list("record_append_only")?.contains(&change.record_type);
    let touched =
        change.fields.is_empty() || change.fields.iter().any(|field| is_frozen(frozen, change, field));
    Ok(log || touched)
}

fn is_frozen(frozen: &List, change: &RecordChange, field: &str) -> bool {
    let of = |kind: &str| frozen.get(kind).and_then(Json::as_array).into_iter().flatten();
    of("*")
        .chain(of(&change.record_type))
        .any(|name| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(field)))
}

/// Days by kind and jurisdiction; a kind that is not known is never old enough.
fn retention(f: &Facts<'_>) -> Result<i64, Cause> {
    let Some(change) = change(f) else { return Ok(0) };
    let Some(days) = f.list("record_retention")?.get(&change.record_type) else { return Ok(i64::MAX) };
    let jurisdiction = change.record.as_ref().and_then(|record| record.jurisdiction.as_deref());
    let days = jurisdiction.and_then(|country| days.get(country)).or_else(|| days.get("default"));
    days.and_then(Json::as_i64).and_then(|days| days.checked_mul(DAY_MS)).ok_or(Cause::Lists)
}
