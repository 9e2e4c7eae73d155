//! Who a request shows as its origin.

use super::account::account;
use super::destination::home;
use super::{Cause, Facts, Texts, signals};
use crate::domain::{Action, LeasedNumber, Sender, SenderKind};
use crate::numbers::{self, Description, Region, Written};

signals! {
    /// What the sender claims to be, e.g. ALPHA or LONG_CODE; empty where there is no sender.
    "context.sender.kind": Text = |f| kind(f).map_or("", SenderKind::as_str);
    /// The sender is a telephone number, by what it claims or by its shape.
    "context.sender.is_number": Bool = |f| number(f).is_some();
    /// The sender's number as given.
    "context.sender.number": Text (private) = |f| number(f).unwrap_or_default();
    /// The number could have been assigned to somebody.
    "context.sender.valid": Bool = |f| f.sender().valid();
    /// The number is an emergency number where the request comes from or goes to.
    "context.sender.emergency": Bool = |f| emergency(f);
    /// The account leases the number.
    "context.sender.owned": Bool = |f| leased(f).map(|leased| leased.is_some());
    /// The holder proved to have the number.
    "context.sender.verified": Bool = |f| account(f).map(|a| {
        number(f).is_some_and(|number| a.verified_caller_ids.contains(number))
    });
    /// What the number may be used for.
    "context.sender.uses": Set = |f| leased(f).map(|leased| {
        leased.map_or(Texts::None, |leased| Texts::Held(&leased.r#use))
    });
    /// Messages of this sender that wait to be sent.
    "context.sender.queued": Long = |f| account(f).map(|a| {
        f.request.action.sender().and_then(|sender| a.queue_depth.get(&sender.value)).copied().unwrap_or(0)
    });
    /// Every name that the request shows: sender, display name, caller name, name being registered.
    "context.sender.names": Set (private) = |f| names(f);
    /// A name, sender or subject holds a control character.
    "context.sender.injection": Bool = |f| one_liners(f).any(|text| text.chars().any(char::is_control));
}

/// The sender's number, described.
#[derive(Default)]
pub(super) struct ShownSender {
    description: Option<Description>,
    written: Option<Written>,
}

// === impl ShownSender ===

impl ShownSender {
    /// Describes the number of the request's sender.
    pub(super) fn of(f: &Facts<'_>) -> Self {
        let description = number(f).and_then(numbers::describe);
        Self { description, written: description.map(|number| number.e164.written()) }
    }

    /// The number in E.164 form.
    pub(super) fn number(&self) -> Option<&str> {
        self.written.as_ref().map(Written::as_str)
    }

    /// Region of the number.
    pub(super) fn region(&self) -> Option<Region> {
        self.description.as_ref().and_then(|number| number.region)
    }

    /// In the North American plan a number must be of an assigned range; elsewhere it is enough that
    /// it is possible, since ranges are opened faster than tables follow.
    fn valid(&self) -> bool {
        let Some(number) = self.description.as_ref() else { return false };
        let american = self.number().is_some_and(|text| text.starts_with("+1"));
        number.possible && number.region.is_some() && (number.valid || !american)
    }
}

// === impl Facts ===

impl Facts<'_> {
    /// Whether the sender is a telephone number.
    pub(super) fn is_from_number(&self) -> bool {
        number(self).is_some()
    }
}

/// A call shows a number and a mail an address unless they say otherwise.
fn kind(f: &Facts<'_>) -> Option<SenderKind> {
    let sender = f.request.action.sender()?;
    sender.kind.or(match &f.request.action {
        Action::PlaceCall(_) => Some(SenderKind::E164),
        Action::SendEmail(_) => Some(SenderKind::Email),
        _ => None,
    })
}

/// A value of a number's shape is a number whatever it claims to be: a claim must not take it out of
/// the rules about numbers.
fn number<'f>(f: &'f Facts<'_>) -> Option<&'f str> {
    let sender: &Sender = f.request.action.sender()?;
    let shaped = numbers::E164::parse(&sender.value).is_ok();
    (shaped || kind(f).is_some_and(SenderKind::is_number)).then_some(sender.value.as_str())
}

fn leased<'f>(f: &'f Facts<'_>) -> Result<Option<&'f LeasedNumber>, Cause> {
    let number = number(f);
    account(f).map(|a| a.numbers.iter().find(|leased| Some(leased.e164.as_str()) == number))
}

/// Looked for in the plan of each region that the call touches.
fn emergency(f: &Facts<'_>) -> bool {
    let Some(number) = number(f).filter(|number| !number.starts_with('+')) else { return false };
    let regions = [f.destination().country().copied(), home(f)];
    match regions.iter().flatten().count() {
        0 => f.emergency.is_emergency(number, None),
        _ => regions.into_iter().flatten().any(|region| f.emergency.is_emergency(number, Some(region))),
    }
}

pub(super) fn names<'f>(f: &'f Facts<'_>) -> Texts<'f> {
    let sender = f.request.action.sender();
    let shown =
        sender.filter(|_| !kind(f).is_some_and(SenderKind::is_number)).map(|sender| sender.value.as_str());
    let beside = sender.and_then(|sender| sender.display_name.as_deref());
    let registered = match &f.request.action {
        Action::RegisterSender(r) => [Some(r.value.as_str()), r.display_name.as_deref()],
        Action::ConfigureNumber(c) => [c.cnam.as_deref(), None],
        _ => [None; 2],
    };
    let all = shown.into_iter().chain(beside).chain(registered.into_iter().flatten());
    all.filter(|name| !name.is_empty()).collect()
}

/// Texts that end up in a header or beside a number: one line each, whatever the caller sent.
fn one_liners<'f>(f: &'f Facts<'_>) -> impl Iterator<Item = &'f str> {
    let sender = f.request.action.sender();
    let of_sender = sender.into_iter().flat_map(|s| [Some(s.value.as_str()), s.display_name.as_deref()]);
    let of_action: [Option<&str>; 4] = match &f.request.action {
        Action::SendEmail(m) => {
            [Some(&m.subject), m.reply_to.as_deref(), m.to_email.as_deref(), m.in_reply_to.as_deref()]
        }
        Action::StartCampaign(c) => [Some(&c.name), None, None, None],
        Action::RegisterSender(r) => [Some(&r.value), r.display_name.as_deref(), None, None],
        Action::ConfigureNumber(c) => [c.cnam.as_deref(), None, None, None],
        Action::CreateSubaccount(s) => [s.legal_name.as_deref(), None, None, None],
        Action::Resell(r) => [r.counterparty.as_deref(), None, None, None],
        Action::PlaceCall(c) => [c.on_behalf_of.as_deref(), None, None, None],
        _ => [None; 4],
    };
    let envelope = &f.request.envelope;
    let of_files = f.request.action.media().iter().map(|file| file.filename.as_deref());
    let of_envelope = [envelope.brand.as_deref(), envelope.end_customer.as_deref()];
    of_sender.chain(of_action).chain(of_files).chain(of_envelope).flatten()
}
