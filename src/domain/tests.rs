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
        (json!({"account_id": "white space"}), ""),
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
fn a_parse_error_never_quotes_a_value() {
    let violations = Request::from_json(sms(&json!({"automated": "secret words"}))).unwrap_err();
    assert!(!format!("{violations:?}").contains("secret"), "{violations:?}");
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
