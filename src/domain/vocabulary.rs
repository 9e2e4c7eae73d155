//! The closed vocabularies of a request: every enum whose values the API fixes.

use std::fmt;

use serde::Serialize;
use serde::de::{Error, Visitor};

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in the order of the API.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text that rules, cases and logs use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownName;
            fn from_str(text: &str) -> Result<Self, $crate::domain::UnknownName> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err($crate::domain::UnknownName) }
            }
        }

        /// By hand, so that a value of another type is told which names there are, too.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::domain::vocabulary::OneOf(Self::ALL, Self::as_str))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use text_enum;

/// A name that is not one of an enum's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a known name")]
pub struct UnknownName;

/// Reads one of these values by its name.
pub(crate) struct OneOf<T: 'static>(pub &'static [T], pub fn(T) -> &'static str);

impl<T: Copy> Visitor<'_> for OneOf<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|value| format!("`{}`", self.1(*value))).collect();
        write!(f, "one of {}", names.join(", "))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let found = self.0.iter().copied().find(|value| self.1(*value) == text);
        found.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

text_enum! {
    /// The 16 actions.
    ActionKind {
        /// One text to one recipient.
        SendSms = "SEND_SMS",
        /// One text with media to one recipient.
        SendMms = "SEND_MMS",
        /// One mail to one mailbox.
        SendEmail = "SEND_EMAIL",
        /// One outgoing call.
        PlaceCall = "PLACE_CALL",
        /// A one-time code, written and checked by the platform.
        SendOtp = "SEND_OTP",
        /// The start of a bulk sending.
        StartCampaign = "START_CAMPAIGN",
        /// A message that came in for one of the account's numbers.
        ReceiveMessage = "RECEIVE_MESSAGE",
        /// Leasing numbers.
        ProvisionNumber = "PROVISION_NUMBER",
        /// Changing what a number does.
        ConfigureNumber = "CONFIGURE_NUMBER",
        /// Registering a sender name, header, caller name or mail domain.
        RegisterSender = "REGISTER_SENDER",
        /// Storing media for later sending.
        UploadMedia = "UPLOAD_MEDIA",
        /// Opening an account below this one.
        CreateSubaccount = "CREATE_SUBACCOUNT",
        /// Passing the service on to a third party.
        Resell = "RESELL",
        /// Changing, deleting or reading out records that must be kept.
        AlterRecord = "ALTER_RECORD",
        /// An operation of the management API.
        ApiOperation = "API_OPERATION",
        /// Opening SMPP, SIP or WebSocket sessions.
        OpenSession = "OPEN_SESSION",
    }
}

text_enum! {
    /// What kind of sender `from` claims to be.
    SenderKind {
        /// An ordinary long number.
        LongCode = "LONG_CODE",
        /// A long virtual number.
        Virtual = "VIRTUAL",
        /// A mobile number.
        Mobile = "MOBILE",
        /// A toll-free number.
        TollFree = "TOLL_FREE",
        /// A short code.
        ShortCode = "SHORT_CODE",
        /// An alphanumeric sender id.
        Alpha = "ALPHA",
        /// An Indian DLT header.
        Header = "HEADER",
        /// India's 140 series (promotional voice).
        Series140 = "SERIES_140",
        /// India's 1600 series (service and transactional voice).
        Series1600 = "SERIES_1600",
        /// Any number, by its E.164 form.
        E164 = "E164",
        /// A mail address.
        Email = "EMAIL",
    }
}

impl SenderKind {
    /// Whether the value is a telephone number rather than a name or an address.
    pub const fn is_number(self) -> bool {
        match self {
            Self::LongCode
            | Self::Virtual
            | Self::Mobile
            | Self::TollFree
            | Self::ShortCode
            | Self::Series140
            | Self::Series1600
            | Self::E164 => true,
            Self::Alpha | Self::Header | Self::Email => false,
        }
    }
}

text_enum! {
    /// What the caller claims the message is for.
    Category {
        /// A one-time code.
        Otp = "OTP",
        /// Directly tied to a transaction of the recipient.
        Transactional = "TRANSACTIONAL",
        /// About a service that the recipient has.
        Service = "SERVICE",
        /// Advertising; mixed content counts as this.
        Promotional = "PROMOTIONAL",
        /// From a public body.
        Government = "GOVERNMENT",
        /// Between people.
        Conversational = "CONVERSATIONAL",
        /// Within the account.
        Internal = "INTERNAL",
    }
}

text_enum! {
    /// How a text reaches the recipient's country.
    Route {
        /// As domestic traffic.
        Domestic = "DOMESTIC",
        /// Over an international route.
        International = "INTERNATIONAL",
    }
}

text_enum! {
    /// What a consent rests on.
    ConsentBasis {
        /// Said or clicked.
        Express = "EXPRESS",
        /// Given in writing.
        ExpressWritten = "EXPRESS_WRITTEN",
        /// Registered with the Indian DLT.
        ExplicitDlt = "EXPLICIT_DLT",
        /// Drawn from conduct.
        Inferred = "INFERRED",
        /// An established business relationship.
        Ebr = "EBR",
    }
}

text_enum! {
    /// What a scanner said of a file.
    Scan {
        /// Nothing found.
        Clean = "CLEAN",
        /// No verdict yet.
        Pending = "PENDING",
        /// Malware found.
        Infected = "INFECTED",
    }
}

text_enum! {
    /// A way to reach people.
    Channel {
        /// Text message.
        Sms = "SMS",
        /// Text message with media.
        Mms = "MMS",
        /// Call.
        Voice = "VOICE",
        /// Mail.
        Email = "EMAIL",
        /// `WhatsApp`.
        Whatsapp = "WHATSAPP",
    }
}

text_enum! {
    /// What is being registered.
    RegistrationKind {
        /// An alphanumeric sender id.
        Alpha = "ALPHA",
        /// An Indian DLT header.
        Header = "HEADER",
        /// A number to show on calls.
        CallerId = "CALLER_ID",
        /// A mail domain.
        EmailDomain = "EMAIL_DOMAIN",
        /// A caller name.
        Cnam = "CNAM",
    }
}

text_enum! {
    /// In what form the service is passed on.
    ResaleForm {
        /// Sold on.
        Resale = "RESALE",
        /// Licensed on.
        Sublicense = "SUBLICENSE",
        /// Rented out.
        Rent = "RENT",
        /// Shared by time.
        Timeshare = "TIMESHARE",
    }
}

text_enum! {
    /// What is done to a record.
    RecordOperation {
        /// Fields change.
        Update = "UPDATE",
        /// Fields are blanked.
        Redact = "REDACT",
        /// The record goes.
        Delete = "DELETE",
        /// Many records go.
        Purge = "PURGE",
        /// The record is read out; nothing changes.
        Export = "EXPORT",
    }
}

text_enum! {
    /// A session protocol.
    Protocol {
        /// SMPP.
        Smpp = "SMPP",
        /// SIP.
        Sip = "SIP",
        /// WebSocket.
        Websocket = "WEBSOCKET",
    }
}
