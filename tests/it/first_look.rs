//! What `aupd serve --demo` prints to try, tried as it is printed.

use std::process::{Command, Output};

use crate::child::{Process, config_file, serve_fails};
use crate::server::eventually;
use crate::support::{aupd, root, texts};

fn shell(command: &str) -> Output {
    // Another folder: the commands may not depend on where they are typed.
    Command::new("sh").args(["-c", command]).current_dir("/").output().expect("a shell")
}

/// The printed lines that begin with a program; the log is JSON and comments begin with `#`.
async fn printed(process: &Process) -> Vec<String> {
    eventually("it says what to try", || {
        let text = process.text("stderr");
        text.contains("/metrics\n").then(|| {
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '{']));
            lines.map(str::to_owned).collect()
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_to_try_works_as_it_is_printed() {
    let process = Process::start("").await;
    let lines = printed(&process).await;
    let named = |part: &str| lines.iter().find(|line| line.contains(part)).expect(part).clone();

    let (text, errors) = texts(&shell(&named("--example SEND_SMS")));
    assert!(text.starts_with("ALLOW OK"), "{text}{errors}");
    let (text, errors) = texts(&shell(&named("echo ")));
    assert!(text.starts_with("DENY EMERGENCY_CALL_UNSUPPORTED"), "{text}{errors}");
    let (text, _) = texts(&shell(&named("check --help")));
    assert!(text.contains("--example"), "{text}");

    let address = process.decisions.to_string();
    assert!(named("grpcurl -plaintext").contains(&address));
    if grpcurl() {
        let (text, errors) = texts(&shell(&named("grpcurl -plaintext")));
        assert!(text.contains("VERDICT_ALLOW"), "{text}{errors}");
    }
}

/// Whether grpcurl can be run. `make test` installs it and says that it is there; then it has to be.
fn grpcurl() -> bool {
    let found = Command::new("grpcurl").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("AUPD_GRPCURL").is_none(), "grpcurl is not on the path");
    if !found {
        eprintln!("grpcurl is not installed: its examples are not tried");
    }
    found
}

/// The commands of the README that begin with `grpcurl`, also those of several lines.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut commands: Vec<String> = Vec::new();
    let is_open = |command: &String| command.ends_with('\\') || command.matches('\'').count() % 2 == 1;
    for line in readme.lines() {
        match commands.last_mut().filter(|last| is_open(last)) {
            Some(last) => *last = format!("{last}\n{line}"),
            None if line.starts_with("grpcurl ") => commands.push(line.to_owned()),
            None => {}
        }
    }
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grpcurl_examples_of_the_readme_work_as_they_are_printed() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    if !grpcurl() {
        return;
    }
    let process = Process::start("").await;
    for command in commands {
        assert!(command.contains("127.0.0.1:7600"), "{command}");
        let here = command.replace("127.0.0.1:7600", &process.decisions.to_string());
        let output = Command::new("sh").args(["-c", &here]).current_dir(root()).output().expect("a shell");
        let (text, errors) = texts(&output);
        let expected = match &command {
            wrong if wrong.contains("not an id") => r#""field": "account_id""#,
            outcomes if outcomes.contains("ReportOutcomes") => r#""accepted": 2"#,
            described if described.contains("describe") => "account_id is the account that acts",
            _ => "VERDICT_ALLOW",
        };
        assert!(text.contains(expected) || errors.contains(expected), "{command}\n{text}{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_whether_it_serves() {
    let mut process = Process::start("").await;
    let server = format!("http://{}", process.decisions);
    let health = aupd(&["health", "--server", &server, "--service", "aup.v1.DecisionService"]);
    assert_eq!((health.status.code(), texts(&health).0.trim()), (Some(0), "SERVING"));
    let unknown = aupd(&["health", "--server", &server, "--service", "aup.v1.NoSuchService"]);
    assert_eq!(unknown.status.code(), Some(1));
    process.terminate();
    process.ended().await;
    let gone = aupd(&["health", "--server", &server]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(texts(&gone).1.contains("cannot reach"), "{}", texts(&gone).1);
}

/// A second instance on the address of a first one would otherwise have put example accounts into its store.
#[test]
fn an_address_in_use_is_found_before_anything_is_written() {
    for (section, key) in [("serve", "listen"), ("metrics", "listen")] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("its address");
        let config = config_file(dir.path(), "");
        let text = std::fs::read_to_string(&config).expect("the configuration");
        let from = format!("[{section}]\n{key} = \"127.0.0.1:0\"");
        assert!(text.contains(&from), "{text}");
        std::fs::write(&config, text.replace(&from, &format!("[{section}]\n{key} = \"{address}\"")))
            .expect("the configuration is written");
        let errors = serve_fails(&["--demo", "--config", config.to_str().expect("a path")]);
        assert!(errors.contains(&format!("cannot listen on `{address}`")), "{errors}");
        let left = std::fs::read_dir(dir.path()).expect("the folder").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["aupd.toml"], "nothing but the configuration");
    }
}
