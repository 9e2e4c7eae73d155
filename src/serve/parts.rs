//! What the service is made of, opened in order: bundle, store, lists, accounts, records, metrics.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::account::AccountAdmin;
use super::catalog::Catalog;
use super::checker::Checker;
use super::cooldown::CooldownAdmin;
use super::decision::{Decisions, METHODS};
use super::list::ListAdmin;
use super::listen::ListenError;
use super::outcomes::Outcomes;
use crate::accounts::{self, Accounts};
use crate::audit::{FileSink, Recorder, Stdout};
use crate::bundle::{Bundle, Policy, Problem, Snapshot};
use crate::config::{self, AuditSink, Config};
use crate::demo;
use crate::live_lists::LiveLists;
use crate::numbers;
use crate::replay::Guard;
use crate::signals::Cause;
use crate::store::{OpenError, SqliteStore, Store, StoreError};
use crate::telemetry::{
    AccountCounts, AuditCounts, Catalogue, Metrics, PageError, ReplayCounts, TrafficCounts,
};
use crate::traffic::{Bounds, Found, SegmentError, Segments};

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The bundle is broken; each problem names its file and line.
    #[error("the bundle has {} problems", .0.len())]
    Bundle(Vec<Problem>),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The database does not answer.
    #[error("cannot read the database")]
    Read(#[source] StoreError),
    /// The example data do not fit.
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
    /// The cache of accounts is configured against itself.
    #[error("`accounts` is not usable")]
    Accounts(#[from] accounts::InvalidConfig),
    /// Past traffic cannot be read or written.
    #[error("past traffic cannot be kept")]
    Traffic(#[from] SegmentError),
    /// Decision records cannot be written.
    #[error("cannot write decision records")]
    Audit(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A core cannot be started.
    #[error("cannot start a thread for each core")]
    Cores(#[source] std::io::Error),
    /// The metrics page cannot be served.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The administrators' token cannot be had.
    #[error(transparent)]
    Token(#[from] config::TokenError),
    /// Reflection has no descriptors.
    #[error("the descriptors of the API are broken")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The parts, shared by the handlers.
pub struct Parts {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// Accounts in memory over the store.
    pub accounts: Accounts,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Decision records.
    pub recorder: Recorder,
    pub(super) decisions: Decisions,
    pub(super) catalog: Catalog,
    pub(super) account_service: AccountAdmin,
    pub(super) list_service: ListAdmin,
    pub(super) cooldown_service: CooldownAdmin,
    /// What asks the store for changes, until whoever looks after the tasks has taken it.
    pub(super) watches: Vec<JoinHandle<()>>,
    segments: Mutex<Option<Segments>>,
}

// === impl Parts ===

impl Parts {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// The first part that cannot be opened.
    pub async fn open(config: &Config, demo: bool, stop: &CancellationToken) -> Result<Self, StartError> {
        numbers::warm_up();
        let snapshot = Snapshot::new(Arc::new(bundle(config)?));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.store.path).await?);
        let (snapshot, segments) = with_past_traffic(config, snapshot)?;
        let policy = Arc::new(Policy::new(snapshot));
        if demo {
            demo::seed(&*store).await?;
        }
        let lists = LiveLists::new(policy.clone(), store.clone());
        lists.load().await.map_err(StartError::Read)?;
        let accounts = Accounts::new(store, accounts_config(config))?;
        let watches = vec![accounts.spawn_watch(stop.clone()), lists.spawn_watch(stop.clone())];
        let recorder = recorder(config)?;
        let metrics = metrics(&policy.current(), &accounts, &recorder);
        let guard = Guard::new(config.replay.capacity, config.replay.ttl);
        let checker =
            Checker::new(policy.clone(), accounts.clone(), guard, recorder.clone(), metrics.clone());
        let checker = Arc::new(checker);
        show_replays(&metrics, &checker);
        show_traffic(&metrics, &policy);
        let outcomes = Outcomes::new(checker.clone(), accounts.clone(), lists.clone(), metrics.clone());
        Ok(Self {
            decisions: Decisions::new(checker, outcomes, metrics.clone(), &config.serve),
            catalog: Catalog::new(policy.clone()),
            account_service: AccountAdmin::new(accounts.clone(), policy.clone()),
            list_service: ListAdmin::new(lists),
            cooldown_service: CooldownAdmin::new(
                policy.clone(),
                accounts.clone(),
                segments.as_ref().map(Segments::flush),
            ),
            watches,
            segments: Mutex::new(segments),
            policy,
            accounts,
            metrics,
            recorder,
        })
    }

    /// The service that decides, for whoever calls it in this process.
    pub const fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Writes the decision records that are left, for at most `limit`, and all past traffic.
    pub(super) async fn close(&self, limit: Duration) {
        let segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner).take();
        if tokio::task::spawn_blocking(move || drop(segments)).await.is_err() {
            tracing::error!("past traffic could not be closed");
        }
        let recorder = self.recorder.clone();
        if tokio::task::spawn_blocking(move || recorder.close(limit)).await.is_err() {
            tracing::error!("the decision records could not be closed");
        }
    }
}

fn bundle(config: &Config) -> Result<Bundle, StartError> {
    let dir = match &config.bundle {
        config::Bundle::Embedded => None,
        config::Bundle::Dir(dir) => Some(dir.as_path()),
    };
    let mut tell = |done: usize, of: usize| {
        if done.is_multiple_of(RULES_A_LINE) {
            tracing::info!(done, of, "loading rules");
        }
    };
    Bundle::at(dir, &mut tell).map_err(StartError::Bundle)
}

/// Past traffic as it was when the service last ran on this database. Where another process has it, this
/// one begins with none, and says so: two that share a database count each for itself.
fn with_past_traffic(
    config: &Config,
    snapshot: Snapshot,
) -> Result<(Snapshot, Option<Segments>), StartError> {
    let mut folder = config.store.path.clone().into_os_string();
    folder.push(".traffic");
    let bundle = snapshot.bundle.clone();
    let bounds = Bounds::of_mib(config.traffic.memory_mib);
    let limit = |place: usize| bundle.limits.at(place).map(|limit| limit.default);
    let now = jiff::Timestamp::now().as_millisecond();
    match Segments::open(folder.as_ref(), &bundle.counters, &limit, bounds, now) {
        Ok((traffic, segments)) => {
            let Found { files, torn } = segments.found();
            tracing::info!(files, torn, "past traffic was read");
            Ok((snapshot.with_traffic(traffic), Some(segments)))
        }
        Err(error @ SegmentError::InUse(_)) => {
            tracing::warn!("{error}; this one counts for itself, and a restart forgets it");
            Ok((snapshot, None))
        }
        Err(error) => Err(error.into()),
    }
}

/// So often a start with very many rules says how far it is.
const RULES_A_LINE: usize = 5_000;

fn accounts_config(config: &Config) -> accounts::Config {
    let config::Accounts { capacity, soft_age, hard_age, negative_ttl, load_timeout } =
        config.accounts.clone();
    accounts::Config { capacity, soft_age, hard_age, negative_ttl, load_timeout }
}

fn recorder(config: &Config) -> Result<Recorder, StartError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StartError::Audit(error);
    let options = config.audit.recorder().map_err(|error| failed(error.into()))?;
    let recorder = match config.audit.sink {
        AuditSink::Stdout => Recorder::spawn(Stdout::default(), options),
        AuditSink::File => {
            let sink = FileSink::open(config.audit.file()).map_err(|error| failed(error.into()))?;
            Recorder::spawn(sink, options)
        }
    };
    recorder.map_err(|error| failed(error.into()))
}

pub(super) fn metrics(policy: &Snapshot, accounts: &Accounts, recorder: &Recorder) -> Arc<Metrics> {
    let bundle = &policy.bundle;
    let metrics = Metrics::new(&Catalogue {
        reasons: bundle.catalogue.reasons.iter().map(|reason| reason.code.clone()).collect(),
        causes: Cause::ALL.iter().map(|cause| cause.code()).collect(),
        methods: METHODS.to_vec(),
    });
    metrics.set_bundle(bundle.revision.clone(), bundle.digest.clone());
    let accounts = accounts.clone();
    metrics.accounts_from(move || {
        let stats = accounts.stats();
        AccountCounts {
            entries: stats.entries,
            hits: stats.hits,
            misses: stats.misses,
            loads: stats.loads,
            load_errors: stats.errors,
            evictions: stats.evictions,
        }
    });
    let recorder = recorder.clone();
    metrics.audit_from(move || {
        let stats = recorder.stats();
        AuditCounts {
            depth: u64::try_from(stats.depth).unwrap_or(u64::MAX),
            written: stats.written,
            dropped: stats.dropped,
            waits: stats.waits,
            write_errors: stats.write_errors,
        }
    });
    Arc::new(metrics)
}

fn show_traffic(metrics: &Metrics, policy: &Arc<Policy>) {
    let policy = policy.clone();
    let number = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    metrics.traffic_from(move || {
        let stats = policy.current().traffic.stats();
        TrafficCounts {
            entries: number(stats.entries),
            keys: number(stats.keys),
            attempts: number(stats.attempts),
            cooldowns: number(stats.blocks),
            evicted_attempts: stats.evicted_attempts,
            evicted: stats.evicted,
        }
    });
}

fn show_replays(metrics: &Metrics, checker: &Arc<Checker>) {
    let checker = checker.clone();
    metrics.replay_from(move || {
        let stats = checker.replay_stats();
        ReplayCounts {
            entries: u64::try_from(stats.entries).unwrap_or(u64::MAX),
            repeated: stats.repeated,
            other_payload: stats.other_payload,
            evicted: stats.evicted,
        }
    });
}
