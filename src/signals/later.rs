//! The same request at another instant, and when what it reads changes by time alone.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::{Facts, Value, limit_at, parameter};
use crate::bundle::Counter;
use crate::traffic::Asking;

const TRAFFIC: &str = "context.traffic.";
const COOLING_DOWN: &str = "context.destination.cooling_down";
const WINDOW_OPEN: &str = "context.recipient.window_open";
const WINDOW_OPENS_AT: &str = "context.recipient.window_opens_at";

// === impl Facts ===

impl Facts<'_> {
    /// The same request, made at another instant.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut present = self.present().clone();
        present.at = now.as_millisecond();
        let Facts { request, subject, limits, lists, emergency, shared_texts, traffic, .. } = *self;
        let mut later = Facts::new(request, subject, limits, lists, emergency, now).sharing(shared_texts);
        (later.traffic, later.present) = (traffic, OnceCell::from(present));
        later
    }

    /// The counter that a path reads, if it reads one.
    pub fn counter_of<'c>(counters: &'c [Counter], path: &str) -> Option<&'c Counter> {
        let name = path.strip_prefix(TRAFFIC)?.split('.').next()?;
        counters.iter().find(|counter| &*counter.name == name)
    }

    /// The instants to come, ms, at which what a path says may change though nothing happens.
    pub fn changes(&self, counters: &[Counter], path: &str) -> Vec<i64> {
        match path {
            COOLING_DOWN => self.cooled_down().into_iter().collect(),
            WINDOW_OPEN => self.window_opens().into_iter().collect(),
            _ => {
                Self::counter_of(counters, path).and_then(|counter| self.leaving(counter)).unwrap_or_default()
            }
        }
    }

    fn leaving(&self, counter: &Counter) -> Option<Vec<i64>> {
        let limit = |place: usize| limit_at(self, place);
        let asking = Asking { present: self.present(), now: self.now.as_millisecond(), limit: &limit };
        self.traffic().ok()?.leaving(counter, &asking).ok()
    }

    fn cooled_down(&self) -> Option<i64> {
        super::traffic::cooling_until(self).ok().flatten()
    }

    fn window_opens(&self) -> Option<i64> {
        match parameter(WINDOW_OPENS_AT, self.limits)?.value(self).ok()? {
            Value::Text(at) => at.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
            Value::Bool(_) | Value::Long(_) | Value::Set(_) => None,
        }
    }
}
