//! The 16 actions, from the wire. Lengths and presence are checked afterwards, for every door alike.

use super::part;
use super::reader::{Reader, given};
use crate::domain::{
    Action, ActionKind, ApiOperation, Call, Campaign, Configure, Email, Inbound, MAX_COUNTRIES, MAX_ENTRIES,
    Message, NewSubaccount, Otp, Provision, RecordChange, Registration, Resale, Session, Upload,
};
use crate::proto as pb;
use pb::check_request::Action as Wire;

macro_rules! per_action {
    ($($variant:ident $field:literal),+ $(,)?) => {
        /// The name of the action's field.
        pub(super) const fn field_name(action: &Wire) -> &'static str {
            match action { $(Wire::$variant(_) => $field),+ }
        }

        /// Which of the 16 it is.
        pub(super) const fn kind(action: &Wire) -> ActionKind {
            match action { $(Wire::$variant(_) => ActionKind::$variant),+ }
        }
    };
}

per_action! {
    SendSms "send_sms",
    SendMms "send_mms",
    SendEmail "send_email",
    PlaceCall "place_call",
    SendOtp "send_otp",
    StartCampaign "start_campaign",
    ReceiveMessage "receive_message",
    ProvisionNumber "provision_number",
    ConfigureNumber "configure_number",
    RegisterSender "register_sender",
    UploadMedia "upload_media",
    CreateSubaccount "create_subaccount",
    Resell "resell",
    AlterRecord "alter_record",
    ApiOperation "api_operation",
    OpenSession "open_session",
}

/// Reads the action; the reader stands at its field.
pub(super) fn action(r: &mut Reader, wire: Wire) -> Action {
    match wire {
        Wire::SendSms(m) => Action::SendSms(message(r, with_media(m))),
        Wire::SendMms(m) => Action::SendMms(message(r, m)),
        Wire::SendEmail(m) => Action::SendEmail(email(r, m)),
        Wire::PlaceCall(m) => Action::PlaceCall(call(r, m)),
        Wire::SendOtp(m) => Action::SendOtp(otp(r, m)),
        Wire::StartCampaign(m) => Action::StartCampaign(campaign(r, m)),
        Wire::ReceiveMessage(m) => Action::ReceiveMessage(inbound(r, m)),
        Wire::ProvisionNumber(m) => Action::ProvisionNumber(provision(r, m)),
        Wire::ConfigureNumber(m) => Action::ConfigureNumber(configure(r, m)),
        Wire::RegisterSender(m) => Action::RegisterSender(registration(r, m)),
        Wire::UploadMedia(m) => Action::UploadMedia(upload(r, m)),
        Wire::CreateSubaccount(m) => Action::CreateSubaccount(subaccount(m)),
        Wire::Resell(m) => Action::Resell(resale(r, m)),
        Wire::AlterRecord(m) => Action::AlterRecord(record(r, m)),
        Wire::ApiOperation(m) => Action::ApiOperation(operation(m)),
        Wire::OpenSession(m) => Action::OpenSession(session(r, m)),
    }
}

/// A text is a message without media; so both are read by one function.
fn with_media(message: pb::SendSms) -> pb::SendMms {
    let pb::SendSms {
        from,
        to,
        dialed,
        dial_region,
        body,
        body_hash,
        category,
        automated,
        route,
        consent,
        dlt,
        dnd_category,
        carrier,
        line_type,
        recipient_tz,
        recipient,
        trademarks,
        end_user,
    } = message;
    pb::SendMms {
        from,
        to,
        dialed,
        dial_region,
        body,
        body_hash,
        category,
        automated,
        route,
        consent,
        dlt,
        dnd_category,
        carrier,
        line_type,
        recipient_tz,
        recipient,
        trademarks,
        end_user,
        media: Vec::new(),
    }
}

fn message(r: &mut Reader, message: pb::SendMms) -> Message {
    let pb::SendMms {
        from,
        to,
        dialed,
        dial_region,
        body,
        body_hash,
        category,
        automated,
        route,
        consent,
        dlt,
        dnd_category,
        carrier,
        line_type,
        recipient_tz,
        recipient,
        trademarks,
        end_user,
        media,
    } = message;
    Message {
        from: r.part("from", from, part::sender),
        to: given(to),
        dialed: given(dialed),
        dial_region: given(dial_region),
        body,
        body_hash: given(body_hash),
        category: r.choice("category", category),
        automated,
        route: r.choice("route", route),
        consent: r.part("consent", consent, part::consent).flatten(),
        dlt: dlt.map(part::dlt),
        dnd_category,
        carrier: given(carrier),
        line_type: given(line_type),
        recipient_tz: given(recipient_tz),
        recipient: part::recipient(recipient),
        trademarks: r.some("trademarks", trademarks, MAX_ENTRIES),
        end_user: part::end_user(end_user),
        media: part::media(r, media),
    }
}

fn email(r: &mut Reader, message: pb::SendEmail) -> Email {
    let pb::SendEmail {
        from,
        to_email,
        reply_to,
        subject,
        text,
        html,
        category,
        list_unsubscribe,
        postal_address,
        in_reply_to,
        media,
        consent,
    } = message;
    Email {
        from: r.part("from", from, part::sender),
        to_email: given(to_email),
        reply_to: given(reply_to),
        subject,
        text,
        html,
        category: r.choice("category", category),
        list_unsubscribe: given(list_unsubscribe),
        postal_address: given(postal_address),
        in_reply_to: given(in_reply_to),
        media: part::media(r, media),
        consent: r.part("consent", consent, part::consent).flatten(),
    }
}

fn call(r: &mut Reader, message: pb::PlaceCall) -> Call {
    let pb::PlaceCall {
        from,
        to,
        dialed,
        dial_region,
        category,
        automated,
        tts_text,
        recording,
        attestation_wanted,
        consent,
        max_duration_s,
        on_behalf_of,
    } = message;
    Call {
        from: r.part("from", from, part::sender),
        to: given(to),
        dialed: given(dialed),
        dial_region: given(dial_region),
        category: r.choice("category", category),
        automated,
        tts_text: given(tts_text),
        recording: part::recording(recording),
        attestation_wanted: given(attestation_wanted),
        consent: r.part("consent", consent, part::consent).flatten(),
        max_duration_s,
        on_behalf_of: given(on_behalf_of),
    }
}

fn otp(r: &mut Reader, message: pb::SendOtp) -> Otp {
    let pb::SendOtp { to, channel, end_user, template, category } = message;
    Otp {
        to: given(to),
        channel: r.choice("channel", channel),
        end_user: part::end_user(end_user),
        template: given(template),
        category: r.choice("category", category),
    }
}

fn campaign(r: &mut Reader, message: pb::StartCampaign) -> Campaign {
    let pb::StartCampaign {
        name,
        channel,
        from,
        countries,
        recipients,
        category,
        body,
        template,
        trademarks,
        start_at,
        rate,
    } = message;
    Campaign {
        name,
        channel: r.choice("channel", channel),
        from: r.part("from", from, part::sender),
        countries: r.some("countries", countries, MAX_COUNTRIES),
        recipients,
        category: r.choice("category", category),
        body,
        template: given(template),
        trademarks: r.some("trademarks", trademarks, MAX_ENTRIES),
        start_at: r.instant("start_at", start_at),
        rate,
    }
}

fn inbound(r: &mut Reader, message: pb::ReceiveMessage) -> Inbound {
    let pb::ReceiveMessage { from, to, body } = message;
    Inbound { from: r.part("from", from, part::sender), to: given(to), body }
}

fn provision(r: &mut Reader, message: pb::ProvisionNumber) -> Provision {
    let pb::ProvisionNumber { country, number_type, quantity, declared_use, bundle_id, address_id } = message;
    Provision {
        country,
        number_type: given(number_type),
        quantity,
        declared_use: r.some("declared_use", declared_use, MAX_ENTRIES),
        bundle_id: given(bundle_id),
        address_id: given(address_id),
    }
}

fn configure(r: &mut Reader, message: pb::ConfigureNumber) -> Configure {
    let pb::ConfigureNumber { number, declared_use, forward_to, emergency_address, cnam } = message;
    Configure {
        number,
        declared_use: r.some("declared_use", declared_use, MAX_ENTRIES),
        forward_to: given(forward_to),
        emergency_address: given(emergency_address),
        cnam: given(cnam),
    }
}

fn registration(r: &mut Reader, message: pb::RegisterSender) -> Registration {
    let pb::RegisterSender { kind, value, display_name, countries, evidence } = message;
    Registration {
        kind: r.choice("kind", kind),
        value,
        display_name: given(display_name),
        countries: r.some("countries", countries, MAX_COUNTRIES),
        evidence: r.some("evidence", evidence, MAX_ENTRIES),
    }
}

fn upload(r: &mut Reader, message: pb::UploadMedia) -> Upload {
    let pb::UploadMedia { media, purpose } = message;
    Upload { media: part::media(r, media), purpose: given(purpose) }
}

fn subaccount(message: pb::CreateSubaccount) -> NewSubaccount {
    let pb::CreateSubaccount { legal_name, subtenant, product, territory } = message;
    NewSubaccount {
        legal_name: given(legal_name),
        subtenant: part::subtenant(subtenant),
        product: given(product),
        territory: given(territory),
    }
}

fn resale(r: &mut Reader, message: pb::Resell) -> Resale {
    let pb::Resell { product, territory, counterparty, subtenant, form } = message;
    Resale {
        product: given(product),
        territory: given(territory),
        counterparty: given(counterparty),
        subtenant: part::subtenant(subtenant),
        form: r.choice("form", form),
    }
}

fn record(r: &mut Reader, message: pb::AlterRecord) -> RecordChange {
    let pb::AlterRecord { record_type, operation, record, fields, count, approvers } = message;
    RecordChange {
        record_type,
        operation: r.choice("operation", operation),
        record: r.part("record", record, part::record).flatten(),
        fields: r.some("fields", fields, MAX_ENTRIES),
        count,
        approvers: r.some("approvers", approvers, MAX_ENTRIES),
    }
}

fn operation(message: pb::ApiOperation) -> ApiOperation {
    let pb::ApiOperation { operation, target } = message;
    ApiOperation { operation, target: given(target) }
}

fn session(r: &mut Reader, message: pb::OpenSession) -> Session {
    let pb::OpenSession { protocol, binds, user_agent } = message;
    Session { protocol: r.choice("protocol", protocol), binds, user_agent: given(user_agent) }
}
