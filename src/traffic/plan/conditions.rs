//! Filters of a counter, by when they can be asked: some when an event happens, some only with an account's
//! limits when the counter is read.

use smallvec::SmallVec;

use super::{COMPARED_FIELDS, Uncountable};
use crate::traffic::aggregate::Asking;
use crate::traffic::counter::{Filter, Test};
use crate::traffic::entry::{Entry, UNSTATED};
use crate::traffic::event::Event;
use crate::traffic::field::Field;

/// Filters, by when they can be asked.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    fixed: Vec<Filter>,
    pub(super) compared: Vec<(usize, Bound)>,
    pub(super) ages: Vec<Bound>,
}

/// A comparison with the limit at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    order: Order,
    pub(super) place: usize,
    not: bool,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    AtLeast,
    AtMost,
    Below,
}

// === impl Conditions ===

impl Conditions {
    pub(super) fn of(
        filters: &[Filter],
        compared: &mut SmallVec<[Field; COMPARED_FIELDS]>,
    ) -> Result<Self, Uncountable> {
        let mut conditions = Self::default();
        for filter in filters {
            match (Bound::of(&filter.test, false), filter.field) {
                (Some(bound), Field::AgeS) => conditions.ages.push(bound),
                (None, Field::AgeS) => return Err(Uncountable::Age),
                (None, field) if field.is_private() && !filter.test.is_of_presence() => {
                    return Err(Uncountable::Private(field));
                }
                (Some(bound), field) => conditions.compared.push((slot(field, compared)?, bound)),
                (None, _) => conditions.fixed.push(filter.clone()),
            }
        }
        Ok(conditions)
    }

    pub(super) fn fixed_hold(&self, event: &Event) -> bool {
        self.fixed.iter().all(|filter| filter.test.holds_of(event.get(filter.field)))
    }

    /// Conditions on the age of events are windows too.
    pub(super) fn narrow<E>(&self, from: &mut i64, to: &mut i64, asking: &Asking<'_, E>) -> Result<(), E> {
        for bound in &self.ages {
            let edge = asking.now.saturating_sub((asking.limit)(bound.place)?);
            match (bound.order, bound.not) {
                (Order::AtLeast, false) | (Order::Below, true) => *to = (*to).min(edge),
                (Order::AtMost, false) => *from = (*from).max(edge),
                (Order::AtMost, true) => *to = (*to).min(edge.saturating_sub(1)),
                (Order::Below, false) | (Order::AtLeast, true) => {
                    *from = (*from).max(edge.saturating_add(1));
                }
            }
        }
        Ok(())
    }
}

fn slot(field: Field, compared: &mut SmallVec<[Field; COMPARED_FIELDS]>) -> Result<usize, Uncountable> {
    if let Some(slot) = compared.iter().position(|known| *known == field) {
        return Ok(slot);
    }
    if compared.len() == COMPARED_FIELDS {
        return Err(Uncountable::Compared);
    }
    compared.push(field);
    Ok(compared.len() - 1)
}

pub(super) fn compared_hold(bounds: &[(usize, Bound)], entry: &Entry, limits: &[i64]) -> bool {
    bounds.iter().zip(limits).all(|((slot, bound), limit)| bound.holds(entry.number(*slot), *limit))
}

// === impl Bound ===

impl Bound {
    fn of(test: &Test, not: bool) -> Option<Self> {
        let (order, place) = match test {
            Test::Not(test) => return Self::of(test, !not),
            Test::AtLeast(place) => (Order::AtLeast, *place),
            Test::AtMost(place) => (Order::AtMost, *place),
            Test::Below(place) => (Order::Below, *place),
            Test::OneOf(_) | Test::BeginsWith(_) => return None,
        };
        Some(Self { order, place, not })
    }

    /// A number that is not stated is in no order, and so not in the opposite one either.
    fn holds(self, number: i64, limit: i64) -> bool {
        let holds = number != UNSTATED
            && match self.order {
                Order::AtLeast => number >= limit,
                Order::AtMost => number <= limit,
                Order::Below => number < limit,
            };
        holds != self.not
    }
}
