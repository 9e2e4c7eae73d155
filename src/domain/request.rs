//! A request: the envelope that all actions share, and one action.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::action::{Action, Label, Media, Sender};
use super::blame::parse;
use super::redact::redacted_debug;
use super::vocabulary::{ActionKind, Category};
use super::{AccountId, FieldViolation, Fixed, KeyId, RequestId};

/// Who or what makes the call to the platform.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Actor {
    /// The API key used; none for a call from inside the platform.
    pub api_key_id: Option<KeyId>,
    /// Address that the call came from.
    pub ip: Option<String>,
    /// Country of that address, ISO 3166.
    pub ip_country: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The user's role, e.g. `RECORDS_OFFICER`.
    pub role: Option<String>,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
}

/// What every request carries, whatever its action.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Idempotency key; without one a request is never recognised as a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The account that acts.
    pub account_id: AccountId,
    /// An account below it on whose behalf it acts; then that one is decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_id: Option<AccountId>,
    /// When it happens; the server's clock if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Who or what makes the call.
    #[serde(default)]
    pub actor: Actor,
    /// A value that may be used once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The internal service that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_service: Option<String>,
    /// Decide, and remember nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// `SELF`, or whose customer this is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_customer: Option<String>,
    /// The brand that shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Price of one unit in US dollars.
    #[serde(default, rename = "price_usd", skip_serializing_if = "Option::is_none")]
    pub price: Option<Fixed>,
    /// Highest price that the caller accepts, in US dollars.
    #[serde(default, rename = "max_price_usd", skip_serializing_if = "Option::is_none")]
    pub max_price: Option<Fixed>,
    /// Declared use case, e.g. `LENDING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_case: Option<String>,
    /// What an upstream classifier said of the content.
    #[serde(default)]
    pub content_labels: Vec<Label>,
    /// Trace context, carried through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

const ENVELOPE_KEYS: [&str; 15] = [
    "request_id",
    "account_id",
    "subaccount_id",
    "at",
    "actor",
    "nonce",
    "caller_service",
    "dry_run",
    "end_customer",
    "brand",
    "price_usd",
    "max_price_usd",
    "use_case",
    "content_labels",
    "trace",
];

/// A request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// What all actions share.
    pub envelope: Envelope,
    /// What is to be done.
    pub action: Action,
}

redacted_debug!(Actor, Envelope);

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request {{ {} of {}, .. }}", self.action.kind(), self.envelope.account_id)
    }
}

// === impl Request ===

impl Request {
    /// Reads the flat JSON form of the case files: envelope and action fields in one object, with
    /// the name of the action under `action`.
    ///
    /// # Errors
    /// What is malformed, by the path of the field and with what it may be; never with the value.
    pub fn from_json(value: Value) -> Result<Self, Vec<FieldViolation>> {
        let Value::Object(mut fields) = value else {
            return Err(vec![FieldViolation::new("", "must be a JSON object")]);
        };
        let kind = fields.remove("action").unwrap_or(Value::Null);
        let kind: ActionKind =
            parse(kind).map_err(|_| vec![FieldViolation::new("action", one_of(ActionKind::ALL))])?;
        let (envelope, rest) = split(fields);
        let envelope = parse(Value::Object(envelope))?;
        let request = Self { envelope, action: Action::from_json(kind, Value::Object(rest))? };
        let violations = super::violations(&request);
        if violations.is_empty() { Ok(request) } else { Err(violations) }
    }

    /// The flat JSON form that [`Request::from_json`] reads.
    ///
    /// # Errors
    /// Only if serde fails, which these types never make it do.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut fields = Map::new();
        fields.insert("action".into(), Value::from(self.action.kind().as_str()));
        for part in [serde_json::to_value(&self.envelope)?, self.action.to_json()?] {
            if let Value::Object(part) = part {
                fields.extend(part.into_iter().filter(|(_, value)| !value.is_null()));
            }
        }
        Ok(Value::Object(fields))
    }

    /// The account that is decided on: the subaccount if one is named.
    pub fn subject(&self) -> &AccountId {
        self.envelope.subaccount_id.as_ref().unwrap_or(&self.envelope.account_id)
    }
}

fn one_of(actions: &[ActionKind]) -> String {
    let names: Vec<_> = actions.iter().map(|action| format!("`{action}`")).collect();
    format!("must be one of {}", names.join(", "))
}

fn split(fields: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    fields.into_iter().partition(|(key, _)| ENVELOPE_KEYS.contains(&key.as_str()))
}

// === impl Action ===

macro_rules! each_action {
    ($self:expr, $payload:ident => $body:expr) => {
        match $self {
            Action::SendSms($payload) => $body,
            Action::SendMms($payload) => $body,
            Action::SendEmail($payload) => $body,
            Action::PlaceCall($payload) => $body,
            Action::SendOtp($payload) => $body,
            Action::StartCampaign($payload) => $body,
            Action::ReceiveMessage($payload) => $body,
            Action::ProvisionNumber($payload) => $body,
            Action::ConfigureNumber($payload) => $body,
            Action::RegisterSender($payload) => $body,
            Action::UploadMedia($payload) => $body,
            Action::CreateSubaccount($payload) => $body,
            Action::Resell($payload) => $body,
            Action::AlterRecord($payload) => $body,
            Action::ApiOperation($payload) => $body,
            Action::OpenSession($payload) => $body,
        }
    };
}

impl Action {
    /// Which of the 16 it is.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::SendSms(_) => ActionKind::SendSms,
            Self::SendMms(_) => ActionKind::SendMms,
            Self::SendEmail(_) => ActionKind::SendEmail,
            Self::PlaceCall(_) => ActionKind::PlaceCall,
            Self::SendOtp(_) => ActionKind::SendOtp,
            Self::StartCampaign(_) => ActionKind::StartCampaign,
            Self::ReceiveMessage(_) => ActionKind::ReceiveMessage,
            Self::ProvisionNumber(_) => ActionKind::ProvisionNumber,
            Self::ConfigureNumber(_) => ActionKind::ConfigureNumber,
            Self::RegisterSender(_) => ActionKind::RegisterSender,
            Self::UploadMedia(_) => ActionKind::UploadMedia,
            Self::CreateSubaccount(_) => ActionKind::CreateSubaccount,
            Self::Resell(_) => ActionKind::Resell,
            Self::AlterRecord(_) => ActionKind::AlterRecord,
            Self::ApiOperation(_) => ActionKind::ApiOperation,
            Self::OpenSession(_) => ActionKind::OpenSession,
        }
    }

    /// Reads the fields of one action.
    ///
    /// # Errors
    /// As [`Request::from_json`].
    pub fn from_json(kind: ActionKind, fields: Value) -> Result<Self, Vec<FieldViolation>> {
        Ok(match kind {
            ActionKind::SendSms => Self::SendSms(parse(fields)?),
            ActionKind::SendMms => Self::SendMms(parse(fields)?),
            ActionKind::SendEmail => Self::SendEmail(parse(fields)?),
            ActionKind::PlaceCall => Self::PlaceCall(parse(fields)?),
            ActionKind::SendOtp => Self::SendOtp(parse(fields)?),
            ActionKind::StartCampaign => Self::StartCampaign(parse(fields)?),
            ActionKind::ReceiveMessage => Self::ReceiveMessage(parse(fields)?),
            ActionKind::ProvisionNumber => Self::ProvisionNumber(parse(fields)?),
            ActionKind::ConfigureNumber => Self::ConfigureNumber(parse(fields)?),
            ActionKind::RegisterSender => Self::RegisterSender(parse(fields)?),
            ActionKind::UploadMedia => Self::UploadMedia(parse(fields)?),
            ActionKind::CreateSubaccount => Self::CreateSubaccount(parse(fields)?),
            ActionKind::Resell => Self::Resell(parse(fields)?),
            ActionKind::AlterRecord => Self::AlterRecord(parse(fields)?),
            ActionKind::ApiOperation => Self::ApiOperation(parse(fields)?),
            ActionKind::OpenSession => Self::OpenSession(parse(fields)?),
        })
    }

    /// The names of the fields that an action of this kind may have.
    pub fn fields(kind: ActionKind) -> Vec<String> {
        let empty = Self::from_json(kind, Value::Object(Map::new())).ok().and_then(|a| a.to_json().ok());
        match empty {
            Some(Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        }
    }

    fn to_json(&self) -> Result<Value, serde_json::Error> {
        each_action!(self, payload => serde_json::to_value(payload))
    }

    /// The sender that shows, where the action has one.
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Self::SendSms(m) | Self::SendMms(m) => m.from.as_ref(),
            Self::SendEmail(m) => m.from.as_ref(),
            Self::PlaceCall(c) => c.from.as_ref(),
            Self::StartCampaign(c) => c.from.as_ref(),
            Self::ReceiveMessage(m) => m.from.as_ref(),
            Self::SendOtp(_)
            | Self::ProvisionNumber(_)
            | Self::ConfigureNumber(_)
            | Self::RegisterSender(_)
            | Self::UploadMedia(_)
            | Self::CreateSubaccount(_)
            | Self::Resell(_)
            | Self::AlterRecord(_)
            | Self::ApiOperation(_)
            | Self::OpenSession(_) => None,
        }
    }

    /// What the caller claims the action is for, where it has a category.
    pub fn category(&self) -> Option<Category> {
        match self {
            Self::SendSms(m) | Self::SendMms(m) => m.category,
            Self::SendEmail(m) => m.category,
            Self::PlaceCall(c) => c.category,
            Self::SendOtp(o) => o.category,
            Self::StartCampaign(c) => c.category,
            Self::ReceiveMessage(_)
            | Self::ProvisionNumber(_)
            | Self::ConfigureNumber(_)
            | Self::RegisterSender(_)
            | Self::UploadMedia(_)
            | Self::CreateSubaccount(_)
            | Self::Resell(_)
            | Self::AlterRecord(_)
            | Self::ApiOperation(_)
            | Self::OpenSession(_) => None,
        }
    }

    /// The files that it carries.
    pub fn media(&self) -> &[Media] {
        match self {
            Self::SendSms(m) | Self::SendMms(m) => &m.media,
            Self::SendEmail(m) => &m.media,
            Self::UploadMedia(u) => &u.media,
            Self::PlaceCall(_)
            | Self::SendOtp(_)
            | Self::StartCampaign(_)
            | Self::ReceiveMessage(_)
            | Self::ProvisionNumber(_)
            | Self::ConfigureNumber(_)
            | Self::RegisterSender(_)
            | Self::CreateSubaccount(_)
            | Self::Resell(_)
            | Self::AlterRecord(_)
            | Self::ApiOperation(_)
            | Self::OpenSession(_) => &[],
        }
    }
}
