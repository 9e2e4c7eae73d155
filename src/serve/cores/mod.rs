//! Where connections are served: one current-thread runtime a core, or the stock multi-thread one.
//!
//! Requests this short lose more by waking another thread than they gain by it, so each core has a thread
//! with a runtime of its own, and a connection stays on the core where it was put. One acceptor takes
//! connections in and gives each to the core that has least to do: callers hold few, long-lived
//! connections, which the system's own spreading over listeners (`SO_REUSEPORT`) would put side by side.
//! What is not a decision stays off these threads: store, watches, administration and metrics run on the
//! runtime that started the service.
//!
//! A core that ends before it is told to is a fault, and whoever waits for the tasks hears of it: there is
//! nothing here that could die unnoticed.

mod accept;
mod connection;
mod load;
mod opening;
mod place;
mod thread;

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::accept::{Acceptor, Lane};
pub(super) use self::connection::Arrival;
use self::load::{Counts, Load};
use self::opening::Bounds;
use crate::config::{Runtime, Serve};

/// Connections that were taken in and wait for a core to notice them; each core has as many places.
const WAITING: usize = 64;
/// As many cores as the configuration allows.
const MOST: usize = 256;

/// Why a part of the service ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The transport gave up.
    #[error("a listener failed")]
    Transport(#[from] tonic::transport::Error),
    /// A core's thread is gone.
    #[error("core {0} was lost")]
    Core(usize),
    /// A task in the background is gone.
    #[error("the {0} was lost")]
    Task(&'static str),
}

/// Connections: how many are open on each core, and how many were taken in and turned away so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// Open now, by core.
    pub open: Vec<usize>,
    /// Taken in since the start.
    pub accepted: u64,
    /// Turned away since the start, because as many were open as may be.
    pub refused: u64,
}

/// The connections of a core as they come; it ends when no more are taken in.
pub(super) type Arrivals = tokio_stream::wrappers::ReceiverStream<Arrival>;

/// The cores and what they have on their hands. Dropping it ends them at once.
pub(super) struct Cores {
    loads: Vec<Arc<Load>>,
    counts: Arc<Counts>,
    kill: DropGuard,
}

/// How connections of a core are served until there are no more of them.
pub(super) trait Serving: Clone + Send + 'static {
    /// Serves; called on the core's own runtime.
    fn serve(
        self,
        arrivals: Arrivals,
    ) -> impl Future<Output = Result<(), tonic::transport::Error>> + Send + 'static;
}

// === impl Cores ===

impl Cores {
    /// Starts the cores and the acceptor as tasks, to be stopped by `stop`: then no more connections are
    /// taken in, and a core ends when those that it has are served.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(
        serve: &Serve,
        listener: TcpListener,
        serving: &impl Serving,
        stop: &CancellationToken,
        tasks: &mut JoinSet<Result<(), Ended>>,
    ) -> io::Result<Self> {
        let kill = CancellationToken::new();
        let mut lanes = Vec::new();
        for number in 0..lanes_of(serve) {
            let (sender, receiver) = mpsc::channel(WAITING);
            let (serving, arrivals) = (serving.clone(), Arrivals::new(receiver));
            match serve.runtime {
                Runtime::PerCore => thread::spawn(number, serving, arrivals, &kill, tasks)?,
                Runtime::MultiThread => share(serving, arrivals, &kill, tasks),
            }
            lanes.push(Lane::new(sender, Arc::new(Load::default())));
        }
        let loads = lanes.iter().map(|lane| lane.load.clone()).collect();
        let counts = Arc::new(Counts::default());
        let opening = Bounds { within: serve.opening_timeout, stop: stop.clone() };
        let acceptor = Acceptor::new(listener, lanes, counts.clone(), serve.max_connections, opening);
        let stop = stop.clone();
        tasks.spawn(async move {
            let _ = stop.run_until_cancelled(acceptor.run()).await;
            Ok(())
        });
        Ok(Self { loads, counts, kill: kill.drop_guard() })
    }

    pub(super) fn connections(&self) -> Connections {
        Connections {
            open: self.loads.iter().map(|load| load.open()).collect(),
            accepted: self.counts.accepted.load(Ordering::Relaxed),
            refused: self.counts.refused.load(Ordering::Relaxed),
        }
    }

    /// Ends the cores at once, whatever they are doing.
    pub(super) fn kill(self) {
        drop(self.kill);
    }
}

/// Serves on the runtime that this is called on.
fn share(
    serving: impl Serving,
    arrivals: Arrivals,
    kill: &CancellationToken,
    tasks: &mut JoinSet<Result<(), Ended>>,
) {
    let kill = kill.clone();
    tasks.spawn(async move {
        let served = kill.run_until_cancelled(serving.serve(arrivals)).await;
        served.unwrap_or(Ok(())).map_err(Ended::from)
    });
}

/// How many runtimes there are to choose from.
fn lanes_of(serve: &Serve) -> usize {
    let machine = || std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    match (serve.runtime, serve.cores) {
        (Runtime::MultiThread, _) => 1,
        (Runtime::PerCore, 0) => machine(),
        (Runtime::PerCore, cores) => cores,
    }
}

#[cfg(test)]
mod tests;
