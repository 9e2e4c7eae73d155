//! `aupd accounts` on a database file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{aupd, root, texts};

struct Database {
    dir: TempDir,
}

impl Database {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    fn file(&self, name: &str, value: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, value).expect("the file is written");
        path
    }

    /// Exit code and JSON answer of `aupd accounts …`.
    fn accounts(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let store = self.dir.path().join("aupd.db");
        let common = ["--json", "accounts", "--store", text(&store)];
        let output = aupd(&[&common, arguments].concat());
        (output.status.code(), serde_json::from_str(&texts(&output).0).expect("the answer is JSON"))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn account(id: &str, more: &Value) -> Value {
    let mut account = json!({ "id": id, "status": "ACTIVE", "country": "US", "entity_type": "COMPANY" });
    let fields = account.as_object_mut().expect("an object");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    account
}

#[test]
fn the_example_accounts_are_imported_listed_and_suspended() {
    let database = Database::new();
    let demo = root().join("demo/cases/accounts.json");
    let (code, answer) = database.accounts(&["import", text(&demo)]);
    assert_eq!((code, &answer["imported"], &answer["rejected"]), (Some(0), &json!(6), &json!(0)), "{answer}");
    let (_, listed) = database.accounts(&["list", "--limit", "2"]);
    let ids: Vec<_> = listed["accounts"].as_array().into_iter().flatten().map(|a| a["id"].clone()).collect();
    assert_eq!(ids, [json!("acc_gb_logistics"), json!("acc_in_retail")]);
    assert_eq!(listed["next"], "acc_in_retail");
    let (_, rest) = database.accounts(&["list", "--after", "acc_in_retail"]);
    assert_eq!((rest["accounts"].as_array().map(Vec::len), &rest["next"]), (Some(4), &Value::Null));

    let (code, _) = database.accounts(&["suspend", "acc_plain", "--reason", "unpaid"]);
    assert_eq!(code, Some(0));
    let (_, got) = database.accounts(&["get", "acc_plain"]);
    assert_eq!(
        (&got["account"]["status"], &got["suspension"]["reason"]),
        (&json!("SUSPENDED"), &json!("unpaid"))
    );
    let (code, answer) = database.accounts(&["suspend", "acc_nobody", "--reason", "unpaid"]);
    assert_eq!((code, answer), (Some(1), json!({ "error": "there is no account `acc_nobody`" })));
}

#[test]
fn what_get_prints_for_people_can_be_put_again() {
    let database = Database::new();
    let file = database.file("a.json", &account("acc_a", &json!({ "limits": { "rps": 7 } })).to_string());
    let (code, answer) = database.accounts(&["put", text(&file)]);
    assert_eq!((code, answer), (Some(0), json!({ "id": "acc_a", "revision": 1 })));
    let (_, before) = database.accounts(&["get", "acc_a"]);
    let store = database.dir.path().join("aupd.db");
    let (printed, _) = texts(&aupd(&["accounts", "get", "acc_a", "--store", text(&store)]));
    let file = database.file("again.json", &printed);
    assert_eq!(database.accounts(&["put", text(&file)]).0, Some(0));
    let (_, after) = database.accounts(&["get", "acc_a"]);
    assert_eq!(before["account"], after["account"]);
    assert_eq!((&before["revision"], &after["revision"]), (&json!(1), &json!(2)));
}

#[test]
fn overrides_that_the_bundle_does_not_take_are_refused_by_field() {
    let database = Database::new();
    for (more, field) in [
        (json!({ "limits": { "no_such_limit": 1 } }), "`limits.no_such_limit`"),
        (json!({ "limits": { "rps": 0.5 } }), "`limits.rps`"),
        (json!({ "modes": { "NO_SUCH_REASON": "OFF" } }), "`modes.NO_SUCH_REASON`"),
        (json!({ "modes": { "INVALID_REQUEST": "OFF" } }), "`modes.INVALID_REQUEST`"),
    ] {
        let file = database.file("a.json", &account("acc_a", &more).to_string());
        let (code, answer) = database.accounts(&["put", text(&file)]);
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(code == Some(1) && error.starts_with(field), "{answer}");
    }
    assert_eq!(database.accounts(&["list"]).1["accounts"], json!([]));
}

#[test]
fn an_import_of_lines_keeps_the_good_ones_and_tells_the_others() {
    let database = Database::new();
    let rows = [
        account("acc_a", &json!({ "parent_id": "acc_b" })).to_string(),
        "{ not json".to_owned(),
        account("acc_b", &json!({ "parent_id": "acc_a" })).to_string(),
        account("acc_c", &json!({ "limits": { "nothing": 1 } })).to_string(),
        account("acc_d", &json!({})).to_string(),
    ];
    let file = database.file("accounts.jsonl", &rows.join("\n"));
    let (code, answer) = database.accounts(&["import", text(&file)]);
    assert_eq!((code, &answer["imported"], &answer["rejected"]), (Some(1), &json!(2), &json!(3)), "{answer}");
    let problems = answer["problems"].as_array().expect("an array");
    let lines: Vec<_> = problems.iter().map(|problem| problem["line"].clone()).collect();
    assert_eq!(lines, [json!(2), json!(3), json!(4)]);
    assert_eq!(problems[1]["problem"], "account `acc_b` would be its own ancestor");
}

#[test]
fn an_import_of_a_map_tells_the_line_of_a_bad_account() {
    let database = Database::new();
    let map = json!({
        "acc_a": account("acc_a", &json!({})), "acc_b": account("acc_x", &json!({})),
        "acc_c": account("acc_c", &json!({ "status": "ASLEEP" })),
    });
    let pretty = serde_json::to_string_pretty(&map).expect("JSON");
    let file = database.file("accounts.json", &pretty);
    let (code, answer) = database.accounts(&["import", text(&file)]);
    assert_eq!((code, &answer["imported"], &answer["rejected"]), (Some(1), &json!(1), &json!(2)), "{answer}");
    let line =
        |id: &str| pretty.lines().position(|line| line.contains(&format!("{id}\": {{"))).map(|at| at + 1);
    let told: Vec<_> =
        answer["problems"].as_array().into_iter().flatten().map(|p| p["line"].clone()).collect();
    assert_eq!(told, [json!(line("acc_b")), json!(line("acc_c"))]);
}
