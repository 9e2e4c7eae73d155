//! The service as operators run it: the binary, with a configuration file and signals.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{PATIENCE, eventually, records};

/// A running `aupd serve --demo`; it is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    dir: TempDir,
    pub(crate) decisions: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

/// A configuration with ports that are free and all files in `dir`; `more` is added to its end.
pub(crate) fn config_file(dir: &Path, more: &str) -> PathBuf {
    let path = |name: &str| dir.join(name).display().to_string();
    let text = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\nrequest_timeout_ms = 30000\n[metrics]\nlisten = \"127.0.0.1:0\"\n\
         [store]\npath = \"{}\"\n[accounts]\nload_timeout_ms = 10000\n\
         [audit]\nsink = \"file\"\npath = \"{}\"\n{more}\n",
        path("aupd.db"),
        path("decisions.jsonl"),
    );
    let file = dir.join("aupd.toml");
    std::fs::write(&file, text).expect("the configuration is written");
    file
}

// === impl Process ===

impl Process {
    pub(crate) async fn start(more: &str) -> Self {
        Self::with(|file| file + more).await
    }

    /// Starts it with a configuration file that `change` has changed.
    pub(crate) async fn with(change: impl FnOnce(String) -> String) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config_file(dir.path(), "");
        let text = std::fs::read_to_string(&config).expect("the configuration");
        std::fs::write(&config, change(text)).expect("the configuration is written");
        Self::over(dir).await
    }

    /// Kills it as nobody can refuse, and starts it again on the same files.
    pub(crate) async fn killed_and_started(mut self) -> Self {
        self.child.kill().expect("it can be killed");
        self.started_again().await
    }

    /// Asks it to stop, and starts it again on the same files.
    pub(crate) async fn stopped_and_started(mut self) -> Self {
        self.terminate();
        assert!(self.ended().await.success());
        self.started_again().await
    }

    async fn started_again(mut self) -> Self {
        self.child.wait().expect("it ends");
        let nowhere = tempfile::tempdir().expect("a temporary folder");
        Self::over(std::mem::replace(&mut self.dir, nowhere)).await
    }

    async fn over(dir: TempDir) -> Self {
        let config = dir.path().join("aupd.toml");
        let output = |name: &str| File::create(dir.path().join(name)).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_aupd"))
            .args(["serve", "--demo", "--config"])
            .arg(config)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn()
            .expect("aupd runs");
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut process = Self { child, dir, decisions: nowhere, metrics: nowhere };
        process.decisions = process.listening("listening for decisions").await;
        process.metrics = process.listening("listening for metrics").await;
        process
    }

    /// Everything that it has written to a file of its folder.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    pub(crate) fn records(&self) -> Vec<Value> {
        records(&self.dir.path().join("decisions.jsonl"))
    }

    /// Asks it to stop, as a supervisor does.
    pub(crate) fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the process ends", || child.try_wait().expect("it can be asked")).await
    }

    async fn listening(&self, message: &str) -> SocketAddr {
        eventually(message, || {
            let log = self.text("stderr");
            let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let event = events.into_iter().find(|event| event["message"] == message)?;
            Some(event["address"].as_str()?.parse().expect("an address"))
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `aupd serve`, which must end by itself, and gives what it wrote to standard error.
pub(crate) fn serve_fails(arguments: &[&str]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aupd"))
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("aupd runs");
    let limit = Instant::now() + PATIENCE;
    while child.try_wait().expect("it can be asked").is_none() {
        if Instant::now() > limit {
            let _ = child.kill();
            panic!("it started, and should not have");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("its output");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("text")
}
