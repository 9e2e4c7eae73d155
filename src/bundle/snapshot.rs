//! What one request is decided with: a bundle, and the lists and limits of that moment.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{Bundle, Limits};
use crate::lists::Lists;
use crate::traffic::{Bounds, Memory};

/// One state of the policy. A request takes one and keeps it to its end; so does a whole batch.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Rules and catalogue.
    pub bundle: Arc<Bundle>,
    /// Thresholds: the bundle's.
    pub limits: Arc<Limits>,
    /// Lists: the bundle's, with what the store adds.
    pub lists: Arc<Lists>,
    /// Past traffic, by the bundle's counters. It goes on from one snapshot of a bundle to the next.
    pub traffic: Arc<Memory>,
}

// === impl Snapshot ===

impl Snapshot {
    /// A bundle as it was loaded, with no past traffic.
    pub fn new(bundle: Arc<Bundle>) -> Self {
        let (limits, lists) = (Arc::new(bundle.limits.clone()), Arc::new(bundle.lists.clone()));
        let limit = |place: usize| bundle.limits.at(place).map(|limit| limit.default);
        let traffic = Arc::new(Memory::new(&bundle.counters, &limit, Bounds::default()));
        Self { bundle, limits, lists, traffic }
    }

    /// The same with past traffic that was kept elsewhere.
    #[must_use]
    pub fn with_traffic(self, traffic: Arc<Memory>) -> Self {
        Self { traffic, ..self }
    }

    /// The same bundle with other lists.
    #[must_use]
    pub fn with_lists(&self, lists: Arc<Lists>) -> Self {
        Self { lists, ..self.clone() }
    }
}

/// The policy in force; swapped whole.
#[derive(Debug)]
pub struct Policy {
    current: ArcSwap<Snapshot>,
}

// === impl Policy ===

impl Policy {
    /// Puts a first state in force.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { current: ArcSwap::from_pointee(snapshot) }
    }

    /// The state in force now.
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Puts another state in force for every request from now on.
    pub fn swap(&self, snapshot: Snapshot) {
        self.current.store(Arc::new(snapshot));
    }
}
