use serde_json::json;

use super::*;

fn sms(extra: &serde_json::Value) -> serde_json::Value {
    let mut request = json!({
        "action": "SEND_SMS", "account_id": "acc_1", "request_id": "r1",
        "from": {"type": "LONG_CODE", "value": "+14155550100"}, "to": "+12125550123",
        "body": "hello", "category": "SERVICE"
    });
    json_patch::merge(&mut request, extra);
    request
}

#[test]
fn a_request_survives_the_round_trip_through_json() {
    let request =
        Request::from_json(sms(&json!({"price_usd": 0.0079, "at": "2026-12-01T18:00:00Z"}))).unwrap();
    assert_eq!(request.envelope.price, Some(Fixed::from_millionths(7_900)));
    assert_eq!(Request::from_json(request.to_json().unwrap()).unwrap(), request);
}

#[test]
fn malformed_requests_name_the_field() {
    for (extra, field) in [
        (json!({"action": "SEND_FAX"}), "action"),
        (json!({"account_id": null}), "account_id"),
        (json!({"acount": 1}), "acount"),
        (json!({"account_id": "white space"}), "account_id"),
        (json!({"from": null}), "from"),
        (json!({"to": null}), "to"),
        (json!({"category": null}), "category"),
        (json!({"media": [{"sha256": "00"}]}), "media[0].sha256"),
        (json!({"body": "x".repeat(65_537)}), "body"),
        (json!({"actor": {"ip": "300.1.1.1"}}), "actor.ip"),
        (json!({"price_usd": -1}), "price_usd"),
        (json!({"dnd_category": 9}), "dnd_category"),
    ] {
        let violations = Request::from_json(sms(&extra)).unwrap_err();
        assert!(violations.iter().any(|v| v.field == field), "{extra}: {violations:?}");
    }
}

#[test]
fn a_parse_error_names_the_path_and_what_may_be_there_and_never_quotes() {
    let kinds = "must be one of `LONG_CODE`, `VIRTUAL`, `MOBILE`, `TOLL_FREE`, `SHORT_CODE`, `ALPHA`, `HEADER`, \
                 `SERIES_140`, `SERIES_1600`, `E164`, `EMAIL`";
    for (extra, path, problem) in [
        (json!({"from": {"type": "secret"}}), "from.type", kinds),
        (json!({"from": {"type": 7}}), "from.type", kinds),
        (json!({"from": "secret"}), "from", "must be an object"),
        (json!({"automated": "secret, expected secret"}), "automated", "must be true or false"),
        (json!({"body": ["secret"]}), "body", "must be text"),
        (json!({"media": "secret"}), "media", "must be a list"),
        (json!({"media": [{}]}), "media[0].sha256", "is required"),
        (
            json!({"media": [{"sha256": "00", "size": -1}]}),
            "media[0].size",
            "must be a whole number, 0 or more",
        ),
        (
            json!({"media": [{"sha256": "00", "secrte": 1}]}),
            "media[0].secrte",
            "is not a field of this action",
        ),
        (
            json!({"dnd_category": 5_000_000_000_i64}),
            "dnd_category",
            "must be a whole number from 0 to 4294967295",
        ),
        (json!({"consent": {"basis": "EBR", "captured_at": "secret"}}), "consent.captured_at", INSTANT),
        (json!({"at": 5}), "at", INSTANT),
        (json!({"price_usd": "secret"}), "price_usd", "must be a number"),
        (json!({"price_usd": 0.000_000_1}), "price_usd", "may have at most six decimals"),
        (json!({"actor": {"api_key_id": "sec ret"}}), "actor.api_key_id", ID),
        (json!({"actor": {"mfa": "secret"}}), "actor.mfa", "must be true or false"),
        (json!({"content_labels": [{"label": "HATE"}]}), "content_labels[0].score", "is required"),
    ] {
        let violations = Request::from_json(sms(&extra)).unwrap_err();
        assert_eq!(violations, [FieldViolation::new(path, problem)], "{extra}");
    }
    let long = Request::from_json(sms(&json!({"x".repeat(5_000): 1}))).unwrap_err();
    assert!(long.iter().all(|violation| violation.field.len() <= 128), "{long:?}");
}

const INSTANT: &str = "must be an instant such as `2026-12-01T18:00:00Z`";
const ID: &str = "may hold only letters, digits and `_ . : @ + / = -`";

#[test]
fn the_sentences_that_may_be_told_are_those_of_the_types() {
    let ids = [InvalidId::Empty, InvalidId::TooLong, InvalidId::Character].map(|error| error.to_string());
    let amounts = [InvalidFixed::NotANumber, InvalidFixed::TooFine, InvalidFixed::OutOfRange];
    let all: Vec<_> = ids.into_iter().chain(amounts.map(|error| error.to_string())).collect();
    assert_eq!(all, blame::OWN_SENTENCES);
}

#[test]
fn fixed_takes_decimal_digits_exactly() {
    for (text, millionths) in [("0.0079", 7_900), ("-1.5", -1_500_000), ("3", 3_000_000), ("0.1", 100_000)] {
        assert_eq!(Fixed::parse(text).map(Fixed::millionths), Ok(millionths));
        assert_eq!(Fixed::from_f64(text.parse().unwrap()).map(Fixed::millionths), Ok(millionths));
    }
    assert_eq!(Fixed::parse("0.0000001"), Err(InvalidFixed::TooFine));
    assert_eq!(Fixed::parse("1e3"), Err(InvalidFixed::NotANumber));
    assert_eq!(Fixed::from_f64(f64::INFINITY), Err(InvalidFixed::NotANumber));
    assert_eq!(Fixed::from_f64(1e300), Err(InvalidFixed::OutOfRange));
}

#[test]
fn debug_prints_no_content() {
    let request = Request::from_json(sms(&json!({}))).unwrap();
    assert_eq!(format!("{request:?}"), "Request { SEND_SMS of acc_1, .. }");
}

#[test]
fn a_suspended_ancestor_suspends() {
    let id = AccountId::parse("child").unwrap();
    let parent = AccountId::parse("parent").unwrap();
    let account = std::sync::Arc::new(Account::new(id, AccountStatus::Active));
    for (above, expected) in [
        (AccountStatus::Active, AccountStatus::Active),
        (AccountStatus::UnderReview, AccountStatus::Active),
        (AccountStatus::Suspended, AccountStatus::Suspended),
        (AccountStatus::Closed, AccountStatus::Suspended),
    ] {
        let resolved = ResolvedAccount::new(account.clone(), 1, &[(parent.clone(), above)]);
        assert_eq!(resolved.status, expected);
    }
}
