//! What operators are given: configurations that are parsed, a document that names every metric, and no two
//! places that say different things.

use std::collections::BTreeSet;

use aupd::config::{AuditSink, Config};

use crate::server::{Server, page, text};
use crate::support::root;

fn file(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect(name)
}

#[test]
fn the_configurations_for_systemd_and_for_a_container_are_sound() {
    for (name, store) in [("aupd", "/var/lib/aupd/aupd.db"), ("container", "/data/aupd.db")] {
        let config = Config::load(&root().join(format!("deploy/{name}.toml"))).expect(name);
        assert_eq!(config.store.path.display().to_string(), store);
        assert_eq!(config.serve.listen.port(), 7600);
        assert_eq!(config.metrics.page().expect("a page").listen.port(), 7601);
        let in_files = matches!(config.audit.sink, AuditSink::File);
        assert_eq!(in_files, name == "aupd", "a container's records are its engine's");
    }
}

#[test]
fn the_unit_and_the_container_start_the_program_with_their_configuration() {
    let unit = file("deploy/aupd.service");
    assert!(unit.contains("ExecStart=/usr/local/bin/aupd serve --config /etc/aupd/aupd.toml\n"));
    assert!(unit.contains("StateDirectory=aupd\n") && unit.contains("LogsDirectory=aupd\n"));
    let container = file("deploy/Containerfile");
    assert!(container.contains(r#"CMD ["serve", "--config", "/etc/aupd.toml"]"#));
    assert!(container.contains(r#"CMD ["/aupd", "health"]"#) && container.contains("\nFROM scratch\n"));
    let toolchain = file("rust-toolchain.toml");
    let version = toolchain.split('"').nth(1).expect("the toolchain has a version");
    assert!(container.contains(&format!("library/rust:{version}")), "the image's compiler is {version}");
}

/// Both ways: what is exposed is described, and what is described is exposed.
#[tokio::test]
async fn every_metric_is_described_and_no_other() {
    let server = Server::start().await;
    server.client().await.check(text("")).await.expect("an answer");
    let exposed = page(server.handle.metrics.expect("metrics are served"), "/metrics").await;
    let exposed: BTreeSet<String> = exposed
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() })
        .collect();
    let document = file("docs/operating.md");
    let described: BTreeSet<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `aupd_"))
        .filter_map(|line| line.split_once('`'))
        .map(|(name, _)| format!("aupd_{name}"))
        .collect();
    assert_eq!(described, exposed);
}
