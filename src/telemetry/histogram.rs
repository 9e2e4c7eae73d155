//! How long decisions take, by action, in atomics: the library's own histogram takes a lock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::domain::ActionKind;

/// Upper bounds in microseconds: 5 µs to 1 s.
const BOUNDS_US: [u64; 17] = [
    5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000,
];
const BUCKETS: usize = BOUNDS_US.len() + 1;

/// A histogram for each action.
#[derive(Debug)]
pub(super) struct Latency(Vec<(ActionKind, One)>);

#[derive(Debug, Default)]
struct One {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

// === impl Latency ===

impl Latency {
    pub(super) fn new() -> Self {
        Self(ActionKind::ALL.iter().map(|kind| (*kind, One::default())).collect())
    }

    pub(super) fn observe(&self, action: ActionKind, latency: Duration) {
        if let Some((_, one)) = self.0.iter().find(|(kind, _)| *kind == action) {
            one.observe(latency);
        }
    }
}

impl One {
    fn observe(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1000 < nanos);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "a metric in seconds; it is shown, not compared")]
    fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let bounds = BOUNDS_US.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        (self.nanos.load(Ordering::Relaxed) as f64 / 1e9, count, buckets)
    }
}

impl Collector for Latency {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        const HELP: &str = "Time from request to answer, by action";
        // Help and unit are in the name that dashboards know, so the library is not given the unit.
        let mut family =
            encoder.encode_descriptor("aupd_decision_seconds", HELP, None, MetricType::Histogram)?;
        for (action, one) in &self.0 {
            let (sum, count, buckets) = one.read();
            if count > 0 {
                let labels = [("action", action.as_str())];
                family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }
}
