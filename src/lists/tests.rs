use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn list(matching: Match, values: &[&str]) -> List {
    List::new("l", Kind::Feed, matching, None, values.iter().map(|v| ((*v).to_owned(), Value::Null)))
}

#[test]
fn each_way_of_matching() {
    for (matching, value, yes, no) in [
        (Match::Exact, "Key_1", "Key_1", "key_1"),
        (Match::Folded, "Emergency  Services", "ｅmergency services", "emergencyservices"),
        (Match::Prefix, "+3718", "+37181234567", "+37121234567"),
        (Match::Number, "+12125550166", "+12125550166", "+1212555016"),
        (Match::Host, "bad.test", "a.b.BAD.test.", "notbad.test"),
        (Match::Country, "IR", "ir", "IRN"),
        (Match::Skeleton, "Shadow Freight FZE", "SHАDOW FREIGHT F.Z.E.", "Shadow Freight"),
        (Match::Hash, "AB", "ab", "a"),
    ] {
        let list = list(matching, &[value]);
        assert!(list.contains(yes), "{matching:?} {yes}");
        assert!(!list.contains(no), "{matching:?} {no}");
        assert!(!list.contains(""), "{matching:?} of nothing");
    }
}

#[test]
fn the_longest_prefix_wins() {
    let entries = [("+1".to_owned(), Value::from("short")), ("+1712".to_owned(), Value::from("long"))];
    let list = List::new("l", Kind::Feed, Match::Prefix, None, entries);
    assert_eq!(list.get("+17125550123"), Some(&Value::from("long")));
    assert_eq!(list.get("+12125550123"), Some(&Value::from("short")));
}

proptest! {
    /// ASCII takes a shorter way; a letter of another script keeps it off it without changing the rest.
    #[test]
    fn ascii_takes_a_shorter_way_to_the_same_place(text in r"[\x00-\x7f]{0,30}") {
        let long = format!("{text} \u{436}");
        prop_assert_eq!(format!("{}\u{436}", skeleton(&text)), skeleton(&long));
        let long = folded(&long);
        prop_assert_eq!(folded(&text), long.strip_suffix('\u{436}').unwrap().trim_end_matches(' '));
    }

    #[test]
    fn what_is_normal_is_not_copied_and_what_is_not_is_made_so(text in any::<String>()) {
        for matching in [Match::Exact, Match::Folded, Match::Prefix, Match::Number, Match::Host, Match::Country, Match::Skeleton, Match::Hash] {
            prop_assert_eq!(&*looked_up(matching, &text), normal(matching, &text));
        }
    }
}
