//! Past traffic: the request as an event, events of the past completed, and what only a memory of
//! traffic can tell. Counters themselves are declared in the bundle.

use smol_str::SmolStr;

use super::account::account;
use super::{Cause, Facts, limit_at, signals};
use crate::bundle::{Counter, Limits};
use crate::domain::{Account, Action, Category, Fixed, TcrCampaign};
use crate::lists::{Lists, folded};
use crate::numbers;
use crate::traffic::{Asking, Event, Fact, Field, Origin, Reading, Unreadable};

mod deck;

use deck::Rates;

const ACTIVE: &str = "ACTIVE";
const DAY_MS: i64 = 86_400_000;
/// No count reaches it.
const UNLIMITED: i64 = crate::bundle::UNLIMITED;

signals! {
    /// The number without its last digits, as far as limits say.
    "context.destination.prefix": Text (private) = |f| f.present().text(Field::Prefix).unwrap_or_default();
    /// US state of the number, e.g. US-FL; else its country.
    "context.destination.state": Text ["us_area_codes"] = |f| super::recipient::state(f);
    /// Traffic of the account to the number's range is stopped.
    "context.destination.cooling_down": Bool = |f| cooling_down(f);
    /// For how long a cool-down for the range would be opened now, ms: twice as long as the last one, up to a cap.
    "context.destination.next_cooldown": Long = |f| next_cooldown(f);
    /// The number is in a high-cost range of the rate deck.
    "context.destination.high_cost": Bool ["rate_deck"] = |f| rates(f).map(|rates| rates.range.is_some());
    /// How much of the country's minutes that range may have by its part of an even spread, ppm.
    "context.destination.range_limit": Long ["rate_deck"] = |f| range_limit(f);
    /// Messages an hour that the account may send to the country; no count reaches it where none is set.
    "context.destination.messages_per_hour": Long = |f| account(f).map(|a| {
        country(f).and_then(|country| a.country_mph.get(country)).copied().unwrap_or(UNLIMITED)
    });
    /// The account's usual traffic to the country is known.
    "context.destination.usual_known": Bool = |f| account(f).map(|a| {
        country(f).is_some_and(|country| a.baseline_12h.contains_key(country))
    });
    /// Its mean and the multiple of its deviation that is still usual, in millionths of one.
    "context.destination.usual_limit": Long = |f| usual_limit(f);
    /// The recipient is on the account's list of those that are safe.
    "context.recipient.safe": Bool = |f| account(f).map(|a| {
        super::destination::recipient(f).is_some_and(|to| a.safe_list.contains(to))
    });
    /// The account leases the number that is called.
    "context.recipient.owned": Bool = |f| account(f).map(|a| {
        super::destination::recipient(f).is_some_and(|to| a.numbers.iter().any(|number| number.e164 == to))
    });
    /// Network of the recipient, as stated.
    "context.recipient.carrier": Text = |f| f.present().text(Field::Carrier).unwrap_or_default();
    /// Texts a minute to AT&T that the registered campaign may send.
    "context.campaign.att_tpm": Long = |f| account(f).map(|a| {
        f.request.action.sender().and_then(|sender| campaign(a, &sender.value)?.att_tpm).unwrap_or(UNLIMITED)
    });
    /// Texts a day to T-Mobile that the registered brand may send.
    "context.campaign.tmobile_daily_cap": Long = |f| account(f).map(|a| {
        a.tcr.as_ref().and_then(|tcr| tcr.tmobile_daily_cap).unwrap_or(UNLIMITED)
    });
}

/// What a counter says of the request.
pub(super) fn read(f: &Facts<'_>, counter: &Counter) -> Result<Reading, Cause> {
    let limit = |place: usize| limit_at(f, place);
    let asking = Asking { present: f.present(), now: f.now.as_millisecond(), limit: &limit };
    f.traffic()?.read(counter, &asking)
}

impl From<Unreadable> for Cause {
    fn from(_: Unreadable) -> Self {
        Self::Counters
    }
}

/// The request as the event that it will be once it is allowed.
pub(super) fn present(f: &Facts<'_>) -> Event {
    let (envelope, action) = (&f.request.envelope, &f.request.action);
    let mut event = Event::new(action.kind().as_str(), f.now.as_millisecond());
    event.set_text(Field::Account, f.request.subject().as_str());
    if let Some(to) = super::destination::recipient(f) {
        event.set_text(Field::To, &to.to_ascii_lowercase());
    }
    let sender = action.sender().map(|sender| f.sender().number().unwrap_or(&sender.value));
    event.set_text(Field::From, sender.unwrap_or_default());
    event.set_text(Field::Country, country(f).unwrap_or_default());
    event.set_text(Field::Category, action.category().map_or("", Category::as_str));
    event.set_text(Field::Brand, envelope.brand.as_deref().unwrap_or_default());
    event.set_text(Field::Ip, envelope.actor.ip.as_deref().unwrap_or_default());
    let end_user = match action {
        Action::SendSms(m) | Action::SendMms(m) => {
            event.set_text(Field::BodyHash, m.body_hash.as_deref().unwrap_or_default());
            event.set_text(Field::Carrier, m.carrier.as_deref().unwrap_or_default());
            m.end_user.ip.as_deref()
        }
        Action::SendOtp(o) => o.end_user.ip.as_deref(),
        Action::ApiOperation(operation) => {
            event.set_text(Field::Operation, &operation.operation);
            event.set_text(Field::To, operation.target.as_deref().unwrap_or_default());
            None
        }
        Action::ProvisionNumber(p) => {
            event.set(Field::Quantity, Fact::Number(i64::from(p.quantity.unwrap_or(1))));
            None
        }
        _ => None,
    };
    event.set_text(Field::EndUserIp, end_user.unwrap_or_default());
    event.set(Field::Cost, Fact::Number(super::content::estimate(f)));
    let account = f.account().ok().map(|account| &*account.account);
    History { lists: f.lists, limits: f.limits, account }.complete(event, f.now)
}

/// What events of an account are completed with.
pub struct History<'a> {
    /// Lists.
    pub lists: &'a Lists,
    /// Thresholds.
    pub limits: &'a Limits,
    /// The account, if it is the one that the events are of.
    pub account: Option<&'a Account>,
}

// === impl History ===

impl History<'_> {
    /// An event with everything that follows from what it states.
    pub fn complete(&self, mut event: Event, now: jiff::Timestamp) -> Event {
        let verified = event.text(Field::Status) == Some("VERIFIED");
        event.set(Field::Verified, Fact::Flag(verified));
        event.set(Field::Action, Fact::Text(event.kind.clone()));
        event.set(Field::Day, Fact::Number(event.at.div_euclid(DAY_MS)));
        self.destination(&mut event);
        self.costs(&mut event);
        if let Some(account) = self.account {
            registry(&mut event, account);
            foreign(&mut event, account, now);
        }
        event
    }

    fn destination(&self, event: &mut Event) {
        let Some(number) = event.text(Field::To).and_then(numbers::describe) else { return };
        let written = number.e164.written();
        event.set_text(Field::To, written.as_str());
        let digits = self.limits.get("ait_prefix_digits").map_or(0, |limit| limit.default);
        let length = written.as_str().len().saturating_sub(usize::try_from(digits).unwrap_or(0));
        event.set_text(Field::Prefix, written.as_str().get(..length).unwrap_or_default());
        if event.get(Field::Country).is_none()
            && let Some(region) = number.region
        {
            let country = super::destination::plan(self.lists, region);
            event.set_text(Field::Country, country.as_str());
        }
    }

    /// What it costs by the minute is known when it begins, and kept: of an attempt that ends after a
    /// restart the number is not known any more.
    fn costs(&self, event: &mut Event) {
        if event.get(Field::Rate).is_none() {
            let country = event.text(Field::Country).unwrap_or_default();
            let rates = Rates::of(self.lists, country, event.text(Field::To).unwrap_or_default());
            event.set(Field::HighCost, Fact::Flag(rates.range.is_some()));
            if let Some(range) = rates.range {
                event.set(Field::Range, Fact::Text(range.into()));
            }
            event.set(Field::Rate, Fact::Number(rates.rate));
            event.set(Field::EvenRate, Fact::Number(rates.average));
        }
        let duration = event.number(Field::DurationS);
        let cost = |rate: i64| Fact::Number(rate.saturating_mul(duration));
        event.set(Field::RatedCost, cost(event.number(Field::Rate)));
        event.set(Field::EvenCost, cost(event.number(Field::EvenRate)));
    }
}

/// The campaign of the sender's number, where it is not stated, and the brand that answers for it.
fn registry(event: &mut Event, account: &Account) {
    let Some(tcr) = &account.tcr else { return };
    if event.get(Field::Campaign).is_none()
        && let Some(campaign) = event.text(Field::From).and_then(|from| campaign(account, from))
    {
        event.set_text(Field::Campaign, &campaign.id);
    }
    let unregistered = event.get(Field::From).is_some() && event.get(Field::Campaign).is_none();
    if !unregistered {
        event.set_text(Field::BrandRegistration, &tcr.brand_id);
    }
}

/// The number's campaign: an active one if there is one.
fn campaign<'a>(account: &'a Account, number: &str) -> Option<&'a TcrCampaign> {
    let on = || account.tcr.iter().flat_map(|tcr| &tcr.campaigns).filter(|c| c.numbers.contains(number));
    on().find(|campaign| campaign.status == ACTIVE).or_else(|| on().next())
}

fn foreign(event: &mut Event, account: &Account, now: jiff::Timestamp) {
    let Some(brand) = event.text(Field::Brand).map(folded) else { return };
    let own = account.brands.iter().any(|known| folded(known) == brand);
    let lent = account
        .brand_authorizations
        .iter()
        .any(|leave| folded(&leave.mark) == brand && leave.to.is_none_or(|end| end > now));
    event.set(Field::Brand, Fact::Text(SmolStr::new(&*brand)));
    event.set(Field::ForeignBrand, Fact::Flag(!own && !lent));
}

fn country<'f>(f: &'f Facts<'_>) -> Option<&'f str> {
    f.destination().country().map(numbers::Region::as_str)
}

fn cooling_down(f: &Facts<'_>) -> Result<bool, Cause> {
    cooling_until(f).map(|until| until.is_some())
}

/// Until when, ms, traffic to the number is stopped, if it is.
pub(super) fn cooling_until(f: &Facts<'_>) -> Result<Option<i64>, Cause> {
    let Some(number) = f.present().text(Field::To) else { return Ok(None) };
    let (account, now) = (f.request.subject().as_str(), f.now.as_millisecond());
    Ok(f.traffic()?.blocked_until(account, number, now)?)
}

/// One that holds goes on as it is. After one that was lifted, or was over so long ago that it does not count,
/// the next is as long as a first one.
fn next_cooldown(f: &Facts<'_>) -> Result<i64, Cause> {
    let limit = |name: &str| f.limits.place(name).ok_or(Cause::Rule).and_then(|place| limit_at(f, place));
    let (usual, now) = (limit("cooldown_s")?, f.now.as_millisecond());
    let prefix = f.present().text(Field::Prefix).unwrap_or_default();
    let last = f.traffic()?.last_cooldown(f.request.subject().as_str(), prefix)?;
    Ok(match last.filter(|last| last.origin == Origin::Rule) {
        Some(last) if last.holds(now) => last.life,
        Some(last) if now.saturating_sub(last.until) < limit("cooldown_memory_s")? => {
            last.life.saturating_mul(2).min(limit("cooldown_cap_s")?).max(usual)
        }
        Some(_) | None => usual,
    })
}

fn rates(f: &Facts<'_>) -> Result<Rates, Cause> {
    f.list("rate_deck")?;
    let to = f.present().text(Field::To).unwrap_or_default();
    Ok(Rates::of(f.lists, country(f).unwrap_or_default(), to))
}

fn range_limit(f: &Facts<'_>) -> Result<i64, Cause> {
    let times = Fixed::from_millionths(super::limit(f, "range_mult")?);
    Ok(times_millionths(rates(f)?.share, times.millionths()))
}

fn usual_limit(f: &Facts<'_>) -> Result<i64, Cause> {
    let account = account(f)?;
    let usual = country(f).and_then(|country| account.baseline_12h.get(country));
    let Some(usual) = usual else { return Ok(UNLIMITED) };
    let spread = times_millionths(usual.sd.millionths(), super::limit(f, "spike_sigma")?);
    Ok(usual.mean.millionths().saturating_add(spread))
}

/// The product of two numbers of millionths, in millionths.
fn times_millionths(a: i64, b: i64) -> i64 {
    let product = i128::from(a) * i128::from(b) / 1_000_000;
    i64::try_from(product).unwrap_or(i64::MAX)
}
