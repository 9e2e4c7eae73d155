//! `aupd serve`: runs the service until it is told to stop.

use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::output::Output;
use super::{Reported, first};
use crate::config::{self, Config};
use crate::serve::{ServerHandle, StartError, start};
use crate::telemetry;

/// Two, so that a long import does not hold up the acceptor.
const BACKGROUND_THREADS: usize = 2;

/// Files beside connections: the database, records, administration, metrics.
const OTHER_FILES: u64 = 512;

/// Arguments of `aupd serve`.
#[derive(Args)]
pub(super) struct ServeArgs {
    /// Configuration file; every setting has a default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Database file; created if it is not there.
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Directory of a bundle; the one inside the binary if missing.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Address for decisions.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<std::net::SocketAddr>,
    /// Puts the example accounts and lists into the store first.
    #[arg(long)]
    demo: bool,
}

/// Runs the service; ends well on SIGTERM and Ctrl-C.
pub(super) fn serve(args: &ServeArgs, output: &Output) -> anyhow::Result<()> {
    let config = args.config()?;
    telemetry::init(&config.log.level, config.log.format)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    make_room(config.serve.max_connections);
    runtime(config.serve.runtime)?.block_on(run(config, args.demo, output))
}

/// Raises the limit of open files, which is often 1024, as far as the system allows.
fn make_room(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit >= wanted => {}
        Ok(limit) => tracing::warn!(limit, wanted, "too few files may be open for `serve.max_connections`"),
        Err(error) => tracing::warn!(%error, wanted, "the limit of open files is as it was"),
    }
}

/// The runtime for everything but decisions, or where they are not apart, for everything.
fn runtime(kind: config::Runtime) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if kind == config::Runtime::PerCore {
        builder.worker_threads(BACKGROUND_THREADS).thread_name("background");
    }
    builder.enable_all().build()
}

async fn run(config: Config, demo: bool, output: &Output) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let plain = matches!(config.serve.tls, config::Tls::Off);
    let mut server = match start(config, demo).await {
        Ok(server) => server,
        Err(StartError::Bundle(problems)) => {
            output.problems(&problems);
            return Err(Reported.into());
        }
        Err(error) => return Err(error.into()),
    };
    announce(&server, demo, plain);
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        failure = server.failed() => Some(failure),
    };
    tracing::info!("stopping");
    server.stop().await;
    tracing::info!("stopped");
    match failed {
        None => Ok(()),
        Some(failure) => Err(anyhow::anyhow!(failure)),
    }
}

fn announce(server: &ServerHandle, demo: bool, plain: bool) {
    let snapshot = server.parts().policy.current();
    for warning in &snapshot.bundle.warnings {
        tracing::warn!("the bundle: {warning}");
    }
    let (revision, digest) = (&*snapshot.bundle.revision, &*snapshot.bundle.digest);
    tracing::info!(address = %server.decisions, revision, digest, "listening for decisions");
    if let Some(address) = server.admin {
        tracing::info!(%address, "listening for administration");
    }
    if let Some(address) = server.metrics {
        tracing::info!(%address, "listening for metrics");
    }
    if demo && plain {
        eprintln!("{}", first::steps(server.decisions, server.metrics));
    }
}

// === impl ServeArgs ===

impl ServeArgs {
    /// The file's settings, with those of the command line over them.
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            Some(file) => Config::load(file)?,
            None => Config::default(),
        };
        if let Some(path) = &self.store {
            config.store.path.clone_from(path);
        }
        if let Some(dir) = &self.bundle {
            config.bundle = config::Bundle::Dir(dir.clone());
        }
        if let Some(listen) = self.listen {
            config.serve.listen = listen;
        }
        Ok(config)
    }
}
