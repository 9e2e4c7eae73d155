//! Other services on the cores of this one: what the load harness measures its second floor with.

use std::io;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Router;

use super::cores::Cores;
use crate::config::Serve;

/// Serves a router without layers as decisions are served, with the bounds of `serve` that concern
/// connections, until `stop` is cancelled and the calls under way have ended.
///
/// # Errors
/// When a core cannot be started or is lost.
pub async fn serve_on_cores(
    listener: TcpListener,
    serve: &Serve,
    router: Router,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut tasks = JoinSet::new();
    let cores = Cores::start(serve, listener, &router, stop, &mut tasks)?;
    while let Some(ended) = tasks.join_next().await {
        ended?.map_err(io::Error::other)?;
    }
    cores.kill();
    Ok(())
}
