//! A `Request` to its `CheckRequest`: how the command line, a client of the service like any other,
//! asks it.

use super::enums::Closed;
use super::wire::timestamp;
use crate::domain::{
    Action, Actor, ApiOperation, Call, Campaign, Configure, Consent, DltKeys, Email, EndUser, Envelope,
    Fixed, Inbound, Label, Media, Message, NewSubaccount, Otp, Provision, Recipient, RecordChange, RecordRef,
    Recording, Registration, Request, Resale, Sender, Session, Subtenant, Upload,
};
use crate::proto as pb;
use pb::check_request::Action as Wire;

/// The request as it goes over the wire.
pub fn to_proto(request: &Request) -> pb::CheckRequest {
    let Request { envelope, action } = request.clone();
    let Envelope {
        request_id,
        account_id,
        subaccount_id,
        at,
        actor: who,
        nonce,
        caller_service,
        dry_run,
        end_customer,
        brand,
        price,
        max_price,
        use_case,
        content_labels,
        trace,
    } = envelope;
    pb::CheckRequest {
        request_id: request_id.map_or_else(String::new, |id| id.to_string()),
        account_id: account_id.to_string(),
        subaccount_id: subaccount_id.map_or_else(String::new, |id| id.to_string()),
        at: at.map(timestamp),
        actor: Some(actor(who)),
        dry_run,
        freshness: None,
        nonce: text(nonce),
        caller_service: text(caller_service),
        end_customer: text(end_customer),
        brand: text(brand),
        price_usd: price.map(Fixed::to_f64),
        max_price_usd: max_price.map(Fixed::to_f64),
        use_case: text(use_case),
        content_labels: labels(content_labels),
        trace: text(trace),
        action: Some(wire(action)),
    }
}

fn wire(action: Action) -> Wire {
    match action {
        Action::SendSms(m) => Wire::SendSms(without_media(message(m))),
        Action::SendMms(m) => Wire::SendMms(message(m)),
        Action::SendEmail(m) => Wire::SendEmail(email(m)),
        Action::PlaceCall(m) => Wire::PlaceCall(call(m)),
        Action::SendOtp(m) => Wire::SendOtp(otp(m)),
        Action::StartCampaign(m) => Wire::StartCampaign(campaign(m)),
        Action::ReceiveMessage(m) => Wire::ReceiveMessage(inbound(m)),
        Action::ProvisionNumber(m) => Wire::ProvisionNumber(provision(m)),
        Action::ConfigureNumber(m) => Wire::ConfigureNumber(configure(m)),
        Action::RegisterSender(m) => Wire::RegisterSender(registration(m)),
        Action::UploadMedia(m) => Wire::UploadMedia(upload(m)),
        Action::CreateSubaccount(m) => Wire::CreateSubaccount(subaccount(m)),
        Action::Resell(m) => Wire::Resell(resale(m)),
        Action::AlterRecord(m) => Wire::AlterRecord(record(m)),
        Action::ApiOperation(m) => Wire::ApiOperation(operation(m)),
        Action::OpenSession(m) => Wire::OpenSession(session(m)),
    }
}

fn text(text: Option<String>) -> String {
    text.unwrap_or_default()
}

fn choice<E: Closed>(value: Option<E>) -> i32 {
    value.map_or(0, E::number)
}

// === parts ===

fn actor(actor: Actor) -> pb::Actor {
    let Actor { api_key_id, ip, ip_country, user_id, role, mfa } = actor;
    pb::Actor {
        api_key_id: api_key_id.map_or_else(String::new, |id| id.to_string()),
        ip: text(ip),
        ip_country: text(ip_country),
        user_id: text(user_id),
        role: text(role),
        mfa,
    }
}

fn sender(sender: Sender) -> pb::Sender {
    let Sender { kind, value, display_name } = sender;
    pb::Sender { r#type: choice(kind), value, display_name: text(display_name) }
}

fn consent(consent: Consent) -> pb::Consent {
    let Consent { basis, captured_at, expires_at, record_id } = consent;
    pb::Consent {
        basis: basis.number(),
        captured_at: captured_at.map(timestamp),
        expires_at: expires_at.map(timestamp),
        record_id: text(record_id),
    }
}

fn dlt(keys: DltKeys) -> pb::DltKeys {
    let DltKeys { entity_id, header, template_id, tm_chain } = keys;
    pb::DltKeys { entity_id, header, template_id, tm_chain: text(tm_chain) }
}

fn labels(labels: Vec<Label>) -> Vec<pb::ContentLabel> {
    let label = |Label { label, score }| pb::ContentLabel { label, score: score.to_f64() };
    labels.into_iter().map(label).collect()
}

fn media(files: Vec<Media>) -> Vec<pb::Media> {
    let file = |file| {
        let Media { sha256, mime, sniffed_mime, size, filename, scan, encrypted, labels: found } = file;
        pb::Media {
            sha256,
            mime: text(mime),
            sniffed_mime: text(sniffed_mime),
            size: Some(size),
            filename: text(filename),
            scan: choice(scan),
            encrypted,
            labels: labels(found),
        }
    };
    files.into_iter().map(file).collect()
}

fn end_user(user: EndUser) -> pb::EndUser {
    let EndUser { id, ip } = user;
    pb::EndUser { id: text(id), ip: text(ip) }
}

fn subtenant(subtenant: Subtenant) -> pb::Subtenant {
    let Subtenant { kyc } = subtenant;
    pb::Subtenant { kyc }
}

// === actions ===

fn message(message: Message) -> pb::SendMms {
    let Message {
        from,
        to,
        dialed,
        dial_region,
        body,
        body_hash,
        category,
        automated,
        route,
        consent: agreed,
        dlt: keys,
        dnd_category,
        carrier,
        line_type,
        recipient_tz,
        recipient: Recipient { minor, guardian_consent },
        trademarks,
        end_user: user,
        media: files,
    } = message;
    pb::SendMms {
        from: from.map(sender),
        to: text(to),
        dialed: text(dialed),
        dial_region: text(dial_region),
        body,
        body_hash: text(body_hash),
        category: choice(category),
        automated,
        route: choice(route),
        consent: agreed.map(consent),
        dlt: keys.map(dlt),
        dnd_category,
        carrier: text(carrier),
        line_type: text(line_type),
        recipient_tz: text(recipient_tz),
        recipient: Some(pb::Recipient { minor, guardian_consent }),
        trademarks,
        end_user: Some(end_user(user)),
        media: media(files),
    }
}

fn without_media(message: pb::SendMms) -> pb::SendSms {
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
        media: _,
    } = message;
    pb::SendSms {
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
    }
}

fn email(email: Email) -> pb::SendEmail {
    let Email {
        from,
        to_email,
        reply_to,
        subject,
        text: plain,
        html,
        category,
        list_unsubscribe,
        postal_address,
        in_reply_to,
        media: files,
        consent: agreed,
    } = email;
    pb::SendEmail {
        from: from.map(sender),
        to_email: text(to_email),
        reply_to: text(reply_to),
        subject,
        text: plain,
        html,
        category: choice(category),
        list_unsubscribe: text(list_unsubscribe),
        postal_address: text(postal_address),
        in_reply_to: text(in_reply_to),
        media: media(files),
        consent: agreed.map(consent),
    }
}

fn call(call: Call) -> pb::PlaceCall {
    let Call {
        from,
        to,
        dialed,
        dial_region,
        category,
        automated,
        tts_text,
        recording: Recording { enabled, notice },
        attestation_wanted,
        consent: agreed,
        max_duration_s,
        on_behalf_of,
    } = call;
    pb::PlaceCall {
        from: from.map(sender),
        to: text(to),
        dialed: text(dialed),
        dial_region: text(dial_region),
        category: choice(category),
        automated,
        tts_text: text(tts_text),
        recording: Some(pb::Recording { enabled, notice }),
        attestation_wanted: text(attestation_wanted),
        consent: agreed.map(consent),
        max_duration_s,
        on_behalf_of: text(on_behalf_of),
    }
}

fn otp(otp: Otp) -> pb::SendOtp {
    let Otp { to, channel, end_user: user, template, category } = otp;
    pb::SendOtp {
        to: text(to),
        channel: choice(channel),
        end_user: Some(end_user(user)),
        template: text(template),
        category: choice(category),
    }
}

fn campaign(campaign: Campaign) -> pb::StartCampaign {
    let Campaign {
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
    } = campaign;
    pb::StartCampaign {
        name,
        channel: choice(channel),
        from: from.map(sender),
        countries,
        recipients,
        category: choice(category),
        body,
        template: text(template),
        trademarks,
        start_at: start_at.map(timestamp),
        rate,
    }
}

fn inbound(inbound: Inbound) -> pb::ReceiveMessage {
    let Inbound { from, to, body } = inbound;
    pb::ReceiveMessage { from: from.map(sender), to: text(to), body }
}

fn provision(provision: Provision) -> pb::ProvisionNumber {
    let Provision { country, number_type, quantity, declared_use, bundle_id, address_id } = provision;
    pb::ProvisionNumber {
        country,
        number_type: text(number_type),
        quantity,
        declared_use,
        bundle_id: text(bundle_id),
        address_id: text(address_id),
    }
}

fn configure(configure: Configure) -> pb::ConfigureNumber {
    let Configure { number, declared_use, forward_to, emergency_address, cnam } = configure;
    pb::ConfigureNumber {
        number,
        declared_use,
        forward_to: text(forward_to),
        emergency_address: text(emergency_address),
        cnam: text(cnam),
    }
}

fn registration(registration: Registration) -> pb::RegisterSender {
    let Registration { kind, value, display_name, countries, evidence } = registration;
    pb::RegisterSender { kind: choice(kind), value, display_name: text(display_name), countries, evidence }
}

fn upload(upload: Upload) -> pb::UploadMedia {
    let Upload { media: files, purpose } = upload;
    pb::UploadMedia { media: media(files), purpose: text(purpose) }
}

fn subaccount(subaccount: NewSubaccount) -> pb::CreateSubaccount {
    let NewSubaccount { legal_name, subtenant: known, product, territory } = subaccount;
    pb::CreateSubaccount {
        legal_name: text(legal_name),
        subtenant: Some(subtenant(known)),
        product: text(product),
        territory: text(territory),
    }
}

fn resale(resale: Resale) -> pb::Resell {
    let Resale { product, territory, counterparty, subtenant: known, form } = resale;
    pb::Resell {
        product: text(product),
        territory: text(territory),
        counterparty: text(counterparty),
        subtenant: Some(subtenant(known)),
        form: choice(form),
    }
}

fn record(change: RecordChange) -> pb::AlterRecord {
    let RecordChange { record_type, operation, record, fields, count, approvers } = change;
    let record = record.map(|record| {
        let RecordRef { id, created_at, jurisdiction, subject } = record;
        pb::RecordRef {
            id: text(id),
            created_at: Some(timestamp(created_at)),
            jurisdiction: text(jurisdiction),
            subject: text(subject),
        }
    });
    pb::AlterRecord { record_type, operation: choice(operation), record, fields, count, approvers }
}

fn operation(operation: ApiOperation) -> pb::ApiOperation {
    let ApiOperation { operation, target } = operation;
    pb::ApiOperation { operation, target: text(target) }
}

fn session(session: Session) -> pb::OpenSession {
    let Session { protocol, binds, user_agent } = session;
    pb::OpenSession { protocol: choice(protocol), binds, user_agent: text(user_agent) }
}
