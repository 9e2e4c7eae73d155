//! `aupd check` as a person meets it: its examples, what it says of a request that does not fit, and that a
//! look makes no database.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use aupd::domain::{Action, ActionKind};
use serde_json::{Map, Value, json};

use crate::support::{aupd, texts};

/// Runs `aupd check` in an empty folder, with `input` on standard input.
fn check(arguments: &[&str], input: &str) -> (Output, Vec<String>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_aupd"))
        .arg("check")
        .args(arguments)
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("aupd runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let left = std::fs::read_dir(dir.path()).expect("the folder").flatten();
    let left = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    (output, left)
}

fn example(action: ActionKind) -> Map<String, Value> {
    let output = aupd(&["check", "--example", action.as_str()]);
    assert_eq!(output.status.code(), Some(0), "{action}");
    match serde_json::from_slice(&output.stdout) {
        Ok(Value::Object(fields)) => fields,
        other => panic!("the example of {action} is {other:?}"),
    }
}

/// At an instant at which every example may be decided: quiet hours and agreements do not move.
#[test]
fn every_action_has_an_example_that_passes_on_the_example_accounts() {
    for &action in ActionKind::ALL {
        let mut fields = example(action);
        assert_eq!(fields["action"], action.as_str());
        fields.insert("at".to_owned(), json!("2026-12-01T18:00:00Z"));
        let (output, _) = check(&["--demo", "--json", "-"], &Value::Object(fields).to_string());
        let (text, errors) = texts(&output);
        let answer: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{action}: {text}{errors}"));
        assert_eq!(answer["verdict"], "ALLOW", "{action}: {text}");
        assert_eq!(answer["violations"], json!([]), "{action}");
    }
}

/// The example is the documentation of an action's fields, so none is missing: but for what stands instead of
/// `to`, for files where there can be none, and for the keys of the Indian registry with a picture.
#[test]
fn an_example_has_every_field_of_its_action() {
    let left_out = |action: ActionKind, field: &str| match field {
        "dialed" | "dial_region" => true,
        "media" => action == ActionKind::SendSms,
        "dlt" | "dnd_category" => action == ActionKind::SendMms,
        _ => false,
    };
    for &action in ActionKind::ALL {
        let given = example(action);
        for field in Action::fields(action) {
            assert_eq!(given.contains_key(&field), !left_out(action, &field), "{action}: {field}");
        }
    }
}

#[test]
fn a_value_that_is_none_of_an_enum_is_told_which_there_are() {
    let mut fields = example(ActionKind::SendSms);
    fields["from"]["type"] = json!("secret");
    let (output, _) = check(&["--demo", "-"], &Value::Object(fields.clone()).to_string());
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("from.type") && errors.contains("`ALPHA`, `HEADER`"), "{errors}");
    assert!(!errors.contains("secret") && !errors.contains("SenderKind"), "{errors}");

    fields["action"] = json!("SEND_FAX");
    let (output, _) = check(&["--demo", "-"], &Value::Object(fields).to_string());
    let (_, errors) = texts(&output);
    assert!(errors.contains("action") && errors.contains("`OPEN_SESSION`"), "{errors}");
}

#[test]
fn a_look_makes_no_database() {
    let request = Value::Object(example(ActionKind::SendOtp)).to_string();
    let (output, left) = check(&["-"], &request);
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("there is no database at `aupd.db`") && errors.contains("--demo"), "{errors}");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_bundle_is_shown_by_its_folder_in_either_way() {
    let policies = crate::support::root().join("policies").display().to_string();
    let shown = aupd(&["bundle", "show", &policies]);
    assert!(texts(&shown).0.contains("clauses/13-reselling.cedar:"));
    assert_eq!(shown.stdout, aupd(&["bundle", "show", "--bundle", &policies]).stdout);
    let missing = aupd(&["bundle", "show", "no-such-folder"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn shells_and_manuals_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = aupd(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(texts(&output).0.contains("bundle"), "{shell}");
    }
    let (page, _) = texts(&aupd(&["man"]));
    assert!(page.contains(".TH aupd 1") && page.contains("aupd\\-serve(1)"), "{page}");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = aupd(&["man", &dir.path().display().to_string()]);
    assert_eq!(output.status.code(), Some(0));
    for name in ["aupd.1", "aupd-serve.1", "aupd-check.1", "aupd-bundle-validate.1"] {
        assert!(dir.path().join(name).is_file(), "{name}");
    }
}
