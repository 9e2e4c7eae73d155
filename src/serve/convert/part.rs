//! The parts that several actions are built from.
//!
//! Lengths are not looked at here: `domain::action_violations` does it for every door.

use super::reader::{Reader, given};
use crate::domain::{
    Actor, Consent, DltKeys, EndUser, Fixed, Label, MAX_LABELS, MAX_MEDIA, Media, Recipient, RecordRef,
    Recording, Sender, Subtenant,
};
use crate::proto as pb;

pub(super) fn actor(r: &mut Reader, message: pb::Actor) -> Actor {
    let pb::Actor { api_key_id, ip, ip_country, user_id, role, mfa } = message;
    Actor {
        api_key_id: r.id("api_key_id", &api_key_id),
        ip: given(ip),
        ip_country: given(ip_country),
        user_id: given(user_id),
        role: given(role),
        mfa,
    }
}

pub(super) fn sender(r: &mut Reader, message: pb::Sender) -> Sender {
    let pb::Sender { r#type, value, display_name } = message;
    Sender { kind: r.choice("type", r#type), value, display_name: given(display_name) }
}

/// A consent whose basis is not said is none.
pub(super) fn consent(r: &mut Reader, message: pb::Consent) -> Option<Consent> {
    let pb::Consent { basis, captured_at, expires_at, record_id } = message;
    let basis = r.required_choice("basis", basis);
    let captured_at = r.instant("captured_at", captured_at);
    let expires_at = r.instant("expires_at", expires_at);
    Some(Consent { basis: basis?, captured_at, expires_at, record_id: given(record_id) })
}

pub(super) fn dlt(message: pb::DltKeys) -> DltKeys {
    let pb::DltKeys { entity_id, header, template_id, tm_chain } = message;
    DltKeys { entity_id, header, template_id, tm_chain: given(tm_chain) }
}

pub(super) fn labels(r: &mut Reader, field: &str, messages: Vec<pb::ContentLabel>) -> Vec<Label> {
    r.each(field, messages, MAX_LABELS, |r, message| {
        let pb::ContentLabel { label, score } = message;
        Label { label, score: score_of(r, score) }
    })
}

/// Classifiers answer with binary fractions of many digits. Cut off, not rounded, a score is at
/// least a threshold exactly when the classifier's own number was.
fn score_of(r: &mut Reader, score: f64) -> Fixed {
    if (0.0..=1.0).contains(&score) {
        let digits = format!("{score}");
        let end = digits.find('.').map_or(digits.len(), |point| digits.len().min(point + 7));
        return Fixed::parse(digits.get(..end).unwrap_or_default()).unwrap_or_default();
    }
    r.refuse("score", "must be from 0 to 1");
    Fixed::ZERO
}

pub(super) fn media(r: &mut Reader, messages: Vec<pb::Media>) -> Vec<Media> {
    r.each("media", messages, MAX_MEDIA, |r, message| {
        let pb::Media { sha256, mime, sniffed_mime, size, filename, scan, encrypted, labels: found } =
            message;
        Media {
            sha256,
            mime: given(mime),
            sniffed_mime: given(sniffed_mime),
            size: size.unwrap_or(0),
            filename: given(filename),
            scan: r.choice("scan", scan),
            encrypted,
            labels: labels(r, "labels", found),
        }
    })
}

pub(super) fn recipient(message: Option<pb::Recipient>) -> Recipient {
    let pb::Recipient { minor, guardian_consent } = message.unwrap_or_default();
    Recipient { minor, guardian_consent }
}

pub(super) fn end_user(message: Option<pb::EndUser>) -> EndUser {
    let pb::EndUser { id, ip } = message.unwrap_or_default();
    EndUser { id: given(id), ip: given(ip) }
}

pub(super) fn recording(message: Option<pb::Recording>) -> Recording {
    let pb::Recording { enabled, notice } = message.unwrap_or_default();
    Recording { enabled, notice }
}

pub(super) fn subtenant(message: Option<pb::Subtenant>) -> Subtenant {
    let pb::Subtenant { kyc } = message.unwrap_or_default();
    Subtenant { kyc }
}

/// A record whose age is not said is none.
pub(super) fn record(r: &mut Reader, message: pb::RecordRef) -> Option<RecordRef> {
    let pb::RecordRef { id, created_at, jurisdiction, subject } = message;
    if created_at.is_none() {
        r.refuse("created_at", "is required");
    }
    let created_at = r.instant("created_at", created_at)?;
    Some(RecordRef { id: given(id), created_at, jurisdiction: given(jurisdiction), subject: given(subject) })
}
