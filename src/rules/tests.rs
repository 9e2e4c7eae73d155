use super::statements;

#[test]
fn statements_keep_their_lines() {
    let text = "// head\n@id(\"a;b\")\npermit (principal, action, resource);\n\n// next\nforbid (principal, action, resource)\nwhen { context.n > 12 };\n// end\n";
    let split = statements::split(text);
    let lines: Vec<usize> = split.iter().map(|statement| statement.line).collect();
    assert_eq!(lines, [2, 6]);
    assert_eq!(split[1].line_of_number(), 7);
    assert_eq!(split[1].line_of_word("context"), 7);
}
