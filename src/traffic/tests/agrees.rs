//! The memory against the model: every counter of the bundle, over random traffic.

use proptest::prelude::*;

use super::model::Model;
use super::*;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// What one step does.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    kind: u8,
    /// How much later than the step before, as a power of two of milliseconds.
    pub(crate) later: u32,
    /// How late the event is heard of, s.
    late: i64,
    account: u8,
    to: u8,
    from: u8,
    status: u8,
    duration: i64,
    refused: bool,
    weight: i64,
    again: bool,
    /// Which earlier one is amended instead, if any.
    pub(crate) amends: Option<prop::sample::Index>,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let what = (0_u8..10, 0_u32..23, 0_i64..60, 0_u8..3, 0_u8..12, 0_u8..2, 0_u8..9);
    let how = (0_i64..14, prop::bool::weighted(0.2), 1_i64..4, prop::bool::weighted(0.1));
    let amends = prop::option::weighted(0.3, any::<prop::sample::Index>());
    (what, how, amends).prop_map(
        |((kind, later, late, account, to, from, status), (duration, refused, weight, again), amends)| Step {
            kind,
            later,
            late,
            account,
            to,
            from,
            status,
            duration,
            refused,
            weight,
            again,
            amends,
        },
    )
}

const KINDS: [&str; 10] = [
    "SEND_OTP",
    "PLACE_CALL",
    "SEND_SMS",
    "SEND_OTP",
    "PLACE_CALL",
    "SEND_EMAIL",
    "COMPLAINT",
    "PROVISION_NUMBER",
    "RELEASE_NUMBER",
    "AUTH_FAILURE",
];
const STATUSES: [&str; 9] =
    ["", "ANSWERED", "NO_ANSWER", "FAILED", "VERIFIED", "IN_PROGRESS", "ABANDONED", "COMPLAINT", "BOUNCED"];

impl Step {
    pub(crate) fn event(&self, at: i64) -> Event {
        let kind = KINDS[usize::from(self.kind)];
        let mut event = Event::new(kind, at);
        event.weight = self.weight;
        event.refused = self.refused && event.is_attempt();
        let to = format!("+121255501{:02}", self.to * 3);
        let texts = [
            (Field::Account, format!("acc_{}", self.account)),
            (Field::Action, kind.to_owned()),
            (Field::Prefix, to[..to.len() - 1].to_owned()),
            (Field::From, format!("+1415555010{}", self.from)),
            (Field::Country, ["US", "IN", "LV"][usize::from(self.to % 3)].to_owned()),
            (Field::Range, ["", "+1212", "+371"][usize::from(self.to % 3)].to_owned()),
            (Field::Brand, format!("brand {}", self.to % 5)),
            (Field::BodyHash, ["", "h1", "h2"][usize::from(self.from)].to_owned()),
            (Field::Carrier, ["", "ATT", "TMOBILE"][usize::from(self.duration % 3 == 0)].to_owned()),
            (Field::Campaign, ["", "C1"][usize::from(self.from)].to_owned()),
            (Field::BrandRegistration, ["", "B1"][usize::from(self.from)].to_owned()),
            (Field::EndUserIp, format!("192.0.2.{}", self.from)),
            (Field::Ip, format!("192.0.2.{}", self.from)),
            (Field::Category, ["PROMOTIONAL", "SERVICE", ""][usize::from(self.to % 3)].to_owned()),
            (Field::Reason, ["CONTENT_HATE", "CPS_EXCEEDED"][usize::from(self.from)].to_owned()),
            (Field::To, to),
        ];
        for (field, text) in texts {
            event.set_text(field, &text);
        }
        event.set(Field::ForeignBrand, Fact::Flag(self.to.is_multiple_of(2)));
        event.set(Field::HighCost, Fact::Flag(!self.to.is_multiple_of(3)));
        event.set(Field::Quantity, Fact::Number(self.duration));
        event.set(Field::LeaseAgeS, Fact::Number(self.duration * 2 * HOUR));
        event.set(Field::Cost, Fact::Number(self.duration * 1_000));
        self.ended(&mut event);
        event
    }

    /// As an outcome changes it.
    pub(crate) fn ended(&self, event: &mut Event) {
        let status = STATUSES[usize::from(self.status)];
        event.set(Field::Status, Fact::Text(status.into()));
        event.set(Field::Verified, Fact::Flag(status == "VERIFIED"));
        event.set(Field::DurationS, Fact::Number(self.duration * SECOND));
        if self.duration % 2 == 0 {
            event.set(Field::RingS, Fact::Number(self.duration * SECOND));
        }
        event.set(Field::RatedCost, Fact::Number(self.duration * 77_777));
        event.set(Field::EvenCost, Fact::Number(self.duration * 33_333));
    }
}

fn agree(memory: &Memory, model: &Model, present: &Event) -> Result<(), TestCaseError> {
    for counter in bundle().counters.iter().filter(|counter| !counter.planned) {
        let asking = Asking { present, now: present.at, limit: &limit };
        let reading = memory.read(counter, &asking).expect("it can be read");
        prop_assert_eq!(reading, model.read(counter, &asking), "{}", counter.name);
    }
    Ok(())
}

fn walk(steps: &[Step], now: i64) -> Result<(), TestCaseError> {
    let (memory, mut model) = (memory(Bounds::default()), Model::default());
    let mut now = now;
    for (nth, step) in steps.iter().enumerate() {
        now += (1_i64 << step.later) - 1;
        let Some(place) = step.amends.filter(|_| !model.events.is_empty()) else {
            // On a grid of seconds half of the time, so that boundaries are met.
            let at = if step.again { now / SECOND * SECOND } else { now } - step.late * SECOND;
            let mut event = step.event(at);
            event.id = Some(nth.to_string().into());
            memory.record(&event.clone()).expect("recorded");
            model.events.push(event);
            let present = Step { status: 0, refused: false, ..step.clone() }.event(now);
            agree(&memory, &model, &present)?;
            continue;
        };
        let known = place.get(&model.events).clone();
        let (account, id) =
            (known.text(Field::Account).expect("one").to_owned(), known.id.clone().expect("one"));
        let amended = memory.amend(&account, &id, &mut |event| step.ended(event)).expect("amended");
        prop_assert_eq!(amended, if known.refused { Amended::Unknown } else { Amended::Done });
        if !known.refused {
            let place = place.index(model.events.len());
            step.ended(&mut model.events[place]);
        }
        let mut present = Step { status: 0, refused: false, ..step.clone() }.event(now);
        present.set_text(Field::Account, &account);
        agree(&memory, &model, &present)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_counter_agrees_with_a_plain_list(steps in prop::collection::vec(step(), 1..120)) {
        walk(&steps, 1_800_000_000_000)?;
    }
}
