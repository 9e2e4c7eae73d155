//! Connections on cores of their own: spread, counted, and fair to a hot one among idle ones.

use std::time::Duration;

use aupd::config::Runtime;
use aupd::proto::{CheckRequest, Verdict};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::server::{Client, PATIENCE, Server, eventually, text};

/// Connections that say nothing. Both ends of each are files of this process.
const IDLE: usize = 1_000;

/// Decided as any other, and not counted: nobody may text one number so often.
fn uncounted() -> CheckRequest {
    CheckRequest { dry_run: true, ..text("") }
}

async fn allowed(client: &mut Client) {
    let answer = timeout(PATIENCE, client.check(uncounted())).await.expect("it answers in time");
    assert_eq!(answer.expect("it answers").into_inner().verdict(), Verdict::Allow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_connection_and_a_thousand_idle_ones_are_all_served() {
    assert!(rlimit::increase_nofile_limit(4_096).expect("a limit") >= 4_096);
    let server = Server::with(|config| config.serve.cores = 2).await;
    let mut hot = JoinSet::new();
    let client = server.client().await;
    for _ in 0..4 {
        let mut client = client.clone();
        hot.spawn(async move {
            loop {
                allowed(&mut client).await;
            }
        });
    }
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(server.client().await);
    }
    // A client is connected as soon as the system says so, which may be before it is accepted.
    let counted = || {
        let open = server.handle.connections().open;
        (open.iter().sum::<usize>() == IDLE + 1).then_some(open)
    };
    let open = eventually("every connection is counted", counted).await;
    assert!(open.iter().all(|open| *open >= IDLE / 4), "they are spread: {open:?}");
    // Idle ones are answered while the hot one goes on.
    for client in idle.iter_mut().step_by(50) {
        allowed(client).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(hot.try_join_next().is_none(), "the hot one never failed");
    hot.shutdown().await;
    drop((client, idle));
    let stopped = timeout(PATIENCE, server.handle.stop()).await;
    assert!(stopped.is_ok(), "nothing that was open holds up the stop");
}

#[tokio::test]
async fn decisions_are_made_on_either_runtime() {
    for (runtime, cores, lanes) in [(Runtime::PerCore, 3, 3), (Runtime::MultiThread, 3, 1)] {
        let server =
            Server::with(|config| (config.serve.runtime, config.serve.cores) = (runtime, cores)).await;
        let mut clients = Vec::new();
        for _ in 0..6 {
            clients.push(server.client().await);
        }
        for client in &mut clients {
            allowed(client).await;
        }
        // Each was answered, so each is counted.
        assert_eq!(server.handle.connections().open, vec![6 / lanes; lanes], "{runtime:?}");
        server.handle.stop().await;
    }
}

#[tokio::test]
async fn more_connections_than_may_be_open_are_closed_and_counted() {
    let server = Server::with(|config| config.serve.max_connections = 2).await;
    let mut clients = [server.client().await, server.client().await];
    let third = async { allowed_or_error(server.endpoint().connect().await).await };
    assert!(timeout(PATIENCE, third).await.expect("it is closed at once").is_err());
    for client in &mut clients {
        allowed(client).await;
    }
    let connections = server.handle.connections();
    assert_eq!(connections.accepted, 2);
    assert!(connections.refused >= 1);
}

async fn allowed_or_error(
    channel: Result<tonic::transport::Channel, tonic::transport::Error>,
) -> Result<(), Box<dyn std::error::Error>> {
    Client::new(channel?).check(text("")).await?;
    Ok(())
}

/// A probe that opens a connection and says nothing has no call that a stop would have to wait for.
#[tokio::test]
async fn a_stop_does_not_wait_for_a_silent_connection() {
    let server = Server::with(|config| config.serve.drain_timeout = PATIENCE * 4).await;
    let silent = tokio::net::TcpStream::connect(server.handle.decisions).await.expect("a connection");
    allowed(&mut server.client().await).await;
    let stopped = timeout(PATIENCE, server.handle.stop()).await;
    assert!(stopped.is_ok(), "it was held up");
    drop(silent);
}
