//! `aupd lists` on a database file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{aupd, texts};

struct Database {
    dir: TempDir,
}

impl Database {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("the file is written");
        path
    }

    /// Exit code and JSON answer of `aupd lists …`.
    fn lists(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let store = self.dir.path().join("aupd.db");
        let common = ["--json", "lists", "--store", text(&store)];
        let output = aupd(&[&common, arguments].concat());
        (output.status.code(), serde_json::from_str(&texts(&output).0).expect("the answer is JSON"))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn entries_are_added_found_and_removed() {
    let database = Database::new();
    let added = database.lists(&["add", "url_threats", "Bad.Example"]);
    assert_eq!(added, (Some(0), json!({ "list": "url_threats", "added": 1, "revision": 1 })));
    let (code, found) = database.lists(&["contains", "url_threats", "a.bad.example"]);
    let entry = json!({ "value": "bad.example", "payload": null });
    assert_eq!((code, found), (Some(0), json!({ "list": "url_threats", "contained": true, "entry": entry })));
    let (_, removed) = database.lists(&["remove", "url_threats", "bad.example", "other.example"]);
    assert_eq!(removed, json!({ "list": "url_threats", "removed": 1, "revision": 2 }));
    let (code, found) = database.lists(&["contains", "url_threats", "a.bad.example"]);
    assert_eq!((code, &found["contained"]), (Some(1), &json!(false)));
}

#[test]
fn a_list_of_the_policy_an_unknown_one_and_a_bad_value_are_refused() {
    let database = Database::new();
    for (arguments, said) in [
        (["add", "record_roles", "X"], "belongs to the policy"),
        (["add", "no_such_list", "X"], "is not one of the bundle's"),
        (["add", "dno", "212-555-0166"], "entry 0: the value must be `+`"),
    ] {
        let (code, answer) = database.lists(&arguments);
        let error = answer["error"].as_str().unwrap_or_default();
        assert_eq!(code, Some(1));
        assert!(error.contains(said) && !error.contains("0166"), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_no_empty_database() {
    let database = Database::new();
    let (code, answer) = database.lists(&["names"]);
    assert_eq!(code, Some(1));
    assert!(answer["error"].as_str().is_some_and(|error| error.starts_with("there is no database")));
    assert!(!database.dir.path().join("aupd.db").exists());
}

#[test]
fn an_import_takes_the_good_rows_and_tells_the_lines_of_the_others() {
    let database = Database::new();
    let rows = "# numbers\n+12125550160\n\nnonsense\n\"+12125550161\"\n{\"value\": \"+12125550162\", \"payload\": {\"a\": 1}}\n\
                {\"valeu\": \"+12125550163\"}\n";
    let file = database.file("dno.txt", rows);
    let (code, answer) = database.lists(&["import", "dno", text(&file)]);
    assert_eq!((code, &answer["imported"], &answer["rejected"]), (Some(1), &json!(3), &json!(2)));
    let lines: Vec<_> =
        answer["problems"].as_array().into_iter().flatten().map(|p| p["line"].clone()).collect();
    assert_eq!(lines, [json!(4), json!(7)]);
    let (_, found) = database.lists(&["contains", "dno", "+12125550162"]);
    assert_eq!(found["entry"]["payload"], json!({ "a": 1 }));
}

#[test]
fn an_import_of_several_transactions_is_counted_by_names() {
    let database = Database::new();
    let rows: String = (0..2_500).map(|n| format!("+1212555{n:04}\n")).collect();
    let file = database.file("dno.txt", &rows);
    let (code, answer) = database.lists(&["import", "dno", text(&file)]);
    assert_eq!((code, &answer["imported"]), (Some(0), &json!(2_500)));
    let (_, names) = database.lists(&["names"]);
    let lists = names["lists"].as_array().expect("an array");
    let dno = lists.iter().find(|list| list["name"] == "dno").expect("the list");
    let expected =
        json!({ "name": "dno", "kind": "feed", "match": "number", "entries": 2_500, "revision": 3 });
    assert_eq!(*dno, expected);
}
