use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::bundle::{Bundle, Snapshot};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases")
}

fn all_pass(stage: &str, number: usize) {
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let mut suite = Suite::load(&[demo()], None).expect("the cases load");
    suite.keep_only(&demo().join(stage)).expect("the stage loads");
    let report = run(&suite, &policy, || ());
    let failures: Vec<String> = report.failed.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!(report.passed, number);
}

#[test]
fn what_account_data_decides_is_decided() {
    all_pass("stage-account.txt", 125);
}

#[test]
fn what_past_traffic_decides_is_decided() {
    all_pass("stage-traffic.txt", 103);
}
