//! What is let in arrives as it was sent.

use std::path::Path;

use proptest::prelude::*;
use prost::Message as _;
use serde_json::Value;

use super::*;
use crate::domain::Fixed;

/// The request of every case, as the cases write it.
fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let mut requests = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let case: Value = serde_json::from_str(line).unwrap();
                let mut request = case["request"].clone();
                request["action"] = case["action"].clone();
                request["account_id"] = case["account"].clone();
                requests.push(request);
            }
        }
    }
    requests
}

#[test]
fn every_case_survives_the_wire() {
    let (mut seen, mut kinds) = (0, std::collections::BTreeSet::new());
    for json in cases() {
        let Ok(expected) = Request::from_json(json) else { continue };
        let clock = ClockBounds::default();
        let sent = to_proto(&expected).encode_to_vec();
        let message = pb::CheckRequest::decode(&*sent).unwrap();
        let arrived = request(message, expected.envelope.at.unwrap_or_else(now), &clock).unwrap();
        assert!(arrived == expected, "{expected:?}");
        seen += 1;
        kinds.insert(expected.action.kind());
    }
    assert!(seen > 250, "{seen}");
    assert_eq!(kinds.len(), 16);
}

#[test]
fn prices_are_exact_and_scores_never_rise() {
    let mut message = good();
    message.price_usd = Some(0.0079);
    message.max_price_usd = Some(0.1);
    message.content_labels = [0.899_999_9, 0.9, 1.0, 0.0, 1e-9]
        .map(|score| pb::ContentLabel { label: "HATE".into(), score })
        .to_vec();
    let envelope = converted(message).unwrap().envelope;
    assert_eq!(envelope.price, Some(Fixed::from_millionths(7_900)));
    assert_eq!(envelope.max_price, Some(Fixed::from_millionths(100_000)));
    let scores: Vec<i64> = envelope.content_labels.iter().map(|label| label.score.millionths()).collect();
    assert_eq!(scores, [899_999, 900_000, 1_000_000, 0, 0]);
}

#[test]
fn an_empty_text_is_one_that_was_not_given() {
    let envelope = converted(pb::CheckRequest { request_id: String::new(), ..good() }).unwrap().envelope;
    assert_eq!(envelope.request_id, None);
    assert_eq!(envelope.brand, None);
    assert_eq!(envelope.actor.mfa, None);
}

/// Valid encodings with a few bytes changed: they reach deeper than noise.
fn almost_valid() -> impl Strategy<Value = Vec<u8>> {
    let encoded: Vec<Vec<u8>> = cases()
        .into_iter()
        .filter_map(|json| Request::from_json(json).ok())
        .map(|request| to_proto(&request).encode_to_vec())
        .collect();
    let changes = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6);
    (proptest::sample::select(encoded), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        bytes
    })
}

fn converts_or_says_why(bytes: &[u8]) {
    let Ok(message) = pb::CheckRequest::decode(bytes) else { return };
    let _ = about(&message);
    match converted(message) {
        Ok(request) => assert!(crate::domain::violations(&request).is_empty()),
        Err(Refusal::InvalidFields(violations)) => assert!(!violations.is_empty()),
        Err(Refusal::NotImplemented(_)) => {}
        Err(other) => panic!("an unexpected refusal: {other}"),
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        converts_or_says_why(&bytes);
    }

    #[test]
    fn no_changed_request_makes_it_panic(bytes in almost_valid()) {
        converts_or_says_why(&bytes);
    }

    #[test]
    fn an_instant_survives_the_wire(seconds in -62_000_000_000_i64..250_000_000_000, nanos in 0..1_000_000_000) {
        let at = Timestamp::new(seconds, nanos).unwrap();
        let sent = timestamp(at);
        prop_assert_eq!((sent.seconds, sent.nanos), (seconds, nanos));
        let arrived = super::super::reader::Reader::default().instant("at", Some(sent));
        prop_assert_eq!(arrived, Some(at));
    }
}
