//! What a caller wants to do: 16 actions and the fields that each one carries.
//!
//! Field names are those of the API and of the case files. A field that may be missing is an
//! `Option`; an empty list and a missing one mean the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fixed;
use super::redact::redacted_debug;
use super::vocabulary::{
    Category, Channel, ConsentBasis, Protocol, RecordOperation, RegistrationKind, ResaleForm, Route, Scan,
    SenderKind,
};

/// Who a message or call shows as its origin.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// What it claims to be; mail and calls may leave it out (`EMAIL`, `E164`).
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SenderKind>,
    /// The number, name or address.
    #[serde(default)]
    pub value: String,
    /// The name shown beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// What the recipient agreed to.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// What it rests on.
    pub basis: ConsentBasis,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// When it ends; never, if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
}

/// The Indian registry's keys of one text.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DltKeys {
    /// Principal entity id.
    #[serde(default)]
    pub entity_id: String,
    /// Header as registered.
    #[serde(default)]
    pub header: String,
    /// Template id.
    #[serde(default)]
    pub template_id: String,
    /// Telemarketer chain, if the caller names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tm_chain: Option<String>,
}

/// A label with a score, from an upstream classifier.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// What was found, e.g. `HATE`.
    pub label: String,
    /// How sure: 0 to 1.
    pub score: Fixed,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// SHA-256 of the content, 64 hexadecimal digits.
    pub sha256: String,
    /// Declared media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Media type found in the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sniffed_mime: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Name with extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// What the scanner said; missing counts as pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Scan>,
    /// Whether it is an archive that cannot be opened.
    #[serde(default)]
    pub encrypted: bool,
    /// What an image classifier said.
    #[serde(default)]
    pub labels: Vec<Label>,
}

/// What the caller knows of the recipient.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Under age.
    #[serde(default)]
    pub minor: bool,
    /// A guardian agreed.
    #[serde(default)]
    pub guardian_consent: bool,
}

/// The person on whose behalf a request came in.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndUser {
    /// The caller's id for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// Whether a call is recorded, and said to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// It is recorded.
    #[serde(default)]
    pub enabled: bool,
    /// The callee is told.
    #[serde(default)]
    pub notice: bool,
}

/// How far a customer's customer is known.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subtenant {
    /// State of its identity check, `VERIFIED` when done.
    #[serde(default)]
    pub kyc: String,
}

/// The record that an operation is about.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Country whose law keeps it, ISO 3166.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),* }
        redacted_debug!($name);
    };
}

payload! {
    /// `SEND_SMS`, and with media `SEND_MMS`.
    Message {
        /// Who it shows as its origin. Required.
        from: Option<Sender>,
        /// E.164 number of the recipient; this or `dialed` is required.
        to: Option<String>,
        /// What was dialled, where that is not E.164.
        dialed: Option<String>,
        /// Region whose numbering plan `dialed` follows, ISO 3166.
        dial_region: Option<String>,
        /// The text.
        body: String,
        /// The caller's hash of the text, to tell identical texts apart from similar ones.
        body_hash: Option<String>,
        /// What it is for. Required.
        category: Option<Category>,
        /// Written or sent by a machine.
        automated: bool,
        /// How it reaches the country.
        route: Option<Route>,
        /// What the recipient agreed to.
        consent: Option<Consent>,
        /// The Indian registry's keys.
        dlt: Option<DltKeys>,
        /// Preference category of the Indian register, 1–8.
        dnd_category: Option<u32>,
        /// Network of the recipient.
        carrier: Option<String>,
        /// Kind of line of the recipient.
        line_type: Option<String>,
        /// IANA time zone of the recipient, where the caller knows it.
        recipient_tz: Option<String>,
        /// What is known of the recipient.
        recipient: Recipient,
        /// Marks that the text uses.
        trademarks: Vec<String>,
        /// The person behind the request.
        end_user: EndUser,
        /// Files (`SEND_MMS` only).
        media: Vec<Media>,
    }
}

payload! {
    /// `SEND_EMAIL`.
    Email {
        /// Address and name shown. Required.
        from: Option<Sender>,
        /// The mailbox. Required.
        to_email: Option<String>,
        /// Where answers go.
        reply_to: Option<String>,
        /// Subject line.
        subject: String,
        /// Plain text.
        text: String,
        /// HTML.
        html: String,
        /// What it is for. Required.
        category: Option<Category>,
        /// The List-Unsubscribe header.
        list_unsubscribe: Option<String>,
        /// Postal address in the mail.
        postal_address: Option<String>,
        /// Message that this answers.
        in_reply_to: Option<String>,
        /// Attachments.
        media: Vec<Media>,
        /// What the recipient agreed to.
        consent: Option<Consent>,
    }
}

payload! {
    /// `PLACE_CALL`.
    Call {
        /// Number and name shown. Required.
        from: Option<Sender>,
        /// E.164 number called; this or `dialed` is required.
        to: Option<String>,
        /// What was dialled, where that is not E.164.
        dialed: Option<String>,
        /// Region whose numbering plan `dialed` follows, ISO 3166.
        dial_region: Option<String>,
        /// What it is for. Required.
        category: Option<Category>,
        /// Auto-dialled, prerecorded or artificial voice.
        automated: bool,
        /// Text that a machine speaks.
        tts_text: Option<String>,
        /// Recording.
        recording: Recording,
        /// Attestation that the caller would like, `A`, `B` or `C`.
        attestation_wanted: Option<String>,
        /// What the callee agreed to.
        consent: Option<Consent>,
        /// Longest duration in seconds.
        max_duration_s: Option<u32>,
        /// On whose behalf the call is placed.
        on_behalf_of: Option<String>,
    }
}

payload! {
    /// `SEND_OTP`. Never carries the code itself.
    Otp {
        /// E.164 number of the recipient. Required.
        to: Option<String>,
        /// How the code travels; text if missing.
        channel: Option<Channel>,
        /// The person who asked for the code.
        end_user: EndUser,
        /// Name of the text template.
        template: Option<String>,
        /// `OTP`, if given.
        category: Option<Category>,
    }
}

payload! {
    /// `START_CAMPAIGN`.
    Campaign {
        /// Name of the campaign.
        name: String,
        /// How it reaches people; text if missing.
        channel: Option<Channel>,
        /// Who it shows as its origin.
        from: Option<Sender>,
        /// Countries of the recipients, ISO 3166.
        countries: Vec<String>,
        /// How many recipients.
        recipients: Option<u64>,
        /// What it is for. Required.
        category: Option<Category>,
        /// The text.
        body: String,
        /// Name of the text template.
        template: Option<String>,
        /// Marks that it uses.
        trademarks: Vec<String>,
        /// When it starts.
        start_at: Option<Timestamp>,
        /// Messages a second.
        rate: Option<u32>,
    }
}

payload! {
    /// `RECEIVE_MESSAGE`.
    Inbound {
        /// Who sent it.
        from: Option<Sender>,
        /// Our number, E.164. Required.
        to: Option<String>,
        /// The text.
        body: String,
    }
}

payload! {
    /// `PROVISION_NUMBER`.
    Provision {
        /// Country of the numbers, ISO 3166. Required.
        country: String,
        /// Kind of number.
        number_type: Option<String>,
        /// How many; 1 if missing.
        quantity: Option<u32>,
        /// What they are for.
        declared_use: Vec<String>,
        /// Identity bundle to use.
        bundle_id: Option<String>,
        /// Address to use.
        address_id: Option<String>,
    }
}

payload! {
    /// `CONFIGURE_NUMBER`.
    Configure {
        /// The number, E.164. Required.
        number: String,
        /// What it is for from now on.
        declared_use: Vec<String>,
        /// Where calls go on to.
        forward_to: Option<String>,
        /// Address for emergency calls.
        emergency_address: Option<String>,
        /// Caller name.
        cnam: Option<String>,
    }
}

payload! {
    /// `REGISTER_SENDER`.
    Registration {
        /// What is registered. Required.
        kind: Option<RegistrationKind>,
        /// The name, number or domain. Required.
        value: String,
        /// Name shown beside it.
        display_name: Option<String>,
        /// Countries it is for, ISO 3166.
        countries: Vec<String>,
        /// Kinds of proof handed in.
        evidence: Vec<String>,
    }
}

payload! {
    /// `UPLOAD_MEDIA`.
    Upload {
        /// The files. At least one.
        media: Vec<Media>,
        /// What for.
        purpose: Option<String>,
    }
}

payload! {
    /// `CREATE_SUBACCOUNT`; who it is for is the envelope's `end_customer`.
    NewSubaccount {
        /// Name of the holder.
        legal_name: Option<String>,
        /// How far the holder is known.
        subtenant: Subtenant,
        /// What they may use.
        product: Option<String>,
        /// Where, ISO 3166.
        territory: Option<String>,
    }
}

payload! {
    /// `RESELL`.
    Resale {
        /// What is passed on.
        product: Option<String>,
        /// Where, ISO 3166.
        territory: Option<String>,
        /// To whom.
        counterparty: Option<String>,
        /// How far they are known.
        subtenant: Subtenant,
        /// In what form.
        form: Option<ResaleForm>,
    }
}

payload! {
    /// `ALTER_RECORD`.
    RecordChange {
        /// Kind of record. Required.
        record_type: String,
        /// What is done. Required.
        operation: Option<RecordOperation>,
        /// Which record, or the newest of many. Required.
        record: Option<RecordRef>,
        /// Fields touched.
        fields: Vec<String>,
        /// How many records; 1 if missing.
        count: Option<u64>,
        /// Who approved.
        approvers: Vec<String>,
    }
}

payload! {
    /// `API_OPERATION`.
    ApiOperation {
        /// Name of the operation, e.g. `CREATE_KEY`. Required.
        operation: String,
        /// What it is aimed at.
        target: Option<String>,
    }
}

payload! {
    /// `OPEN_SESSION`.
    Session {
        /// Protocol. Required.
        protocol: Option<Protocol>,
        /// How many sessions are opened; 1 if missing.
        binds: Option<u32>,
        /// Client software.
        user_agent: Option<String>,
    }
}

redacted_debug!(Sender, Consent, DltKeys, Label, Media, Recipient, EndUser, Recording, Subtenant, RecordRef);

/// An action with its fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is documented at its kind and its payload")]
pub enum Action {
    SendSms(Message),
    SendMms(Message),
    SendEmail(Email),
    PlaceCall(Call),
    SendOtp(Otp),
    StartCampaign(Campaign),
    ReceiveMessage(Inbound),
    ProvisionNumber(Provision),
    ConfigureNumber(Configure),
    RegisterSender(Registration),
    UploadMedia(Upload),
    CreateSubaccount(NewSubaccount),
    Resell(Resale),
    AlterRecord(RecordChange),
    ApiOperation(ApiOperation),
    OpenSession(Session),
}
