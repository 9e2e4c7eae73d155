//! `aupd bundle eval`: a Cedar program that is not ours, through both evaluators.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{aupd, texts};

const SCHEMA: &str = "
namespace Shop {
  entity Team in [Team];
  entity User in [Team] = { level: Long, manager?: User, home: ipaddr } tags String;
  entity Order = { owner: User, total: decimal };
  action view, refund appliesTo { principal: [User], resource: [Order], context: { now: datetime } };
}";

const POLICIES: &str = r#"
permit (principal in Shop::Team::"staff", action, resource);
@id("too-much")
forbid (principal, action == Shop::Action::"refund", resource)
when { resource.total.greaterThan(decimal("100.0")) }
unless { principal has manager && principal.manager.level > 5 };
@id("overflow")
forbid (principal, action, resource) when { principal.level * 9223372036854775807 < 1 };
@id("abroad")
forbid (principal, action, resource) when { !principal.home.isInRange(ip("10.0.0.0/8")) };
@id("late")
forbid (principal, action, resource)
when { context.now.toTime() > duration("20h") || principal.hasTag("barred") };
"#;

fn entities() -> Value {
    let user = |id: &str, level: i64, manager: Option<&str>| {
        let mut attributes =
            json!({ "level": level, "home": { "__extn": { "fn": "ip", "arg": "10.1.2.3" } } });
        if let Some(manager) = manager {
            attributes["manager"] = json!({ "__entity": { "type": "Shop::User", "id": manager } });
        }
        json!({
            "uid": { "type": "Shop::User", "id": id }, "attrs": attributes,
            "parents": [{ "type": "Shop::Team", "id": "refunds" }], "tags": {},
        })
    };
    json!([
        user("ann", 1, Some("bob")),
        user("bob", 9, None),
        { "uid": { "type": "Shop::Team", "id": "refunds" }, "attrs": {},
          "parents": [{ "type": "Shop::Team", "id": "staff" }] },
        { "uid": { "type": "Shop::Team", "id": "staff" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Shop::Order", "id": "1" }, "parents": [], "attrs": {
            "owner": { "__entity": { "type": "Shop::User", "id": "bob" } },
            "total": { "__extn": { "fn": "decimal", "arg": "250.00" } } } },
    ])
}

fn eval(policies: &str, principal: &str) -> Output {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let request = json!({
        "principal": format!("Shop::User::\"{principal}\""), "action": "Shop::Action::\"refund\"",
        "resource": { "type": "Shop::Order", "id": "1" },
        "context": { "now": { "__extn": { "fn": "datetime", "arg": "2026-11-25T09:00:00Z" } } },
    });
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("the file is written");
        path
    };
    let schema = file("schema", SCHEMA);
    let policies = file("policies", policies);
    let entities = file("entities", &entities().to_string());
    let request = file("request", &request.to_string());
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let arguments = [
        "--json",
        "bundle",
        "eval",
        "--schema",
        &text(&schema),
        "--policies",
        &text(&policies),
        "--entities",
        &text(&entities),
        "--request",
        &text(&request),
    ];
    aupd(&arguments)
}

#[test]
fn another_program_gets_the_same_answer_twice() {
    for (principal, decision, matched, errors) in [
        ("ann", "ALLOW", json!(["policy0"]), json!([])),
        ("bob", "DENY", json!(["policy0", "too-much"]), json!(["overflow"])),
        ("nobody", "DENY", json!(["too-much"]), json!(["abroad", "overflow"])),
    ] {
        let output = eval(POLICIES, principal);
        let answers: Value = serde_json::from_str(&texts(&output).0).expect("the answer is JSON");
        let answer = json!({ "decision": decision, "matched": matched, "errors": errors });
        assert_eq!(answers, json!({ "agree": true, "compiled": answer, "stock": answer }), "{principal}");
        assert_eq!(output.status.code(), Some(0), "{principal}");
    }
}

#[test]
fn a_program_that_does_not_fit_its_schema_is_refused_by_name() {
    let output = eval("permit (principal, action, resource) when { principal.leevl > 1 };", "ann");
    let (text, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("leevl"), "{text}");
}
