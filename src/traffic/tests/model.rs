//! The plainest memory: every event in one list, looked through from end to end for each reading.
//! What the real one says is held against it.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::*;

#[derive(Default)]
pub(super) struct Model {
    pub(super) events: Vec<Event>,
}

impl Model {
    pub(super) fn read(&self, counter: &Counter, asking: &Asking<'_, Unreadable>) -> Reading {
        let key = |event: &Event| -> Option<Vec<Fact>> {
            counter.key.iter().map(|field| event.get(*field).cloned()).collect()
        };
        let Some(own) = key(asking.present) else { return Reading::default() };
        let window = counter.window.at(asking.now, asking.limit).expect("limits").expect("a day");
        let past = self.events.iter().filter(|e| counter.takes(e) && key(e).as_ref() == Some(&own));
        let this = (counter.counts_this && counter.takes(asking.present)).then_some(asking.present);
        let events: Vec<&Event> = past
            .filter(|e| window.contains(&e.at))
            .chain(this)
            .filter(|e| !counter.given_back(e) && hold(&counter.filters, e, asking))
            .collect();
        aggregate(counter, &events, asking)
    }
}

fn hold(filters: &[Filter], event: &Event, asking: &Asking<'_, Unreadable>) -> bool {
    filters.iter().all(|filter| {
        let age = Fact::Number(asking.now - event.at);
        let fact = if filter.field == Field::AgeS { Some(&age) } else { event.get(filter.field) };
        holds(&filter.test, fact)
    })
}

fn holds(test: &Test, fact: Option<&Fact>) -> bool {
    let order = |place: usize| match fact {
        Some(Fact::Number(number)) => Some(number.cmp(&limit(place).expect("a limit"))),
        _ => None,
    };
    match test {
        Test::OneOf(facts) => facts.iter().any(|known| known.as_ref() == fact),
        Test::Not(test) => !holds(test, fact),
        Test::AtLeast(place) => order(*place).is_some_and(Ordering::is_ge),
        Test::AtMost(place) => order(*place).is_some_and(Ordering::is_le),
        Test::Below(place) => order(*place).is_some_and(Ordering::is_lt),
        Test::BeginsWith(texts) => {
            matches!(fact, Some(Fact::Text(known)) if texts.iter().any(|text| known.starts_with(&**text)))
        }
    }
}

fn aggregate(counter: &Counter, events: &[&Event], asking: &Asking<'_, Unreadable>) -> Reading {
    let limit = |place: usize| (asking.limit)(place).expect("a limit");
    let single = |count: i64| Reading { count, enough: true, ..Reading::default() };
    let reaches = |number: i64, min: Option<usize>| number > 0 && min.is_none_or(|min| number >= limit(min));
    match &counter.aggregate {
        Aggregate::Count => single(total(events, None)),
        Aggregate::Sum(field) => single(total(events, Some(*field))),
        Aggregate::Distinct(field) => {
            let values: HashSet<&Fact> = events.iter().filter_map(|event| event.get(*field)).collect();
            single(i64::try_from(values.len()).expect("few"))
        }
        Aggregate::Ratio { part, sum, min, part_min } => {
            let some: Vec<&Event> = events.iter().copied().filter(|e| hold(part, e, asking)).collect();
            let (part, of) = (total(&some, *sum), total(events, *sum));
            let enough = reaches(of, *min) && (part_min.is_none() || reaches(part, *part_min));
            Reading { part, of, enough, ..Reading::default() }
        }
        Aggregate::Share { of: field, which, sum, min } => {
            let of = total(events, *sum);
            let mut by_value: HashMap<&Fact, Vec<&Event>> = HashMap::new();
            for event in events {
                if let Some(value) = event.get(*field) {
                    by_value.entry(value).or_default().push(event);
                }
            }
            let part = match which {
                Which::Top => by_value.values().map(|events| total(events, *sum)).max(),
                Which::This => asking
                    .present
                    .get(*field)
                    .and_then(|value| by_value.get(value))
                    .map(|events| total(events, *sum)),
            };
            Reading { part: part.unwrap_or(0), of, enough: reaches(of, *min), ..Reading::default() }
        }
        Aggregate::Run { of, gap } => {
            let digits = |event: &&Event| event.text(*of)?.strip_prefix('+')?.parse::<i64>().ok();
            let numbers: BTreeSet<i64> = events.iter().filter_map(digits).collect();
            let (mut longest, mut run, mut last) = (0, 0, None::<i64>);
            for number in numbers {
                run = if last.is_some_and(|last| number - last <= limit(*gap)) { run + 1 } else { 1 };
                longest = longest.max(run);
                last = Some(number);
            }
            single(longest)
        }
        Aggregate::Classes { of, width } => {
            let class = |event: &&Event| event.number(*of).div_euclid(limit(*width));
            let classes: BTreeSet<i64> = events.iter().map(class).collect();
            let part = i64::try_from(classes.len()).expect("few");
            Reading { part, of: total(events, None), enough: true, count: 0 }
        }
    }
}

fn total(events: &[&Event], sum: Option<Field>) -> i64 {
    let amount = |event: &Event| sum.map_or(1, |field| i128::from(event.number(field)));
    let total: i128 = events.iter().map(|event| amount(event) * i128::from(event.weight)).sum();
    i64::try_from(total / sum.map_or(1, Field::divisor)).expect("small")
}
