//! How large and how complete a request may be: the checks that both doors (gRPC and JSON) share.
//!
//! Only what is malformed in itself is a violation. Control characters in names and subjects are
//! not: they are a denial (`HEADER_INJECTION`).

use super::action::{
    ApiOperation, Call, Campaign, Configure, Consent, DltKeys, Email, EndUser, Inbound, Label, Media,
    Message, NewSubaccount, Otp, Provision, RecordChange, Registration, Resale, Sender, Session, Upload,
};
use super::ids::check_id;
use super::vocabulary::{Category, Channel};
use super::{Action, Envelope, Request};

/// One malformed field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldViolation {
    /// Path of the field as the API names it, e.g. `from.value`; empty for the request itself.
    pub field: String,
    /// What is wrong with it; never quotes its value.
    pub description: String,
}

impl FieldViolation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

impl std::fmt::Display for FieldViolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "the request {}", self.description),
            field => write!(f, "`{field}` {}", self.description),
        }
    }
}

/// Bytes of a name, subject, header or other one-line text.
pub const MAX_LINE: usize = 998;
/// Bytes of a text message.
pub const MAX_BODY: usize = 64 << 10;
/// Bytes of a mail's text or HTML.
pub const MAX_MAIL: usize = 1 << 20;
/// Bytes of a telephone number as typed.
pub const MAX_NUMBER: usize = 64;
/// Files in one request.
pub const MAX_MEDIA: usize = 50;
/// Labels in one request or file.
pub const MAX_LABELS: usize = 100;
/// Countries in one request.
pub const MAX_COUNTRIES: usize = 300;
/// Entries of any other list.
pub const MAX_ENTRIES: usize = 1000;

/// Everything that is malformed in `request`, in the order of its fields.
pub fn violations(request: &Request) -> Vec<FieldViolation> {
    let mut found = envelope_violations(&request.envelope);
    found.extend(action_violations(&request.action));
    found
}

/// Everything that is malformed in what all actions share.
pub fn envelope_violations(envelope: &Envelope) -> Vec<FieldViolation> {
    let mut check = Check::default();
    check.envelope(envelope);
    check.found
}

/// Everything that is malformed in one action.
pub fn action_violations(action: &Action) -> Vec<FieldViolation> {
    let mut check = Check::default();
    match action {
        Action::SendSms(m) => check.message(m, false),
        Action::SendMms(m) => check.message(m, true),
        Action::SendEmail(m) => check.email(m),
        Action::PlaceCall(c) => check.call(c),
        Action::SendOtp(o) => check.otp(o),
        Action::StartCampaign(c) => check.campaign(c),
        Action::ReceiveMessage(m) => check.inbound(m),
        Action::ProvisionNumber(p) => check.provision(p),
        Action::ConfigureNumber(c) => check.configure(c),
        Action::RegisterSender(r) => check.registration(r),
        Action::UploadMedia(u) => check.upload(u),
        Action::CreateSubaccount(s) => check.subaccount(s),
        Action::Resell(r) => check.resale(r),
        Action::AlterRecord(r) => check.record(r),
        Action::ApiOperation(o) => check.operation(o),
        Action::OpenSession(s) => check.session(s),
    }
    check.found
}

#[derive(Default)]
struct Check {
    found: Vec<FieldViolation>,
}

// === impl Check: the parts ===

impl Check {
    fn add(&mut self, field: &str, description: impl Into<String>) {
        self.found.push(FieldViolation::new(field, description));
    }

    fn text(&mut self, field: &str, text: &str, max: usize) {
        if text.len() > max {
            self.add(field, format!("must be at most {max} bytes"));
        }
    }

    fn line(&mut self, field: &str, text: Option<&String>) {
        self.text(field, text.map_or("", String::as_str), MAX_LINE);
    }

    fn number(&mut self, field: &str, text: Option<&String>) {
        self.text(field, text.map_or("", String::as_str), MAX_NUMBER);
    }

    fn id(&mut self, field: &str, text: Option<&String>) {
        if let Some(Err(error)) = text.map(|text| check_id(text)) {
            self.add(field, error.to_string());
        }
    }

    fn required(&mut self, field: &str, present: bool) {
        if !present {
            self.add(field, "is required");
        }
    }

    fn entries(&mut self, field: &str, entries: &[String], max: usize) {
        self.count(field, entries.len(), max);
        for (place, entry) in entries.iter().take(max).enumerate() {
            self.part((field, place, ""), entry, MAX_LINE);
        }
    }

    fn count(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.add(field, format!("must have at most {max} entries"));
        }
    }

    fn country(&mut self, field: &str, code: &str) {
        if !is_country(code) {
            self.add(field, COUNTRY);
        }
    }

    fn countries(&mut self, field: &str, codes: &[String]) {
        self.count(field, codes.len(), MAX_COUNTRIES);
        for (place, code) in codes.iter().take(MAX_COUNTRIES).enumerate() {
            if !is_country(code) {
                self.add(&format!("{field}[{place}]"), COUNTRY);
            }
        }
    }

    /// A text of an entry of a list; its path is only spelled out when it is needed.
    fn part(&mut self, (list, place, part): (&str, usize, &str), text: &str, max: usize) {
        if text.len() > max {
            self.text(&format!("{list}[{place}]{part}"), text, max);
        }
    }

    fn optional_country(&mut self, field: &str, code: Option<&String>) {
        if let Some(code) = code {
            self.country(field, code);
        }
    }

    fn category(&mut self, category: Option<Category>) {
        self.required("category", category.is_some());
    }

    fn sender(&mut self, sender: Option<&Sender>, required: bool, kind_given: bool) {
        let Some(sender) = sender else {
            return self.required("from", !required);
        };
        self.required("from.value", !sender.value.is_empty());
        self.text("from.value", &sender.value, MAX_LINE);
        self.line("from.display_name", sender.display_name.as_ref());
        self.required("from.type", sender.kind.is_some() || !kind_given);
    }

    fn destination(&mut self, to: Option<&String>, dialed: Option<&String>, region: Option<&String>) {
        self.required("to", given(to) || given(dialed));
        self.number("to", to);
        self.number("dialed", dialed);
        self.optional_country("dial_region", region);
    }

    fn labels(&mut self, field: &str, labels: &[Label]) {
        self.count(field, labels.len(), MAX_LABELS);
        for (place, label) in labels.iter().take(MAX_LABELS).enumerate() {
            self.part((field, place, ".label"), &label.label, MAX_LINE);
            if !(0..=1_000_000).contains(&label.score.millionths()) {
                self.add(&format!("{field}[{place}].score"), "must be from 0 to 1");
            }
        }
    }

    fn media(&mut self, media: &[Media]) {
        self.count("media", media.len(), MAX_MEDIA);
        for (place, file) in media.iter().take(MAX_MEDIA).enumerate() {
            let digest = file.sha256.len() == 64 && file.sha256.bytes().all(|b| b.is_ascii_hexdigit());
            if !digest {
                self.add(&format!("media[{place}].sha256"), "must be 64 hexadecimal digits");
            }
            for (part, text) in
                [(".mime", &file.mime), (".sniffed_mime", &file.sniffed_mime), (".filename", &file.filename)]
            {
                self.part(("media", place, part), text.as_deref().unwrap_or_default(), MAX_LINE);
            }
            self.labels(&format!("media[{place}].labels"), &file.labels);
        }
    }

    fn consent(&mut self, consent: Option<&Consent>) {
        self.line("consent.record_id", consent.and_then(|c| c.record_id.as_ref()));
    }

    fn end_user(&mut self, user: &EndUser) {
        self.line("end_user.id", user.id.as_ref());
        self.address("end_user.ip", user.ip.as_ref());
    }

    fn address(&mut self, field: &str, ip: Option<&String>) {
        if ip.is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
            self.add(field, "must be an IPv4 or IPv6 address");
        }
    }
}

const COUNTRY: &str = "must be a two-letter country code";

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn given(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

// === impl Check: the envelope and the actions ===

impl Check {
    fn envelope(&mut self, e: &Envelope) {
        self.address("actor.ip", e.actor.ip.as_ref());
        self.optional_country("actor.ip_country", e.actor.ip_country.as_ref());
        self.id("actor.user_id", e.actor.user_id.as_ref());
        self.id("actor.role", e.actor.role.as_ref());
        self.id("nonce", e.nonce.as_ref());
        self.id("caller_service", e.caller_service.as_ref());
        self.line("end_customer", e.end_customer.as_ref());
        self.line("brand", e.brand.as_ref());
        self.id("use_case", e.use_case.as_ref());
        self.line("trace", e.trace.as_ref());
        self.labels("content_labels", &e.content_labels);
        for (field, price) in [("price_usd", e.price), ("max_price_usd", e.max_price)] {
            if price.is_some_and(|price| price.millionths() < 0) {
                self.add(field, "must not be negative");
            }
        }
    }

    fn message(&mut self, m: &Message, media: bool) {
        self.sender(m.from.as_ref(), true, true);
        self.destination(m.to.as_ref(), m.dialed.as_ref(), m.dial_region.as_ref());
        self.text("body", &m.body, MAX_BODY);
        self.line("body_hash", m.body_hash.as_ref());
        self.category(m.category);
        self.consent(m.consent.as_ref());
        self.dlt(m.dlt.as_ref());
        if m.dnd_category.is_some_and(|category| !(1..=8).contains(&category)) {
            self.add("dnd_category", "must be 1 to 8");
        }
        self.line("carrier", m.carrier.as_ref());
        self.line("line_type", m.line_type.as_ref());
        self.line("recipient_tz", m.recipient_tz.as_ref());
        self.entries("trademarks", &m.trademarks, MAX_ENTRIES);
        self.end_user(&m.end_user);
        self.media(&m.media);
        if !media && !m.media.is_empty() {
            self.add("media", "is not a field of SEND_SMS");
        }
    }

    fn dlt(&mut self, dlt: Option<&DltKeys>) {
        let Some(dlt) = dlt else { return };
        self.text("dlt.entity_id", &dlt.entity_id, MAX_LINE);
        self.text("dlt.header", &dlt.header, MAX_LINE);
        self.text("dlt.template_id", &dlt.template_id, MAX_LINE);
        self.line("dlt.tm_chain", dlt.tm_chain.as_ref());
    }

    fn email(&mut self, m: &Email) {
        self.sender(m.from.as_ref(), true, false);
        self.required("to_email", given(m.to_email.as_ref()));
        for (field, text) in [
            ("to_email", &m.to_email),
            ("reply_to", &m.reply_to),
            ("list_unsubscribe", &m.list_unsubscribe),
            ("postal_address", &m.postal_address),
            ("in_reply_to", &m.in_reply_to),
        ] {
            self.line(field, text.as_ref());
        }
        self.text("subject", &m.subject, MAX_LINE);
        self.text("text", &m.text, MAX_MAIL);
        self.text("html", &m.html, MAX_MAIL);
        self.category(m.category);
        self.media(&m.media);
        self.consent(m.consent.as_ref());
    }

    fn call(&mut self, c: &Call) {
        self.sender(c.from.as_ref(), true, false);
        self.destination(c.to.as_ref(), c.dialed.as_ref(), c.dial_region.as_ref());
        self.category(c.category);
        self.text("tts_text", c.tts_text.as_deref().unwrap_or_default(), MAX_BODY);
        if c.attestation_wanted.as_deref().is_some_and(|level| !["A", "B", "C"].contains(&level)) {
            self.add("attestation_wanted", "must be A, B or C");
        }
        self.consent(c.consent.as_ref());
        self.line("on_behalf_of", c.on_behalf_of.as_ref());
    }

    fn otp(&mut self, o: &Otp) {
        self.destination(o.to.as_ref(), None, None);
        self.end_user(&o.end_user);
        self.line("template", o.template.as_ref());
        if o.channel == Some(Channel::Mms) {
            self.add("channel", "must be SMS, VOICE, EMAIL or WHATSAPP");
        }
        if o.category.is_some_and(|category| category != Category::Otp) {
            self.add("category", "must be OTP");
        }
    }

    fn campaign(&mut self, c: &Campaign) {
        self.text("name", &c.name, MAX_LINE);
        self.sender(c.from.as_ref(), false, false);
        self.countries("countries", &c.countries);
        self.category(c.category);
        self.text("body", &c.body, MAX_BODY);
        self.line("template", c.template.as_ref());
        self.entries("trademarks", &c.trademarks, MAX_ENTRIES);
    }

    fn inbound(&mut self, m: &Inbound) {
        self.sender(m.from.as_ref(), false, false);
        self.required("to", given(m.to.as_ref()));
        self.number("to", m.to.as_ref());
        self.text("body", &m.body, MAX_BODY);
    }

    fn provision(&mut self, p: &Provision) {
        self.country("country", &p.country);
        self.line("number_type", p.number_type.as_ref());
        self.entries("declared_use", &p.declared_use, MAX_ENTRIES);
        self.line("bundle_id", p.bundle_id.as_ref());
        self.line("address_id", p.address_id.as_ref());
    }

    fn configure(&mut self, c: &Configure) {
        self.required("number", !c.number.is_empty());
        self.text("number", &c.number, MAX_NUMBER);
        self.entries("declared_use", &c.declared_use, MAX_ENTRIES);
        self.number("forward_to", c.forward_to.as_ref());
        self.line("emergency_address", c.emergency_address.as_ref());
        self.line("cnam", c.cnam.as_ref());
    }

    fn registration(&mut self, r: &Registration) {
        self.required("kind", r.kind.is_some());
        self.required("value", !r.value.is_empty());
        self.text("value", &r.value, MAX_LINE);
        self.line("display_name", r.display_name.as_ref());
        self.countries("countries", &r.countries);
        self.entries("evidence", &r.evidence, MAX_ENTRIES);
    }

    fn upload(&mut self, u: &Upload) {
        self.required("media", !u.media.is_empty());
        self.media(&u.media);
        self.line("purpose", u.purpose.as_ref());
    }

    fn subaccount(&mut self, s: &NewSubaccount) {
        self.line("legal_name", s.legal_name.as_ref());
        self.text("subtenant.kyc", &s.subtenant.kyc, MAX_LINE);
        self.line("product", s.product.as_ref());
        self.optional_country("territory", s.territory.as_ref());
    }

    fn resale(&mut self, r: &Resale) {
        self.line("product", r.product.as_ref());
        self.optional_country("territory", r.territory.as_ref());
        self.line("counterparty", r.counterparty.as_ref());
        self.text("subtenant.kyc", &r.subtenant.kyc, MAX_LINE);
    }

    fn record(&mut self, r: &RecordChange) {
        self.required("record_type", !r.record_type.is_empty());
        self.text("record_type", &r.record_type, MAX_LINE);
        self.required("operation", r.operation.is_some());
        self.required("record", r.record.is_some());
        if let Some(record) = &r.record {
            self.line("record.id", record.id.as_ref());
            self.optional_country("record.jurisdiction", record.jurisdiction.as_ref());
            self.line("record.subject", record.subject.as_ref());
        }
        self.entries("fields", &r.fields, MAX_ENTRIES);
        self.entries("approvers", &r.approvers, MAX_ENTRIES);
    }

    fn operation(&mut self, o: &ApiOperation) {
        self.required("operation", !o.operation.is_empty());
        self.text("operation", &o.operation, MAX_LINE);
        self.line("target", o.target.as_ref());
    }

    fn session(&mut self, s: &Session) {
        self.required("protocol", s.protocol.is_some());
        self.line("user_agent", s.user_agent.as_ref());
    }
}
