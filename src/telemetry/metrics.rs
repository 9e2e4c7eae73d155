//! Every metric that the service keeps. Labels come from closed sets, given once at the start; a
//! value outside its set is counted as `OTHER` and never becomes a label.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::cells::{Axis, Cells};
use super::histogram::Latency;
use super::snapshots::Snapshots;
use super::{AccountCounts, AuditCounts, Code, ReplayCounts, TrafficCounts};
use crate::domain::{ActionKind, Decision, Happened, OK, Verdict};

/// The closed sets that labels come from.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Reason codes, without `OK`.
    pub reasons: Vec<Arc<str>>,
    /// Names of what can make a rule fail.
    pub causes: Vec<&'static str>,
    /// Methods of the API, e.g. `Check`.
    pub methods: Vec<&'static str>,
}

/// The metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    decisions: Arc<Cells<3>>,
    monitored: Arc<Cells<1>>,
    rule_errors: Arc<Cells<1>>,
    requests: Arc<Cells<2>>,
    outcomes: Arc<Cells<2>>,
    latency: Arc<Latency>,
    process: Arc<Process>,
    snapshots: Arc<Snapshots>,
}

/// What holds for the process as a whole.
#[derive(Debug, Default)]
struct Process {
    in_flight: AtomicI64,
    /// Revision and digest.
    bundle: RwLock<Option<(Arc<str>, Arc<str>)>>,
}

// === impl Metrics ===

impl Metrics {
    /// Metrics whose labels come from `catalogue`.
    pub fn new(catalogue: &Catalogue) -> Self {
        let reasons = || Axis::new("reason", &catalogue.reasons);
        let with_ok = Axis::new("reason", catalogue.reasons.iter().map(|code| &**code).chain([OK]));
        let verdicts = Axis::new("verdict", [Verdict::Allow.as_str(), Verdict::Deny.as_str()]);
        let actions = Axis::new("action", ActionKind::ALL.iter().map(|kind| kind.as_str()));
        let codes = Axis::new("code", Code::ALL.iter().map(|code| code.as_str()));
        let methods = Axis::new("method", &catalogue.methods);
        let causes = Axis::new("cause", &catalogue.causes);
        let mut registry = Registry::default();
        Self {
            decisions: add(
                &mut registry,
                Cells::new("aupd_decisions", DECISIONS, [verdicts, with_ok, actions]),
            ),
            monitored: add(&mut registry, Cells::new("aupd_monitored", MONITORED, [reasons()])),
            rule_errors: add(&mut registry, Cells::new("aupd_rule_errors", RULE_ERRORS, [causes])),
            requests: add(&mut registry, Cells::new("aupd_requests", REQUESTS, [methods, codes])),
            outcomes: add(
                &mut registry,
                Cells::new(
                    "aupd_outcomes",
                    OUTCOMES,
                    [Axis::new("event", Happened::NAMES), Axis::new("result", OUTCOME_RESULTS)],
                ),
            ),
            latency: add(&mut registry, Latency::new()),
            process: add(&mut registry, Process::default()),
            snapshots: add(&mut registry, Snapshots::default()),
            registry,
        }
    }

    /// Counts a decision and what monitored rules found, and how long it took.
    pub fn decided(&self, decision: &Decision, latency: Duration) {
        self.decisions.add([decision.verdict.as_str(), decision.primary(), decision.action.as_str()]);
        for reason in &decision.monitored {
            self.monitored.add([&reason.code]);
        }
        self.latency.observe(decision.action, latency);
    }

    /// Counts a rule that could not be evaluated.
    pub fn rule_failed(&self, cause: &str) {
        self.rule_errors.add([cause]);
    }

    /// Counts a reported outcome by what happened and what became of the report.
    pub fn outcome(&self, event: &str, result: &str) {
        self.outcomes.add([event, result]);
    }

    /// Shows which bundle decides from now on.
    pub fn set_bundle(&self, revision: Arc<str>, digest: Arc<str>) {
        let mut bundle = self.process.bundle.write().unwrap_or_else(PoisonError::into_inner);
        *bundle = Some((revision, digest));
    }

    /// Says where the figures of the cache of accounts come from; the first call counts.
    pub fn accounts_from(&self, source: impl Fn() -> AccountCounts + Send + Sync + 'static) {
        self.snapshots.accounts.get_or_init(|| Box::new(source));
    }

    /// Says where the figures of the decision records come from; the first call counts.
    pub fn audit_from(&self, source: impl Fn() -> AuditCounts + Send + Sync + 'static) {
        self.snapshots.audit.get_or_init(|| Box::new(source));
    }

    /// Says where the figures of the replay guard come from; the first call counts.
    pub fn replay_from(&self, source: impl Fn() -> ReplayCounts + Send + Sync + 'static) {
        self.snapshots.replay.get_or_init(|| Box::new(source));
    }

    /// Says where the figures of the traffic memory come from; the first call counts.
    pub fn traffic_from(&self, source: impl Fn() -> TrafficCounts + Send + Sync + 'static) {
        self.snapshots.traffic.get_or_init(|| Box::new(source));
    }

    /// All metrics, as `OpenMetrics` text.
    pub fn render(&self) -> String {
        let mut page = String::with_capacity(16 << 10);
        // Writing to a string cannot fail, and no encoder here fails by itself.
        if text::encode(&mut page, &self.registry).is_err() {
            tracing::error!("the metrics could not be encoded");
        }
        page
    }

    pub(super) fn begin_request(&self) {
        self.process.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end_request(&self, method: &str, code: Code) {
        self.process.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.requests.add([method, code.as_str()]);
    }
}

const DECISIONS: &str = "Decisions by verdict, best reason and action";
const MONITORED: &str = "Findings of monitored rules, which denied nothing";
const RULE_ERRORS: &str = "Rules that could not be evaluated and so denied";
const OUTCOMES: &str = "Reported outcomes by what happened and what became of the report";
const OUTCOME_RESULTS: [&str; 5] = ["TAKEN", "REPEATED", "LATE", "UNKNOWN", "REFUSED"];
const REQUESTS: &str = "Calls by method and status code";

fn add<C: Collector>(registry: &mut Registry, collector: C) -> Arc<C> {
    let collector = Arc::new(collector);
    registry.register_collector(Box::new(collector.clone()));
    collector
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        const GAUGE: MetricType = MetricType::Gauge;
        let running = self.in_flight.load(Ordering::Relaxed);
        encoder
            .encode_descriptor("aupd_in_flight", "Calls being answered", None, GAUGE)?
            .encode_gauge(&running)?;
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        let mut family = encoder.encode_descriptor("aupd_build_info", "This program", None, GAUGE)?;
        family.encode_family(&build)?.encode_gauge(&1_i64)?;
        let bundle = self.bundle.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((revision, digest)) = bundle {
            let labels = [("revision", &*revision), ("digest", &*digest)];
            let mut family =
                encoder.encode_descriptor("aupd_bundle_info", "The bundle that decides", None, GAUGE)?;
            family.encode_family(&labels)?.encode_gauge(&1_i64)?;
        }
        Ok(())
    }
}
