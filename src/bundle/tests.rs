use super::*;

#[test]
fn the_default_bundle_is_sound() {
    let problems = Bundle::embedded().err().unwrap_or_default();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
