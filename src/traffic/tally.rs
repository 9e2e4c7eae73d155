//! Running totals of what lies in a window: entries are added as they come into it and taken out as
//! they leave it.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::entry::Entry;
use super::plan::{Asked, Kind, Plan};

/// Up to so many values are looked through; more are looked up.
const FEW: usize = 16;
/// A run is no longer than this to anybody: no limit asks for more.
pub(super) const LONGEST_RUN: i64 = 1_024;

/// Totals of a window.
#[derive(Debug)]
pub(super) struct Tally {
    /// All measures.
    pub(super) whole: i128,
    /// Those of the part.
    pub(super) part: i128,
    values: Values,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a short reading has it on the stack, so that it allocates nothing"
)]
enum Values {
    None,
    Weights(Weights),
    Numbers(Numbers),
}

/// What each value weighs, and how many entries have it.
#[derive(Debug, Default)]
struct Weights {
    few: SmallVec<[(u64, Weight); FEW]>,
    many: Option<HashMap<u64, Weight>>,
    // None: to be looked for again.
    top: Option<i128>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    measure: i128,
    entries: u32,
}

/// Numbers in their order, and the longest run of them.
#[derive(Debug, Default)]
struct Numbers {
    entries: BTreeMap<i64, u32>,
    longest: Option<i64>,
}

// === impl Tally ===

impl Tally {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Totals => Values::None,
            Kind::Distinct | Kind::Share(_) | Kind::Classes => Values::Weights(Weights::default()),
            Kind::Run => Values::Numbers(Numbers::default()),
        };
        Self { whole: 0, part: 0, values }
    }

    pub(super) fn add(&mut self, plan: &Plan, entry: &Entry, asked: &Asked) {
        if !plan.admits(entry, &asked.limits) {
            return;
        }
        self.whole += i128::from(entry.measure);
        self.part += i128::from(plan.part(entry, asked));
        match &mut self.values {
            Values::None => {}
            Values::Weights(weights) => {
                if let Some(value) = value(plan.kind, entry, asked) {
                    weights.add(value, entry.measure);
                }
            }
            Values::Numbers(numbers) => numbers.add(entry.value().cast_signed(), asked.step),
        }
    }

    pub(super) fn take_out(&mut self, plan: &Plan, entry: &Entry, asked: &Asked) {
        if !plan.admits(entry, &asked.limits) {
            return;
        }
        self.whole -= i128::from(entry.measure);
        self.part -= i128::from(plan.part(entry, asked));
        match &mut self.values {
            Values::None => {}
            Values::Weights(weights) => {
                if let Some(value) = value(plan.kind, entry, asked) {
                    weights.take_out(value, entry.measure);
                }
            }
            Values::Numbers(numbers) => numbers.take_out(entry.value().cast_signed(), asked.step),
        }
    }

    /// Whether it keeps values, and not totals alone.
    pub(super) const fn has_values(&self) -> bool {
        !matches!(self.values, Values::None)
    }

    /// How many different values there are.
    pub(super) fn distinct(&self) -> usize {
        match &self.values {
            Values::Weights(weights) => weights.len(),
            Values::Numbers(numbers) => numbers.entries.len(),
            Values::None => 0,
        }
    }

    /// What a value weighs; none if there is no entry with it.
    pub(super) fn weight(&self, value: u64) -> Option<i128> {
        match &self.values {
            Values::Weights(weights) => weights.get(value).map(|weight| weight.measure),
            Values::Numbers(_) | Values::None => None,
        }
    }

    /// What the heaviest value weighs.
    pub(super) fn top(&mut self) -> i128 {
        match &mut self.values {
            Values::Weights(weights) => weights.top(),
            Values::Numbers(_) | Values::None => 0,
        }
    }

    /// The longest run, with one number more if there is one.
    pub(super) fn run(&mut self, step: i64, more: Option<i64>) -> i64 {
        match &mut self.values {
            Values::Numbers(numbers) => {
                let longest = numbers.longest(step);
                more.map_or(longest, |number| numbers.run_with(number, step).max(longest))
            }
            Values::Weights(_) | Values::None => 0,
        }
    }
}

/// The value or the class by which an entry is weighed.
fn value(kind: Kind, entry: &Entry, asked: &Asked) -> Option<u64> {
    match kind {
        Kind::Classes => Plan::class(entry.value(), asked.step),
        _ => Some(entry.value()).filter(|value| *value != 0),
    }
}

// === impl Weights ===

impl Weights {
    fn len(&self) -> usize {
        self.many.as_ref().map_or(self.few.len(), HashMap::len)
    }

    fn get(&self, value: u64) -> Option<Weight> {
        match &self.many {
            Some(many) => many.get(&value).copied(),
            None => self.few.iter().find(|(known, _)| *known == value).map(|(_, weight)| *weight),
        }
    }

    fn add(&mut self, value: u64, measure: i64) {
        let weight = self.slot(value);
        weight.entries += 1;
        weight.measure += i128::from(measure);
        let new = weight.measure;
        // One that became lighter may have been the heaviest.
        self.top = self.top.filter(|_| measure >= 0).map(|top| top.max(new));
    }

    fn slot(&mut self, value: u64) -> &mut Weight {
        if self.many.is_none() && self.few.len() == FEW && self.get(value).is_none() {
            self.many = Some(self.few.drain(..).collect());
        }
        let few = &mut self.few;
        match &mut self.many {
            Some(many) => many.entry(value).or_default(),
            None => few_slot(few, value),
        }
    }

    fn take_out(&mut self, value: u64, measure: i64) {
        let Some(weight) = self.get(value) else { return };
        self.top = self.top.filter(|top| weight.measure < *top && measure >= 0);
        if weight.entries > 1 {
            let slot = self.slot(value);
            slot.entries -= 1;
            slot.measure -= i128::from(measure);
        } else if let Some(many) = &mut self.many {
            many.remove(&value);
        } else {
            self.few.retain(|(known, _)| *known != value);
        }
    }

    fn top(&mut self) -> i128 {
        if let Some(top) = self.top {
            return top;
        }
        let few = self.few.iter().map(|(_, weight)| weight.measure);
        let many = self.many.iter().flat_map(HashMap::values).map(|weight| weight.measure);
        let top = few.chain(many).max().unwrap_or(0).max(0);
        self.top = Some(top);
        top
    }
}

fn few_slot(few: &mut SmallVec<[(u64, Weight); FEW]>, value: u64) -> &mut Weight {
    let place = few.iter().position(|(known, _)| *known == value).unwrap_or_else(|| {
        few.push((value, Weight::default()));
        few.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the place was just found or made")]
    &mut few[place].1
}

// === impl Numbers ===

impl Numbers {
    fn add(&mut self, number: i64, step: i64) {
        let entries = self.entries.entry(number).or_default();
        *entries += 1;
        if *entries == 1
            && let Some(longest) = self.longest
        {
            self.longest = Some(longest.max(self.run_with(number, step)));
        }
    }

    fn take_out(&mut self, number: i64, step: i64) {
        let Some(entries) = self.entries.get_mut(&number) else { return };
        *entries -= 1;
        if *entries == 0 {
            let run = self.run_with(number, step);
            self.longest = self.longest.filter(|longest| run < *longest);
            self.entries.remove(&number);
        }
    }

    /// How long the run is that a number is in, or would be.
    fn run_with(&self, number: i64, step: i64) -> i64 {
        let most = usize::try_from(LONGEST_RUN).unwrap_or(0);
        let below = self.entries.range(..number).rev().map(|(number, _)| *number);
        let above = number.checked_add(1).map(|next| self.entries.range(next..).map(|(number, _)| *number));
        let length = steps(number, below, step, most) + 1;
        let length = length + above.map_or(0, |above| steps(number, above, step, most));
        i64::try_from(length).unwrap_or(LONGEST_RUN).min(LONGEST_RUN)
    }

    fn longest(&mut self, step: i64) -> i64 {
        if let Some(longest) = self.longest {
            return longest;
        }
        let (mut longest, mut run, mut last) = (0, 0, None::<i64>);
        for number in self.entries.keys() {
            let goes_on = last.is_some_and(|last| number.saturating_sub(last) <= step);
            run = if goes_on { run + 1 } else { 1 };
            longest = longest.max(run);
            last = Some(*number);
        }
        let longest = longest.min(LONGEST_RUN);
        self.longest = Some(longest);
        longest
    }
}

/// How many numbers follow each other with steps up to `step`.
fn steps(from: i64, numbers: impl Iterator<Item = i64>, step: i64, most: usize) -> usize {
    let mut last = from;
    let follows = |number: &i64| {
        let near = number.abs_diff(last) <= step.unsigned_abs();
        last = *number;
        near
    };
    numbers.take(most).take_while(follows).count()
}
