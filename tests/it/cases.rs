//! `aupd test`: the case files, and what the command says of them.

use crate::support::{aupd, root, texts};

fn demo(name: &str) -> String {
    root().join("demo/cases").join(name).display().to_string()
}

#[test]
fn every_case_that_account_data_decides_passes() {
    let output = aupd(&["test", &demo(""), "--only", &demo("stage-account.txt")]);
    assert_eq!(texts(&output).0.trim_end(), "125 passed, 0 failed");
    assert!(output.status.success());
}

#[test]
fn every_case_that_texts_registries_and_recipients_decide_passes() {
    let output = aupd(&["test", &demo(""), "--only", &demo("stage-content.txt")]);
    assert_eq!(texts(&output).0.trim_end(), "70 passed, 0 failed");
    assert!(output.status.success());
}

#[test]
fn all_cases_pass_and_none_is_left_out() {
    let output = aupd(&["test", &demo(""), "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    assert_eq!(report["failed"], serde_json::json!([]));
    assert_eq!(report["passed"], 298);
    assert!(output.status.success());
}

#[test]
fn a_failure_says_what_was_expected_and_what_was_got() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = std::fs::read_to_string(demo("12-unauthorized-usage.jsonl")).expect("the cases are there");
    let line = text.lines().find(|line| line.contains("c12-d-06")).expect("the case is there");
    let file = dir.path().join("wrong.jsonl");
    std::fs::write(&file, line.replace("ACCOUNT_CLOSED", "ACCOUNT_SUSPENDED")).expect("the case is written");
    let output = aupd(&["test", file.to_str().expect("text"), "--fixtures", &demo("")]);
    let (text, _) = texts(&output);
    assert!(text.contains("expected DENY ACCOUNT_SUSPENDED, not retryable"), "{text}");
    assert!(text.contains("got      DENY ACCOUNT_CLOSED, not retryable"), "{text}");
    assert!(text.ends_with("0 passed, 1 failed\n"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_line_that_is_no_case_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("broken.jsonl");
    std::fs::write(&file, "\n{\"id\": 1}\n").expect("the file is written");
    let output = aupd(&["test", file.to_str().expect("text")]);
    let (_, errors) = texts(&output);
    assert!(errors.contains("broken.jsonl:2: is malformed"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
}
