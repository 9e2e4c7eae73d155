//! Where a request goes: the number called or texted, and the countries it concerns.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::account::account;
use super::{Cause, Facts, Texts, signals};
use crate::domain::{Account, Action, Channel};
use crate::lists::Lists;
use crate::numbers::{self, Description, Kind, Region, Written};

signals! {
    /// The action goes to one telephone number.
    "context.destination.expected": Bool = |f| f.destination().expected;
    /// What was dialled is an emergency number of the region it was dialled in.
    "context.destination.emergency": Bool = |f| f.destination().emergency;
    /// It is a possible number of a country.
    "context.destination.reachable": Bool = |f| f.destination().country().is_some();
    /// The number in E.164 form.
    "context.destination.number": Text (private) = |f| f.destination().number().unwrap_or_default();
    /// Country of the number, ISO 3166.
    "context.destination.country": Text ["shared_plans"] = |f| f.destination().country().map_or("", Region::as_str);
    /// Every country that the request concerns: of the number, the campaign, the order, the territory.
    "context.destination.countries": Set = |f| countries(f).collect::<Texts<'_>>();
    /// The account may send to every country that the traffic goes to.
    "context.destination.permitted": Bool = |f| permitted(f);
    /// The number is of a premium or shared-cost range.
    "context.destination.premium": Bool = |f| f.destination().premium();
    /// The recipient is one that a trial account has verified.
    "context.recipient.verified": Bool = |f| account(f).map(|a| recipient(f).is_some_and(|to| {
        a.verified_recipients.iter().any(|known| known.eq_ignore_ascii_case(to))
    }));
    /// Number and mailbox of the recipient.
    "context.recipient.addresses": Set (private) = |f| recipient(f).into_iter().collect::<Texts<'_>>();
    /// The recipient is under age.
    "context.recipient.minor": Bool = |f| told(f).minor;
    /// The recipient's guardian agreed.
    "context.recipient.guardian_consent": Bool = |f| told(f).guardian_consent;
    /// Every number in the request.
    "context.request.numbers": Set (private) = |f| all_numbers(f);
}

/// Where a call or text goes.
#[derive(Default)]
pub(super) struct Destination {
    /// The action goes to one number.
    pub(super) expected: bool,
    /// It is an emergency number.
    pub(super) emergency: bool,
    /// What the number is, if it is one.
    description: Option<Description>,
    /// The number in E.164 form.
    written: Option<Written>,
}

// === impl Destination ===

impl Destination {
    /// Reads what was dialled and in which region: as stated, else the sender's, else the account's.
    pub(super) fn of(f: &Facts<'_>) -> Self {
        let Some(typed) = Typed::of(&f.request.action) else { return Self::default() };
        let region = typed.region.or_else(|| f.sender().region()).or_else(|| home(f));
        let emergency = typed.dialled().is_some_and(|text| f.emergency.is_emergency(text, region));
        let description = if emergency { None } else { typed.describe(region) };
        let description = description.map(|number| Description {
            region: number.region.map(|region| plan(f.lists, region)),
            ..number
        });
        let written = description.map(|number| number.e164.written());
        Self { expected: true, emergency, description, written }
    }

    /// Country, if it is a possible number of one.
    pub(super) fn country(&self) -> Option<&Region> {
        self.description.as_ref().filter(|number| number.possible).and_then(|number| number.region.as_ref())
    }

    /// The number, if it is one.
    pub(super) fn e164(&self) -> Option<numbers::E164> {
        self.description.as_ref().map(|number| number.e164)
    }

    fn number(&self) -> Option<&str> {
        self.written.as_ref().map(Written::as_str)
    }

    fn premium(&self) -> bool {
        let kind = self.description.as_ref().map(|number| number.kind);
        matches!(kind, Some(Kind::PremiumRate | Kind::SharedCost))
    }
}

/// The country whose plan a region's numbers belong to: mostly its own.
pub(super) fn plan(lists: &Lists, region: Region) -> Region {
    let shared = lists.get("shared_plans").and_then(|plans| plans.get(region.as_str()));
    shared.and_then(|country| country.as_str()?.parse().ok()).unwrap_or(region)
}

/// The account's own country; none where it is not known, so that gates need no account.
pub(super) fn home(f: &Facts<'_>) -> Option<Region> {
    account(f).ok().and_then(|a| a.country.parse().ok())
}

/// The destination as the caller typed it.
struct Typed<'a> {
    to: &'a str,
    dialed: &'a str,
    region: Option<Region>,
}

// === impl Typed ===

impl<'a> Typed<'a> {
    fn of(action: &'a Action) -> Option<Self> {
        let (to, dialed, region) = match action {
            Action::SendSms(m) | Action::SendMms(m) => (&m.to, m.dialed.as_deref(), m.dial_region.as_deref()),
            Action::PlaceCall(c) => (&c.to, c.dialed.as_deref(), c.dial_region.as_deref()),
            Action::SendOtp(o) if o.channel == Some(Channel::Email) => return None,
            Action::SendOtp(o) => (&o.to, None, None),
            Action::SendEmail(_)
            | Action::StartCampaign(_)
            | Action::ReceiveMessage(_)
            | Action::ProvisionNumber(_)
            | Action::ConfigureNumber(_)
            | Action::RegisterSender(_)
            | Action::UploadMedia(_)
            | Action::CreateSubaccount(_)
            | Action::Resell(_)
            | Action::AlterRecord(_)
            | Action::ApiOperation(_)
            | Action::OpenSession(_) => return None,
        };
        let region = region.and_then(|region| region.parse().ok());
        Some(Self { to: to.as_deref().unwrap_or_default(), dialed: dialed.unwrap_or_default(), region })
    }

    /// What an exchange would see, where that is not E.164.
    fn dialled(&self) -> Option<&'a str> {
        [self.dialed, self.to]
            .into_iter()
            .find(|text| !text.is_empty() && !text.trim_start().starts_with('+'))
    }

    /// `to` must be E.164; only what was dialled is read by a region's plan.
    fn describe(&self, region: Option<Region>) -> Option<Description> {
        let e164 = [self.to, self.dialed].into_iter().find(|text| !text.is_empty())?;
        numbers::describe(e164).or_else(|| {
            let national = self.to.is_empty().then_some(self.dialed)?;
            numbers::parse_national(national, region?)
        })
    }
}

pub(super) fn countries<'f>(f: &'f Facts<'_>) -> impl Iterator<Item = Cow<'f, str>> {
    let (several, one): (&[String], Option<&str>) = match &f.request.action {
        Action::StartCampaign(c) => (&c.countries, None),
        Action::RegisterSender(r) => (&r.countries, None),
        Action::ProvisionNumber(p) => (&[], Some(&p.country)),
        Action::CreateSubaccount(s) => (&[], s.territory.as_deref()),
        Action::Resell(r) => (&[], r.territory.as_deref()),
        _ => (&[], None),
    };
    let onward = match &f.request.action {
        Action::ConfigureNumber(c) => {
            c.forward_to.as_deref().and_then(|to| numbers::describe(&canonical(to))?.region)
        }
        _ => None,
    };
    let to = f.destination().country().map(|country| Cow::Borrowed(country.as_str()));
    let country = to.or_else(|| onward.map(|country| Cow::Owned(country.to_string())));
    several.iter().map(String::as_str).chain(one).map(Cow::Borrowed).chain(country)
}

fn permitted(f: &Facts<'_>) -> Result<bool, Cause> {
    let voice = match &f.request.action {
        Action::PlaceCall(_) => true,
        Action::SendSms(_) | Action::SendMms(_) => false,
        Action::SendOtp(o) => match o.channel {
            Some(Channel::Email) => return Ok(true),
            channel => channel == Some(Channel::Voice),
        },
        Action::StartCampaign(c) => match c.channel {
            Some(Channel::Email) => return Ok(true),
            channel => channel == Some(Channel::Voice),
        },
        _ => return Ok(true),
    };
    let account = account(f)?;
    Ok(countries(f).all(|country| opened(account, voice, &country)))
}

/// Without a list of its own an account may reach its home country alone.
fn opened(account: &Account, voice: bool, country: &str) -> bool {
    let opened: Option<&BTreeSet<String>> =
        if voice { account.geo.voice.as_ref() } else { account.geo.sms.as_ref() };
    opened.map_or(account.country == country, |opened| opened.contains(country))
}

/// The one recipient, by number or mailbox.
pub(super) fn recipient<'f>(f: &'f Facts<'_>) -> Option<&'f str> {
    if let Action::SendEmail(mail) = &f.request.action {
        return mail.to_email.as_deref();
    }
    if let Action::SendOtp(otp) = &f.request.action
        && otp.channel == Some(Channel::Email)
    {
        return otp.to.as_deref();
    }
    f.destination().number()
}

fn told(f: &Facts<'_>) -> crate::domain::Recipient {
    match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => m.recipient,
        _ => crate::domain::Recipient::default(),
    }
}

/// A number however it was typed; anything else as it is.
fn canonical(text: &str) -> Cow<'_, str> {
    let separates = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')');
    let bare: Cow<'_, str> =
        if text.contains(separates) { text.replace(separates, "").into() } else { text.into() };
    match numbers::describe(&bare).map(|number| number.e164.written()) {
        Some(number) if number.as_str() != text => Cow::Owned(number.as_str().to_owned()),
        _ => Cow::Borrowed(text),
    }
}

fn all_numbers<'f>(f: &'f Facts<'_>) -> Texts<'f> {
    let named: [Option<&str>; 2] = match &f.request.action {
        Action::ConfigureNumber(c) => [Some(&c.number), c.forward_to.as_deref()],
        Action::ReceiveMessage(m) => [m.to.as_deref(), None],
        Action::RegisterSender(r) => [Some(&r.value), None],
        _ => [None; 2],
    };
    let sender = f.request.action.sender().map(|sender| sender.value.as_str());
    let sender = sender.map(|value| f.sender().number().map_or_else(|| canonical(value), Cow::Borrowed));
    let destination = f.destination().number().map(Cow::Borrowed);
    named.into_iter().flatten().map(canonical).chain(sender).chain(destination).collect()
}
