//! A family of counters whose labels all come from closed sets: one atomic a combination, made in
//! advance, so that counting is a look-up and an addition, without a lock and without growth.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// The value that stands for any that the set does not have.
pub(super) const OTHER: &str = "OTHER";

/// A label and its values.
pub(super) struct Axis {
    label: &'static str,
    /// The last one is [`OTHER`].
    values: Vec<Arc<str>>,
    index: HashMap<Arc<str>, usize>,
}

// === impl Axis ===

impl Axis {
    /// An axis of `values`, each once, and [`OTHER`].
    pub(super) fn new<S: AsRef<str>>(label: &'static str, values: impl IntoIterator<Item = S>) -> Self {
        let mut axis = Self { label, values: Vec::new(), index: HashMap::new() };
        for value in values {
            axis.add(value.as_ref());
        }
        axis.add(OTHER);
        axis
    }

    fn add(&mut self, value: &str) {
        if value != OTHER && self.index.contains_key(value) {
            return;
        }
        let value: Arc<str> = Arc::from(value);
        self.index.insert(value.clone(), self.values.len());
        self.values.push(value);
    }

    fn position(&self, value: &str) -> usize {
        self.index.get(value).copied().unwrap_or(self.values.len() - 1)
    }

    fn value(&self, position: usize) -> &str {
        self.values.get(position).map_or(OTHER, |value| value)
    }
}

/// A family of counters over `N` axes.
pub(super) struct Cells<const N: usize> {
    name: &'static str,
    help: &'static str,
    axes: [Axis; N],
    counts: Box<[AtomicU64]>,
}

impl<const N: usize> fmt::Debug for Cells<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cells {{ {} }}", self.name)
    }
}

// === impl Cells ===

impl<const N: usize> Cells<N> {
    pub(super) fn new(name: &'static str, help: &'static str, axes: [Axis; N]) -> Self {
        let count = axes.iter().map(|axis| axis.values.len()).product();
        Self { name, help, axes, counts: (0..count).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Adds one under these values, in the order of the axes.
    pub(super) fn add(&self, values: [&str; N]) {
        let index = self
            .axes
            .iter()
            .zip(values)
            .fold(0, |index, (axis, value)| index * axis.values.len() + axis.position(value));
        if let Some(count) = self.counts.get(index) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn labels(&self, mut index: usize) -> [(&'static str, &str); N] {
        let mut labels = [("", ""); N];
        for (slot, axis) in labels.iter_mut().zip(&self.axes).rev() {
            *slot = (axis.label, axis.value(index % axis.values.len()));
            index /= axis.values.len();
        }
        labels
    }
}

/// Combinations that never came up are left out: there are thousands.
impl<const N: usize> Collector for Cells<N> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(self.name, self.help, None, MetricType::Counter)?;
        for (index, count) in self.counts.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let labels = self.labels(index);
                family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
            }
        }
        Ok(())
    }
}
