//! `aupd bundle validate`: every way of breaking a bundle is found at its file and line.

use crate::support::{BrokenBundle, aupd, root, texts};

const RESALE: &str = "clauses/13-reselling.cedar";

/// Asserts that a bundle is refused with one line that names the place and the problem.
#[track_caller]
fn refused(bundle: &BrokenBundle, file: &str, line: usize, message: &str) {
    let dir = bundle.path().to_str().expect("the folder's name is text");
    let output = aupd(&["bundle", "validate", dir]);
    let (_, errors) = texts(&output);
    let place = if line == 0 { format!("{dir}/{file}: ") } else { format!("{dir}/{file}:{line}: ") };
    let found = errors.lines().any(|text| text.starts_with(&place) && text.contains(message));
    assert!(found, "expected `{place}…{message}`, got\n{errors}");
    assert_eq!(output.status.code(), Some(1));
}

/// Adds a rule after the last one of the clause on resale; its second line is `condition`.
fn with_rule(head: &str, condition: &str) -> (BrokenBundle, usize) {
    let rule =
        format!("\n// Added.\n{head}\nforbid (principal, action, resource)\nwhen {{ {condition} }};\n");
    let bundle = BrokenBundle::new().append(RESALE, &rule);
    let line = bundle.line_of(RESALE, "// Added.");
    (bundle, line)
}

const NUMBERS: &str = "clauses/14-misuse-of-numbers.cedar";
const HEAD: &str = "@reason(\"RESALE_NOT_APPROVED\")";

#[test]
fn the_default_bundle_is_sound_and_counts_what_is_planned() {
    for dir in [None, root().join("policies").to_str()] {
        let arguments: Vec<&str> = ["bundle", "validate"].into_iter().chain(dir).collect();
        let output = aupd(&arguments);
        let (text, errors) = texts(&output);
        assert!(output.status.success(), "{errors}");
        assert!(text.contains("obligations are planned"), "{text}");
    }
}

#[test]
fn an_unknown_reason() {
    let (bundle, line) = with_rule("@reason(\"RESALE_UNHEARD_OF\")", "principal.entitled");
    refused(&bundle, RESALE, line + 1, "reason `RESALE_UNHEARD_OF` is not in the catalogue");
}

#[test]
fn a_catalogue_entry_that_nothing_uses() {
    let bundle = BrokenBundle::new().replace(
        "reasons.yaml",
        "  - code: SYSTEM_ACCOUNT_UNAVAILABLE",
        "  - code: NOBODY_SAYS_THIS\n    clause: 12\n    message: m\n    detail: d\n  - code: SYSTEM_ACCOUNT_UNAVAILABLE",
    );
    let line = bundle.line_of("reasons.yaml", "NOBODY_SAYS_THIS");
    refused(&bundle, "reasons.yaml", line, "reason `NOBODY_SAYS_THIS` is used by no rule");
}

#[test]
fn a_planned_reason_that_a_rule_uses() {
    let entry = "  - code: NUMBER_CHURN\n";
    let bundle = BrokenBundle::new().replace("reasons.yaml", entry, &format!("{entry}    planned: true\n"));
    let line = bundle.line_of(NUMBERS, "NUMBER_CHURN");
    refused(&bundle, NUMBERS, line, "reason `NUMBER_CHURN` is marked as planned");
}

#[test]
fn an_undeclared_limit() {
    let (bundle, line) = with_rule(HEAD, "principal.ip_notices > principal.limits.unheard_of");
    refused(&bundle, RESALE, line + 3, "limit `unheard_of` is not declared");
}

#[test]
fn an_undeclared_counter() {
    let (bundle, line) = with_rule(HEAD, "context.traffic.unheard_of > principal.limits.ato_signals");
    refused(&bundle, RESALE, line + 3, "counter `unheard_of` is not declared");
}

#[test]
fn a_counter_that_is_not_what_it_says() {
    for (from, to, what) in [
        ("key: [account, end_user_ip]", "key: [account, shoe_size]", "names the field `shoe_size`"),
        ("window: tdos_s", "window: unheard_of", "has the window `unheard_of`"),
        ("calendar_day: America/Los_Angeles", "calendar_day: America/Nowhere", "which is no time zone"),
        ("events: [RELEASE_NUMBER]", "events: [LOSE_NUMBER]", "takes `LOSE_NUMBER`"),
        ("{below: churn_lease_s}", "{about: churn_lease_s}", "has the unknown comparison `about`"),
        ("gap: seq_gap", "gap: unheard_of", "names `unheard_of`, which is not a declared limit"),
    ] {
        let bundle = BrokenBundle::new().replace("counters.yaml", from, to);
        let line = bundle.line_of("counters.yaml", to);
        let text = std::fs::read_to_string(root().join("policies/counters.yaml")).expect("it is there");
        let before = text.lines().take(line).collect::<Vec<_>>();
        let name = before.iter().rposition(|l| l.trim_start().starts_with("- name:")).expect("a counter");
        refused(&bundle, "counters.yaml", name + 1, what);
    }
}

#[test]
fn the_parts_of_a_counter_are_read_by_name() {
    let limit = "principal.limits.once";
    let (bundle, line) = with_rule(HEAD, &format!("context.traffic.short_calls.whole >= {limit}"));
    refused(&bundle, RESALE, line + 3, "counter `short_calls` has no `whole`");
    let (bundle, line) = with_rule(HEAD, &format!("context.traffic.short_calls >= {limit}"));
    refused(&bundle, RESALE, line + 3, "counter `short_calls` has a `part`");
}

#[test]
fn an_undeclared_list() {
    let (bundle, line) = with_rule(HEAD, "context.listed.unheard_of");
    refused(&bundle, RESALE, line + 3, "list `unheard_of` is not declared");
}

#[test]
fn an_attribute_without_a_signal() {
    let schema = "aup.cedarschema";
    let bundle = BrokenBundle::new().replace(schema, "  sender: {", "  sender: {\n    unheard_of: Bool,");
    let line = bundle.line_of(schema, "unheard_of");
    refused(&bundle, schema, line, "attribute `context.sender.unheard_of` is provided by no signal");
}

#[test]
fn an_attribute_of_another_type_than_its_signal() {
    let schema = "aup.cedarschema";
    let bundle = BrokenBundle::new().replace(schema, "  aup_version: Long,", "  aup_version: String,");
    let line = bundle.line_of(schema, "aup_version: String");
    refused(
        &bundle,
        schema,
        line,
        "attribute `principal.aup_version` is declared as String, and its signal gives Long",
    );
}

#[test]
fn a_signal_that_the_schema_forgets() {
    let schema = "aup.cedarschema";
    let bundle = BrokenBundle::new().replace(schema, "    forwarding_loop: Bool,", "");
    refused(&bundle, schema, 0, "signal `context.number.forwarding_loop` is not declared");
}

#[test]
fn a_misspelt_attribute_behind_has() {
    let (bundle, line) = with_rule(HEAD, "context has sendr && context.sender.owned");
    refused(&bundle, RESALE, line + 3, "attribute `context.sendr` is provided by no signal");
}

#[test]
fn a_misspelt_attribute() {
    let (bundle, line) = with_rule(HEAD, "context.sender.ownd");
    refused(&bundle, RESALE, line + 3, "attribute `context.sender.ownd` is provided by no signal");
}

#[test]
fn a_literal_number() {
    let (bundle, line) = with_rule(HEAD, "principal.ip_notices > 3");
    refused(&bundle, RESALE, line + 3, "a rule may not hold a number");
}

#[test]
fn a_misspelt_annotation() {
    let (bundle, line) = with_rule("@reason(\"RESALE_NOT_APPROVED\") @mod(\"off\")", "principal.entitled");
    refused(&bundle, RESALE, line + 1, "annotation `@mod` is unknown");
}

#[test]
fn an_unknown_mode() {
    let (bundle, line) = with_rule("@reason(\"RESALE_NOT_APPROVED\") @mode(\"warn\")", "principal.entitled");
    refused(&bundle, RESALE, line + 1, "mode `warn` is unknown");
}

#[test]
fn a_forbid_without_a_reason() {
    let (bundle, line) = with_rule("@id(\"x\")", "principal.entitled");
    refused(&bundle, RESALE, line + 2, "a forbid needs a `@reason`");
}

#[test]
fn a_permit_without_an_obligation() {
    let bundle = BrokenBundle::new().append(RESALE, "\n// Added.\npermit (principal, action, resource);\n");
    let line = bundle.line_of(RESALE, "// Added.");
    refused(&bundle, RESALE, line + 1, "a permit needs an `@obligation`");
}

#[test]
fn a_type_error() {
    let (bundle, line) = with_rule(HEAD, "principal.status == principal.ip_notices");
    refused(&bundle, RESALE, line + 3, "types");
}

#[test]
fn a_syntax_error() {
    let (bundle, line) = with_rule(HEAD, "principal.status ==");
    refused(&bundle, RESALE, line + 3, "unexpected token");
}

#[test]
fn a_code_twice_in_the_catalogue() {
    let bundle = BrokenBundle::new().replace(
        "reasons.yaml",
        "  - code: SYSTEM_ACCOUNT_UNAVAILABLE",
        "  - code: ACCOUNT_CLOSED # again\n    clause: 12\n    message: m\n    detail: d\n  - code: SYSTEM_ACCOUNT_UNAVAILABLE",
    );
    let line = bundle.line_of("reasons.yaml", "# again");
    refused(&bundle, "reasons.yaml", line, "reason `ACCOUNT_CLOSED` is in the catalogue twice");
}

#[test]
fn a_rule_id_twice() {
    let (bundle, line) =
        with_rule("@id(\"account-closed\") @reason(\"RESALE_NOT_APPROVED\")", "principal.entitled");
    refused(
        &bundle,
        RESALE,
        line + 1,
        "rule id `account-closed` is also used at clauses/12-unauthorized-usage.cedar",
    );
}

#[test]
fn a_mask_of_an_unknown_code() {
    let bundle = BrokenBundle::new().replace(
        "reasons.yaml",
        "  - code: SYSTEM_ACCOUNT_UNAVAILABLE",
        "  - code: SYSTEM_ACCOUNT_UNAVAILABLE\n    masks:\n      - UNHEARD_OF",
    );
    let line = bundle.line_of("reasons.yaml", "UNHEARD_OF");
    refused(&bundle, "reasons.yaml", line, "masks `UNHEARD_OF`, which is not in the catalogue");
}

#[test]
fn a_typo_in_yaml() {
    let bundle = BrokenBundle::new().replace("limits.yaml", "    unit: version", "    unti: version");
    let line = bundle.line_of("limits.yaml", "unti: version");
    refused(&bundle, "limits.yaml", line, "unti");
}

#[test]
fn yaml_that_is_none() {
    let bundle = BrokenBundle::new().replace("counters.yaml", "counters:", "counters: [");
    let dir = bundle.path().to_str().expect("the folder's name is text");
    let (_, errors) = texts(&aupd(&["bundle", "validate", dir]));
    assert!(errors.contains("counters.yaml:"), "{errors}");
}

#[test]
fn a_gate_that_reads_the_account() {
    let rule = "\n// Added.\n@reason(\"ACCOUNT_NOT_FOUND\")\nforbid (principal, action, resource)\nwhen { principal.entitled };\n";
    let bundle = BrokenBundle::new().append(RESALE, rule);
    let line = bundle.line_of(RESALE, "// Added.");
    refused(&bundle, RESALE, line + 2, "reason `ACCOUNT_NOT_FOUND` is a gate");
}

#[test]
fn a_list_that_looks_up_nothing_known() {
    let file = "lists/leaked_keys.yaml";
    let bundle = BrokenBundle::new().replace(file, "of: context.key.id", "of: context.key.idea");
    refused(
        &bundle,
        file,
        bundle.line_of(file, "name:"),
        "looks up `context.key.idea`, which no signal provides",
    );
}

#[test]
fn a_list_that_a_signal_reads_and_that_is_gone() {
    let bundle = BrokenBundle::new();
    std::fs::remove_file(bundle.path().join("lists/record_retention.yaml")).expect("the file goes");
    refused(&bundle, "lists/record_retention.yaml", 0, "is missing");
}

#[test]
fn a_folder_that_is_none() {
    let output = aupd(&["bundle", "validate", "/nonexistent/bundle"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("/nonexistent/bundle"), "{output:?}");
}

#[test]
fn a_new_rule_over_facts_that_exist_needs_no_rust() {
    let bundle = BrokenBundle::new()
        .append("limits.yaml", "  - name: sms_price\n    default: 0.01\n    unit: usd\n    source: a test\n    why: a test\n")
        .append(
            RESALE,
            "\n@reason(\"RESALE_SCOPE_EXCEEDED\")\nforbid (principal, action == Action::\"SEND_SMS\", resource)\nwhen { context.money.price > principal.limits.sms_price };\n",
        );
    let dir = bundle.path().to_str().expect("the folder's name is text");
    let cases = root().join("demo/cases");
    let case = bundle.path().join("priced.jsonl");
    let text = std::fs::read_to_string(cases.join("21-liability.jsonl")).expect("the cases are there");
    let line = text.lines().find(|line| line.contains("c21-a-02")).expect("the case is there");
    std::fs::write(&case, line.replace("0.0079", "0.0101")).expect("the case is written");
    let arguments =
        ["test", case.to_str().expect("text"), "--bundle", dir, "--fixtures", cases.to_str().expect("text")];
    let (text, errors) = texts(&aupd(&arguments));
    assert!(text.contains("got      DENY RESALE_SCOPE_EXCEEDED"), "{text}{errors}");
}

// === Rules of one account ===

const TENANT: &str = "tenants/acc_reseller.cedar";

fn with_tenant(text: &str) -> BrokenBundle {
    let bundle = BrokenBundle::new();
    std::fs::create_dir_all(bundle.path().join("tenants")).expect("the folder is made");
    std::fs::write(bundle.path().join(TENANT), text).expect("the file is written");
    bundle
}

#[test]
fn an_accounts_own_rule_must_be_about_its_own_subtree() {
    for scope in
        ["principal", "principal == Account::\"acc_reseller\"", "principal in Account::\"acc_other\""]
    {
        let rule = format!("{HEAD}\nforbid ({scope}, action, resource);\n");
        let message = "must begin with `principal in Account::\"acc_reseller\"`";
        refused(&with_tenant(&rule), TENANT, 2, message);
    }
}

#[test]
fn an_accounts_own_rule_only_forbids() {
    let rule =
        "@obligation(\"REDACT_LOGS\")\npermit (principal in Account::\"acc_reseller\", action, resource);\n";
    refused(&with_tenant(rule), TENANT, 2, "an account's own rules can only forbid");
}

// === What has no compiled form, or is too large ===

#[test]
fn what_would_turn_silent_or_always_fail_is_refused_by_name() {
    for (condition, named) in [
        ("context.sender has owned && context.sender.owned", "`context.sender has owned`"),
        ("principal has status", "`principal has status`"),
        ("(if context.sender.owned then principal else principal).status == \"ACTIVE\"", ".status`"),
        ("{owned: context.sender.owned}.owned", ".owned`"),
    ] {
        let (bundle, line) = with_rule(HEAD, condition);
        refused(&bundle, RESALE, line + 1, named);
    }
}

#[test]
fn a_gate_may_not_ask_who_is_above_the_account() {
    let gate = "@reason(\"INVALID_DESTINATION\")";
    for condition in [
        "principal in Account::\"acc_top\"",
        "principal is Account in Account::\"acc_top\"",
        "Account::\"acc_a\" in Account::\"acc_top\"",
    ] {
        let (bundle, line) = with_rule(gate, condition);
        refused(&bundle, RESALE, line + 2, "may not read the account");
    }
    let (bundle, _) = with_rule(gate, "action in Action::\"REACH_NUMBER\" && context.destination.reachable");
    let dir = bundle.path().to_str().expect("the folder's name is text");
    assert_eq!(aupd(&["bundle", "validate", dir]).status.code(), Some(0));
}

#[test]
fn the_base_permit_is_for_everybody() {
    const BASE: &str = "clauses/00-base.cedar";
    let message = "the base permit is for everybody";
    let bundle = BrokenBundle::new().replace(
        BASE,
        "permit (principal, action, resource);",
        "permit (principal, action, resource) when { principal.status == \"ACTIVE\" };",
    );
    refused(&bundle, BASE, 5, message);
    let bundle = BrokenBundle::new().replace(
        BASE,
        "permit (principal, action, resource);",
        "permit (principal == Account::\"a\", action, resource);",
    );
    refused(&bundle, BASE, 5, message);
}

#[test]
fn a_rule_is_bounded_before_anything_descends_into_it() {
    let brackets = format!("{}context.sender.owned{}", "(".repeat(100_000), ")".repeat(100_000));
    let conditionals =
        format!("{}true", "if context.sender.owned then context.sender.owned else ".repeat(10_000));
    let chain = vec!["context.sender.owned"; 20_000].join(" && ");
    let sets = format!("{}.isEmpty()", format_args!("[{}]", vec!["\"a\""; 70_000].join(",")));
    for (condition, message) in [
        (brackets, "nested 128 deep"),
        (conditionals, "nested 128 deep"),
        (chain, "2048 operators"),
        (sets, "65536 parts"),
    ] {
        let (bundle, line) = with_rule(HEAD, &condition);
        refused(&bundle, RESALE, line + 1, message);
    }
    let chain = vec!["context.sender.owned"; 400].join(" && ");
    let (bundle, _) = with_rule(HEAD, &chain);
    let dir = bundle.path().to_str().expect("the folder's name is text");
    assert_eq!(aupd(&["bundle", "validate", dir]).status.code(), Some(0));
}
