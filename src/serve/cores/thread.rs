//! The thread of one core, with its runtime.

use std::io;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Arrivals, Ended, Serving};

/// Starts a core, and a task that ends when the core has ended.
///
/// # Errors
/// When the system refuses a thread or what a runtime needs.
pub(super) fn spawn(
    number: usize,
    serving: impl Serving,
    arrivals: Arrivals,
    kill: &CancellationToken,
    tasks: &mut JoinSet<Result<(), Ended>>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (ended, end) = oneshot::channel();
    let kill = kill.clone();
    thread::Builder::new().name(format!("core-{number}")).spawn(move || {
        let served = runtime.block_on(kill.run_until_cancelled(serving.serve(arrivals)));
        // What is left on it ends with it, and only then is the core done.
        runtime.shutdown_background();
        // Nobody to tell means that the service is gone as well.
        let _ = ended.send(served.unwrap_or(Ok(())));
    })?;
    tasks.spawn(async move {
        // A thread that panics drops its end without a word.
        let served = end.await.map_err(|_| Ended::Core(number))?;
        served.map_err(Ended::from)
    });
    Ok(())
}
