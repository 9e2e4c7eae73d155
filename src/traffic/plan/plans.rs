//! All counters of a bundle, and which of them an event can count in.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::Plan;
use crate::domain::ActionKind;
use crate::traffic::counter::Counter;
use crate::traffic::digest::Secret;
use crate::traffic::event::Event;

/// All counters made ready, and which of them an event of each kind can count in.
#[derive(Debug)]
pub(in crate::traffic) struct Plans {
    all: Vec<Option<Plan>>,
    allowed: HashMap<SmolStr, Box<[usize]>>,
    refused: HashMap<SmolStr, Box<[usize]>>,
}

// === impl Plans ===

impl Plans {
    pub(in crate::traffic) fn new(
        counters: &[Counter],
        secret: Secret,
        limit: &dyn Fn(usize) -> Option<i64>,
    ) -> Self {
        // What is planned counts nothing; what cannot be counted is refused when a bundle is loaded.
        let plan =
            |counter: &Counter| (!counter.planned).then(|| Plan::new(counter, secret, limit).ok()).flatten();
        let all: Vec<_> = counters.iter().map(plan).collect();
        let own = counters.iter().flat_map(|counter| counter.events.kinds.iter().map(SmolStr::new));
        let kinds = ActionKind::ALL.iter().map(|kind| kind.as_str().into()).chain(own);
        let (mut allowed, mut refused) = (HashMap::new(), HashMap::new());
        for kind in kinds {
            let mut event = Event::new(&kind, 0);
            allowed.entry(kind.clone()).or_insert_with(|| places(&all, &event));
            event.refused = true;
            refused.entry(kind).or_insert_with(|| places(&all, &event));
        }
        Self { all, allowed, refused }
    }

    /// The counter at a place.
    pub(in crate::traffic) fn get(&self, place: usize) -> Option<&Plan> {
        self.all.get(place)?.as_ref()
    }

    /// The counter of that name.
    pub(in crate::traffic) fn named(&self, name: &str) -> Option<&Plan> {
        self.iter().find(|plan| &*plan.counter.name == name)
    }

    /// Every counter that is counted.
    pub(in crate::traffic) fn iter(&self) -> impl Iterator<Item = &Plan> {
        self.all.iter().flatten()
    }

    /// The counters that events of this one's kind can count in.
    pub(in crate::traffic) fn of(&self, event: &Event) -> impl Iterator<Item = &Plan> {
        let kinds = if event.refused { &self.refused } else { &self.allowed };
        kinds.get(&event.kind).into_iter().flatten().filter_map(|place| self.get(*place))
    }
}

fn places(all: &[Option<Plan>], event: &Event) -> Box<[usize]> {
    all.iter().flatten().filter(|plan| plan.counter.takes(event)).map(|plan| plan.counter.place).collect()
}
