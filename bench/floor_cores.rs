//! The second floor: the same constant answer on the runtime and the allocator of `aupd`.
//!
//! What `aupd` costs more than this is what deciding costs; what it costs less than the stock floor, it
//! owes to these two. Nobody shall take the one for the other.

#![forbid(unsafe_code)]

mod constant;

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;

use aupd::config::Serve;
use aupd::serve::serve_on_cores;
use tikv_jemallocator::Jemalloc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let listen: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:0").parse()?;
    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        terminate.recv().await;
        stopped.cancel();
    });
    let router = Server::builder().add_service(constant::service());
    Ok(serve_on_cores(listener, &Serve::default(), router, &stop).await?)
}
