//! Past traffic over the end of a process, as operators see it end.

use std::time::Duration;

use aupd::proto::Verdict;

use crate::child::Process;
use crate::server::{Client, endpoint};
use crate::traffic::text_to;

const TO: &str = "+12125550150";

async fn client(process: &Process) -> Client {
    Client::new(endpoint(process.decisions).connect().await.expect("it can be reached"))
}

/// Sends until one is denied; how many were allowed.
async fn sent(process: &Process, most: usize) -> usize {
    let mut client = client(process).await;
    for nth in 0..most {
        let answer = client.check(text_to(TO)).await.expect("an answer").into_inner();
        if answer.verdict() == Verdict::Deny {
            return nth;
        }
    }
    most
}

#[tokio::test]
async fn a_kill_forgets_no_more_than_a_second() {
    let process = Process::start("").await;
    assert_eq!(sent(&process, 15).await, 15);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let process = process.killed_and_started().await;
    assert!(process.text("stderr").contains("past traffic was read"));
    assert_eq!(sent(&process, 2).await, 2);
    // Killed again at once: what was read is not lost with what was not yet written.
    let process = process.killed_and_started().await;
    let left = sent(&process, 20).await;
    assert!((3..=5).contains(&left), "{left} left");
}

#[tokio::test]
async fn a_stop_forgets_nothing() {
    let mut process = Process::start("").await;
    for _ in 0..3 {
        assert_eq!(sent(&process, 5).await, 5);
        process = process.stopped_and_started().await;
    }
    assert_eq!(sent(&process, 20).await, 5);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_no_start() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = crate::child::config_file(dir.path(), "");
    std::fs::write(dir.path().join("aupd.db.traffic"), "a file").expect("written");
    let said = crate::child::serve_fails(&["--config", &config.display().to_string()]);
    assert!(said.contains("past traffic cannot be kept") && said.contains("aupd.db.traffic"), "{said}");
}
