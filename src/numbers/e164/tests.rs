use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> E164 {
    E164::parse(text).unwrap()
}

#[test]
fn accepts_exactly_a_plus_and_7_to_15_digits() {
    for text in ["+1234567", "+14155550100", "+123456789012345"] {
        assert_eq!(parsed(text).to_string(), text);
    }
    let bad = [
        "",
        "+",
        "14155550100",
        "+123456",
        "+1234567890123456",
        "+0123456789",
        "+1 4155550100",
        "++14155550100",
        "+1415555010a",
        "+１４１５５５５０１００",
        " +14155550100",
        "+14155550100 ",
        "+-1234567",
        "+٩١٤٠١٢٣",
    ];
    for text in bad {
        assert_eq!(E164::parse(text), Err(InvalidE164), "{text}");
    }
}

#[test]
fn masks_the_middle_and_never_less_than_three_digits() {
    let table = [
        ("+14155550100", "+1415•••0100"),
        ("+447700900123", "+4477•••0123"),
        ("+123456789012345", "+1234•••2345"),
        ("+2901234", "+•••1234"),
        ("+29012345", "+2•••2345"),
    ];
    for (text, masked) in table {
        assert_eq!(parsed(text).masked(), masked);
        assert_eq!(format!("{:?}", parsed(text)), format!("E164({masked})"));
    }
}

#[test]
fn prefixes_run_from_the_whole_number_to_its_first_digit() {
    let all: Vec<u64> = parsed("+1234567").prefixes().collect();
    assert_eq!(all, [1_234_567, 123_456, 12_345, 1_234, 123, 12, 1]);
}

proptest! {
    #[test]
    fn parse_and_display_round_trip(text in r"\+[1-9][0-9]{6,14}") {
        let written = parsed(&text).written();
        prop_assert_eq!(written.as_str(), &*text);
        prop_assert_eq!(parsed(&text).to_string(), text);
    }

    #[test]
    fn any_text_parses_or_is_refused(text in any::<String>()) {
        if let Ok(number) = E164::parse(&text) {
            prop_assert_eq!(number.to_string(), text);
        }
    }

    #[test]
    fn a_masked_number_hides_three_digits(text in r"\+[1-9][0-9]{6,14}") {
        let masked = parsed(&text).masked();
        let shown = masked.chars().filter(char::is_ascii_digit).count();
        prop_assert!(shown + HIDDEN < text.len());
        prop_assert!(masked.contains(MASK));
    }
}
