//! Figures that other parts keep for themselves and that are read when somebody looks.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Figures of the cache of accounts; all but `entries` count up.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is explained by the help text of its metric below")]
pub struct AccountCounts {
    pub entries: u64,
    pub hits: u64,
    pub misses: u64,
    pub loads: u64,
    pub load_errors: u64,
    pub evictions: u64,
}

/// Figures of the decision records; all but `depth` count up.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is explained by the help text of its metric below")]
pub struct AuditCounts {
    pub depth: u64,
    pub written: u64,
    pub dropped: u64,
    pub waits: u64,
    pub write_errors: u64,
}

/// Figures of the replay guard; all but `entries` count up.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is explained by the help text of its metric below")]
pub struct ReplayCounts {
    pub entries: u64,
    pub repeated: u64,
    pub other_payload: u64,
    pub evicted: u64,
}

/// Figures of the traffic memory; those of what had to go count up.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is explained by the help text of its metric below")]
pub struct TrafficCounts {
    pub entries: u64,
    pub keys: u64,
    pub attempts: u64,
    pub cooldowns: u64,
    pub evicted_attempts: u64,
    /// By counter.
    pub evicted: Vec<(Arc<str>, u64)>,
}

type Source<T> = OnceLock<Box<dyn Fn() -> T + Send + Sync>>;

/// Where the figures come from; a source that is not set shows nothing.
#[derive(Default)]
pub(super) struct Snapshots {
    pub(super) accounts: Source<AccountCounts>,
    pub(super) audit: Source<AuditCounts>,
    pub(super) replay: Source<ReplayCounts>,
    pub(super) traffic: Source<TrafficCounts>,
}

impl fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshots { .. }")
    }
}

impl Collector for Snapshots {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut lines = Lines(encoder);
        if let Some(read) = self.accounts.get() {
            let now = read();
            lines.gauge("aupd_accounts_entries", "Accounts in memory", now.entries)?;
            lines.counter("aupd_accounts_hits", "Accounts answered from memory", now.hits)?;
            lines.counter("aupd_accounts_misses", "Accounts not found in memory", now.misses)?;
            lines.counter("aupd_accounts_loads", "Reads of an account from the store", now.loads)?;
            lines.counter("aupd_accounts_load_errors", "Reads that failed", now.load_errors)?;
            lines.counter("aupd_accounts_evictions", "Accounts forgotten for want of room", now.evictions)?;
        }
        if let Some(read) = self.audit.get() {
            let now = read();
            lines.gauge("aupd_audit_queue_depth", "Decision records that wait to be written", now.depth)?;
            lines.counter("aupd_audit_written", "Decision records written", now.written)?;
            lines.counter("aupd_audit_dropped", "Decision records lost", now.dropped)?;
            lines.counter("aupd_audit_waits", "Times a full queue held up a caller", now.waits)?;
            lines.counter("aupd_audit_write_errors", "Attempts to write that failed", now.write_errors)?;
        }
        if let Some(read) = self.replay.get() {
            let now = read();
            lines.gauge("aupd_replay_entries", "Requests remembered", now.entries)?;
            lines.counter("aupd_replayed", "Requests answered by an earlier decision", now.repeated)?;
            lines.counter(
                "aupd_replay_other_payload",
                "Request ids used for another payload",
                now.other_payload,
            )?;
            lines.counter("aupd_replay_evicted", "Requests forgotten for want of room", now.evicted)?;
        }
        if let Some(read) = self.traffic.get() {
            lines.traffic(&read())?;
        }
        Ok(())
    }
}

struct Lines<'a>(DescriptorEncoder<'a>);

impl Lines<'_> {
    fn traffic(&mut self, now: &TrafficCounts) -> fmt::Result {
        self.gauge("aupd_traffic_entries", "Entries of the traffic memory, of 48 bytes each", now.entries)?;
        self.gauge("aupd_traffic_keys", "Keys of the traffic memory", now.keys)?;
        self.gauge("aupd_traffic_attempts", "Attempts that may yet get an outcome", now.attempts)?;
        self.gauge("aupd_cooldowns", "Cool-downs, with those that are over and remembered", now.cooldowns)?;
        let help = "Attempts forgotten for want of room before an outcome came";
        self.counter("aupd_traffic_evicted_attempts", help, now.evicted_attempts)?;
        let help = "Keys of a counter forgotten for want of room";
        let mut metric = self.0.encode_descriptor("aupd_traffic_evicted", help, None, MetricType::Counter)?;
        for (counter, gone) in &now.evicted {
            let labels = [("counter", &**counter)];
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(gone, None)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }
}
