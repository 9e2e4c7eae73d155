//! A service that cannot start says why in a sentence, and ends with 1.

use std::net::TcpListener;
use std::path::Path;

use crate::child::{config_file, serve_fails};
use crate::support::BrokenBundle;

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn a_broken_bundle_is_named_by_file_and_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = config_file(dir.path(), "");
    let file = "clauses/12-unauthorized-usage.cedar";
    let bundle = BrokenBundle::new()
        .append(file, "\n@reason(\"NO_SUCH_REASON\")\nforbid (principal, action, resource);\n");
    let line = bundle.line_of(file, "NO_SUCH_REASON");
    let errors = serve_fails(&["--config", path(&config), "--bundle", path(bundle.path())]);
    assert!(
        errors
            .lines()
            .any(|text| text.contains(&format!("{file}:{line}:")) && text.contains("NO_SUCH_REASON")),
        "{errors}"
    );
}

#[test]
fn a_broken_database_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = config_file(dir.path(), "");
    let database = dir.path().join("aupd.db");
    std::fs::write(&database, "this is not a database, and long enough to be taken for one. ".repeat(100))
        .expect("it is written");
    let errors = serve_fails(&["--config", path(&config)]);
    assert_sentence(&errors, path(&database));
}

#[test]
fn a_database_that_is_a_folder_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = config_file(dir.path(), "");
    let database = dir.path().join("aupd.db");
    std::fs::create_dir(&database).expect("a folder");
    assert_sentence(&serve_fails(&["--config", path(&config)]), path(&database));
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = config_file(dir.path(), "\n[replay]\ncapactiy = 5\n");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let line = text.lines().position(|line| line.starts_with("capactiy")).expect("it is there") + 1;
    let errors = serve_fails(&["--config", path(&config)]);
    assert_sentence(&errors, "capactiy");
    assert!(errors.contains(&format!("aupd.toml:{line}:")), "{errors}");
}

#[test]
fn a_port_in_use_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = config_file(dir.path(), "");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let errors = serve_fails(&["--config", path(&config), "--listen", &address]);
    assert_sentence(&errors, &format!("cannot listen on `{address}`"));
}

#[test]
fn a_missing_configuration_or_certificate_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let missing = dir.path().join("missing.toml");
    assert_sentence(&serve_fails(&["--config", path(&missing)]), path(&missing));
    let config =
        config_file(dir.path(), "[serve.tls]\ncert = \"/nowhere/cert.pem\"\nkey = \"/nowhere/key.pem\"\n");
    assert_sentence(&serve_fails(&["--config", path(&config)]), "/nowhere/cert.pem");
}

/// One line from the program itself that names what it is about; no backtrace, no debug form.
fn assert_sentence(errors: &str, named: &str) {
    let line = errors.lines().find(|line| line.starts_with("aupd: ") && line.contains(named));
    assert!(line.is_some(), "no sentence about {named}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}
