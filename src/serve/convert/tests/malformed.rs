//! What is refused, and under which names.

use super::*;

/// Each malformed request with every field that must be named, in order, and no other.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_malformed_field_is_named() {
    type Change = fn(&mut pb::CheckRequest);
    let cases: &[(&str, Change, &[&str])] = &[
        ("no account", |m| m.account_id.clear(), &["account_id"]),
        ("no action", |m| m.action = None, &["action"]),
        ("nothing at all", |m| *m = pb::CheckRequest::default(), &["account_id", "action"]),
        (
            "ids",
            |m| {
                m.request_id = "white space".into();
                m.account_id = "a\nb".into();
                m.subaccount_id = "x".repeat(129);
                m.nonce = "ü".into();
                m.caller_service = "a b".into();
                m.use_case = "a\tb".into();
            },
            &["request_id", "account_id", "subaccount_id", "nonce", "caller_service", "use_case"],
        ),
        (
            "actor",
            |m| {
                m.actor = Some(pb::Actor {
                    api_key_id: "no key".into(),
                    ip: "300.1.1.1".into(),
                    ip_country: "us".into(),
                    user_id: "a b".into(),
                    role: "a b".into(),
                    mfa: None,
                });
            },
            &["actor.api_key_id", "actor.ip", "actor.ip_country", "actor.user_id", "actor.role"],
        ),
        (
            "prices",
            |m| {
                m.price_usd = Some(0.000_000_1);
                m.max_price_usd = Some(-1.0);
            },
            &["price_usd", "max_price_usd"],
        ),
        (
            "no numbers",
            |m| {
                m.price_usd = Some(f64::NAN);
                m.max_price_usd = Some(f64::INFINITY);
            },
            &["price_usd", "max_price_usd"],
        ),
        (
            "scores",
            |m| m.content_labels = vec![label(0.5), label(1.5), label(f64::NAN)],
            &["content_labels[1].score", "content_labels[2].score"],
        ),
        ("too many labels", |m| m.content_labels = vec![label(0.5); 101], &["content_labels"]),
        (
            "long lines",
            |m| {
                m.brand = "b".repeat(999);
                m.end_customer = "c".repeat(999);
                m.trace = "t".repeat(999);
            },
            &["end_customer", "brand", "trace"],
        ),
        ("token", |m| m.freshness = Some(at_least("not a token")), &["freshness.at_least_as_fresh"]),
        ("nanoseconds", |m| m.at = Some(prost_types::Timestamp { seconds: 0, nanos: -1 }), &["at"]),
        ("no such year", |m| m.at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }), &["at"]),
        (
            "sms: empty",
            |m| m.action = Some(Wire::SendSms(pb::SendSms::default())),
            &["send_sms.from", "send_sms.to", "send_sms.category"],
        ),
        (
            "sms: unknown values",
            |m| {
                with_sms(m, |s| {
                    s.category = 99;
                    s.route = -1;
                    s.from =
                        Some(pb::Sender { r#type: 77, value: String::new(), display_name: String::new() });
                });
            },
            &["send_sms.from.type", "send_sms.category", "send_sms.route", "send_sms.from.value"],
        ),
        (
            "sms: sender without a type",
            |m| {
                with_sms(m, |s| {
                    s.from = Some(pb::Sender { r#type: 0, value: "X".into(), display_name: String::new() });
                });
            },
            &["send_sms.from.type"],
        ),
        (
            "sms: sizes",
            |m| {
                with_sms(m, |s| {
                    s.body = "x".repeat((64 << 10) + 1);
                    s.to = "1".repeat(65);
                    s.trademarks = vec!["m".into(); 1001];
                });
            },
            &["send_sms.trademarks", "send_sms.to", "send_sms.body"],
        ),
        (
            "sms: a long mark",
            |m| with_sms(m, |s| s.trademarks = vec!["m".into(), "m".repeat(999)]),
            &["send_sms.trademarks[1]"],
        ),
        (
            "sms: consent",
            |m| {
                with_sms(m, |s| {
                    s.consent = Some(pb::Consent {
                        basis: 0,
                        captured_at: Some(prost_types::Timestamp { seconds: 0, nanos: 1_000_000_000 }),
                        expires_at: None,
                        record_id: String::new(),
                    });
                });
            },
            &["send_sms.consent.basis", "send_sms.consent.captured_at"],
        ),
        (
            "sms: preference category",
            |m| with_sms(m, |s| s.dnd_category = Some(0)),
            &["send_sms.dnd_category"],
        ),
        (
            "mms: files",
            |m| {
                m.action = Some(Wire::SendMms(pb::SendMms {
                    from: sms().from,
                    to: "+12125550123".into(),
                    category: pb::Category::Service.into(),
                    media: vec![file(), pb::Media { sha256: "00".into(), scan: 9, ..file() }],
                    ..pb::SendMms::default()
                }));
            },
            &["send_mms.media[1].scan", "send_mms.media[1].sha256"],
        ),
        (
            "mail: empty",
            |m| m.action = Some(Wire::SendEmail(pb::SendEmail::default())),
            &["send_email.from", "send_email.to_email", "send_email.category"],
        ),
        (
            "call: attestation",
            |m| {
                m.action = Some(Wire::PlaceCall(pb::PlaceCall {
                    from: Some(pb::Sender { value: "+14155550100".into(), ..pb::Sender::default() }),
                    dialed: "911".into(),
                    dial_region: "USA".into(),
                    category: pb::Category::Conversational.into(),
                    attestation_wanted: "D".into(),
                    ..pb::PlaceCall::default()
                }));
            },
            &["place_call.dial_region", "place_call.attestation_wanted"],
        ),
        (
            "otp: channel and category",
            |m| {
                m.action = Some(Wire::SendOtp(pb::SendOtp {
                    channel: pb::Channel::Mms.into(),
                    category: pb::Category::Service.into(),
                    ..pb::SendOtp::default()
                }));
            },
            &["send_otp.to", "send_otp.channel", "send_otp.category"],
        ),
        (
            "campaign: countries",
            |m| {
                m.action = Some(Wire::StartCampaign(pb::StartCampaign {
                    category: pb::Category::Service.into(),
                    countries: vec!["US".into(), "usa".into()],
                    ..pb::StartCampaign::default()
                }));
            },
            &["start_campaign.countries[1]"],
        ),
        (
            "inbound",
            |m| m.action = Some(Wire::ReceiveMessage(pb::ReceiveMessage::default())),
            &["receive_message.to"],
        ),
        (
            "lease",
            |m| m.action = Some(Wire::ProvisionNumber(pb::ProvisionNumber::default())),
            &["provision_number.country"],
        ),
        (
            "number",
            |m| m.action = Some(Wire::ConfigureNumber(pb::ConfigureNumber::default())),
            &["configure_number.number"],
        ),
        (
            "sender",
            |m| m.action = Some(Wire::RegisterSender(pb::RegisterSender::default())),
            &["register_sender.kind", "register_sender.value"],
        ),
        (
            "upload",
            |m| m.action = Some(Wire::UploadMedia(pb::UploadMedia::default())),
            &["upload_media.media"],
        ),
        (
            "upload: too many",
            |m| {
                m.action = Some(Wire::UploadMedia(pb::UploadMedia {
                    media: vec![file(); 51],
                    purpose: String::new(),
                }));
            },
            &["upload_media.media"],
        ),
        (
            "subaccount",
            |m| {
                m.action = Some(Wire::CreateSubaccount(pb::CreateSubaccount {
                    territory: "India".into(),
                    ..pb::CreateSubaccount::default()
                }));
            },
            &["create_subaccount.territory"],
        ),
        (
            "resale",
            |m| m.action = Some(Wire::Resell(pb::Resell { form: 5, ..pb::Resell::default() })),
            &["resell.form"],
        ),
        (
            "record: empty",
            |m| m.action = Some(Wire::AlterRecord(pb::AlterRecord::default())),
            &["alter_record.record_type", "alter_record.operation", "alter_record.record"],
        ),
        (
            "record: without an age",
            |m| {
                m.action = Some(Wire::AlterRecord(pb::AlterRecord {
                    record_type: "CDR".into(),
                    operation: pb::RecordOperation::Delete.into(),
                    record: Some(pb::RecordRef::default()),
                    ..pb::AlterRecord::default()
                }));
            },
            &["alter_record.record.created_at"],
        ),
        (
            "operation",
            |m| m.action = Some(Wire::ApiOperation(pb::ApiOperation::default())),
            &["api_operation.operation"],
        ),
        (
            "session",
            |m| m.action = Some(Wire::OpenSession(pb::OpenSession::default())),
            &["open_session.protocol"],
        ),
    ];
    for (name, change, expected) in cases {
        let mut message = good();
        change(&mut message);
        assert_eq!(fields(converted(message)), *expected, "{name}");
    }
}

fn with_sms(message: &mut pb::CheckRequest, change: impl FnOnce(&mut pb::SendSms)) {
    let mut text = sms();
    change(&mut text);
    message.action = Some(Wire::SendSms(text));
}

fn label(score: f64) -> pb::ContentLabel {
    pb::ContentLabel { label: "HATE".into(), score }
}

fn file() -> pb::Media {
    pb::Media { sha256: "a".repeat(64), ..pb::Media::default() }
}

fn at_least(token: &str) -> pb::Freshness {
    pb::Freshness { requirement: Some(pb::freshness::Requirement::AtLeastAsFresh(token.into())) }
}

#[test]
fn no_violation_quotes_a_value() {
    let mut message = good();
    message.account_id = "secret words".into();
    message.actor = Some(pb::Actor { ip: "secret words".into(), ..pb::Actor::default() });
    with_sms(&mut message, |s| s.dial_region = "secret".into());
    let found = violations(converted(message));
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|violation| !violation.to_string().contains("secret")), "{found:?}");
}

#[test]
fn a_time_is_taken_up_to_its_bounds_and_no_further() {
    let at = |offset: i64| {
        let seconds = now().as_second() + offset;
        converted(pb::CheckRequest { at: Some(prost_types::Timestamp { seconds, nanos: 0 }), ..good() })
    };
    for inside in [-86_400, 0, 300] {
        assert_eq!(at(inside).unwrap().envelope.at.unwrap().as_second(), now().as_second() + inside);
    }
    for outside in [-86_401, 301] {
        assert_eq!(fields(at(outside)), ["at"]);
    }
}

#[test]
fn what_one_message_is_told_is_bounded() {
    let labels = vec![label(f64::NAN); 200_000];
    let mut message = good();
    message.content_labels = labels;
    let found = violations(converted(message));
    assert_eq!(found.len(), MAX_VIOLATIONS);
}

#[test]
fn a_freshness_that_cannot_be_kept_is_refused_and_not_ignored() {
    use pb::freshness::Requirement::{AtLeastAsFresh, FullyFresh, MinimizeLatency};
    let ask = |requirement| Some(pb::Freshness { requirement: Some(requirement) });
    for kept in [None, Some(pb::Freshness::default()), ask(MinimizeLatency(true))] {
        assert!(freshness(kept.clone()).is_ok());
        assert!(converted(pb::CheckRequest { freshness: kept, ..good() }).is_ok());
    }
    for unkept in [ask(FullyFresh(true)), ask(AtLeastAsFresh("17".into()))] {
        assert!(matches!(freshness(unkept.clone()), Err(Refusal::NotImplemented(_))));
        let result = converted(pb::CheckRequest { freshness: unkept, ..good() });
        assert!(matches!(result, Err(Refusal::NotImplemented(_))));
    }
    assert_eq!(fields(freshness(ask(FullyFresh(false)))), ["freshness.fully_fresh"]);
    assert_eq!(fields(freshness(ask(AtLeastAsFresh(String::new())))), ["freshness.at_least_as_fresh"]);
}

#[test]
fn what_is_no_good_but_well_formed_is_let_in() {
    let mut message = good();
    with_sms(&mut message, |s| {
        s.to = "not a number".into();
        s.from = Some(pb::Sender {
            r#type: pb::SenderKind::Alpha.into(),
            value: "Clinic\r\nX: y".into(),
            display_name: String::new(),
        });
    });
    assert!(converted(message).is_ok());
}

#[test]
fn a_refused_request_is_known_by_its_account() {
    let message = pb::CheckRequest { request_id: "not an id".into(), ..good() };
    let about = about(&message).unwrap();
    assert_eq!(about.account_id.as_str(), "acc_1");
    assert_eq!(about.request_id, None);
    assert_eq!(about.action, Some(crate::domain::ActionKind::SendSms));
    assert!(super::about(&pb::CheckRequest::default()).is_none());
}
