//! Counts one call, however it ends.

use std::sync::Arc;

use super::{Code, Metrics};

/// Counts a call as in flight, and when it ends by its code. Dropping it unfinished counts it as
/// `CANCELLED`: the caller hung up, its deadline passed, or the handler panicked.
#[must_use = "dropping it at once counts a cancelled call"]
pub struct RequestGuard {
    metrics: Arc<Metrics>,
    method: &'static str,
    code: Code,
}

// === impl RequestGuard ===

impl RequestGuard {
    /// Begins a call of `method`, e.g. `Check`.
    pub fn new(metrics: Arc<Metrics>, method: &'static str) -> Self {
        metrics.begin_request();
        Self { metrics, method, code: Code::Cancelled }
    }

    /// Ends the call.
    pub fn finish(mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.metrics.end_request(self.method, self.code);
    }
}
