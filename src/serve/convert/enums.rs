//! The closed vocabularies, both ways. A value missing on either side stops the build.

use crate::domain;
use crate::proto as pb;

/// A closed vocabulary of the domain and its enum on the wire.
pub trait Closed: Copy {
    /// The generated enum.
    type Wire: TryFrom<i32> + Into<i32>;

    /// The value; `None` for UNSPECIFIED.
    fn from_wire(wire: Self::Wire) -> Option<Self>;

    /// The value on the wire.
    fn to_wire(self) -> Self::Wire;

    /// The number on the wire.
    fn number(self) -> i32 {
        self.to_wire().into()
    }
}

macro_rules! closed {
    ($($domain:ident = $wire:ident { $($variant:ident),+ $(,)? })+) => {$(
        impl Closed for domain::$domain {
            type Wire = pb::$wire;

            fn from_wire(wire: pb::$wire) -> Option<Self> {
                match wire {
                    pb::$wire::Unspecified => None,
                    $(pb::$wire::$variant => Some(Self::$variant)),+
                }
            }

            fn to_wire(self) -> pb::$wire {
                match self {
                    $(Self::$variant => pb::$wire::$variant),+
                }
            }
        }
    )+};
}

closed! {
    ActionKind = ActionKind {
        SendSms, SendMms, SendEmail, PlaceCall, SendOtp, StartCampaign, ReceiveMessage, ProvisionNumber,
        ConfigureNumber, RegisterSender, UploadMedia, CreateSubaccount, Resell, AlterRecord, ApiOperation,
        OpenSession,
    }
    SenderKind = SenderKind {
        LongCode, Virtual, Mobile, TollFree, ShortCode, Alpha, Header, Series140, Series1600, E164, Email,
    }
    Category = Category { Otp, Transactional, Service, Promotional, Government, Conversational, Internal }
    Route = Route { Domestic, International }
    ConsentBasis = ConsentBasis { Express, ExpressWritten, ExplicitDlt, Inferred, Ebr }
    Scan = MediaScan { Clean, Pending, Infected }
    Channel = Channel { Sms, Mms, Voice, Email, Whatsapp }
    RegistrationKind = RegistrationKind { Alpha, Header, CallerId, EmailDomain, Cnam }
    ResaleForm = ResaleForm { Resale, Sublicense, Rent, Timeshare }
    RecordOperation = RecordOperation { Update, Redact, Delete, Purge, Export }
    Protocol = SessionProtocol { Smpp, Sip, Websocket }
    Mode = RuleMode { Enforce, Monitor, Off }
    Verdict = Verdict { Allow, Deny }
    AccountStatus = AccountStatus { Trial, Active, UnderReview, Suspended, Closed }
    EntityType = EntityType { Company, Individual, Government, Ngo }
    KycLevel = KycLevel { None, L1, L2, Full }
    KycStatus = KycStatus { Pending, Verified, Rejected, Expired }
    KeyStatus = KeyStatus { Active, Revoked }
}
