//! What the service says of itself: logs on standard error, metrics and health on a page.

mod cells;
mod code;
mod guard;
mod histogram;
mod log;
mod metrics;
mod page;
mod snapshots;

pub use code::Code;
pub use guard::RequestGuard;
pub use log::{Format, LogError, check_filter, init};
pub use metrics::{Catalogue, Metrics};
pub use page::{Page, PageError, PageOptions, serve, serve_on};
pub use snapshots::{AccountCounts, AuditCounts, ReplayCounts, TrafficCounts};

#[cfg(test)]
mod tests;
