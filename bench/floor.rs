//! The floor: what a stock tonic server costs that answers a constant over the same proto.
//!
//! `bench/run.py` measures `aupd` against it. It is deliberately what anybody would write first: the
//! stock multi-thread runtime and the system's allocator, no layers, no health service, no limits. Only
//! `TCP_NODELAY` is set, because without it the latencies are those of a delayed acknowledgement.

#![forbid(unsafe_code)]

mod constant;

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = address()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let incoming = TcpIncoming::bind(listen)?.with_nodelay(Some(true));
    // Whoever started this reads the address from a pipe, which is not flushed by line.
    println!("listening on {}", incoming.local_addr()?);
    std::io::stdout().flush()?;
    let stop = async move {
        terminate.recv().await;
    };
    Server::builder().add_service(constant::service()).serve_with_incoming_shutdown(incoming, stop).await?;
    Ok(())
}

/// The first argument, or a free port of the loopback.
fn address() -> Result<SocketAddr, Box<dyn Error>> {
    let listen = std::env::args().nth(1);
    Ok(listen.as_deref().unwrap_or("127.0.0.1:0").parse()?)
}
