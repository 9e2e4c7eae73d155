use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<(bool, String)> {
    let mut buffer = Buffer::default();
    parse(text, &mut buffer).map(|dialled| (dialled.international, dialled.digits.to_owned()))
}

#[test]
fn keeps_digits_and_drops_separators() {
    let table = [
        ("911", false, "911"),
        (" 9-1.1 ", false, "911"),
        ("(020) 7946‑0958", false, "02079460958"),
        ("+44 (0)20", true, "44020"),
        ("＋１１２", true, "112"),
        ("٩١١", false, "911"),
        ("۱۱۲", false, "112"),
        ("१०८", false, "108"),
        ("\u{202A}1\u{200B}12\u{202C}", false, "112"),
        ("１１２", false, "112"),
    ];
    for (text, international, digits) in table {
        assert_eq!(read(text), Some((international, digits.to_owned())), "{text}");
    }
}

#[test]
fn refuses_what_is_not_a_number() {
    let long = "1".repeat(MAX_DIGITS + 1);
    for text in
        ["", "+", " ", "911x", "*67911", "1-800-FLOWERS", "9+11", "++911", "112#", "tel:112", "①①②", &long]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_ascii_digits_or_nothing(text in any::<String>()) {
        if let Some((_, digits)) = read(&text) {
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty());
        }
    }
}
