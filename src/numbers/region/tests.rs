use super::*;

#[test]
fn parses_two_letters_in_either_case() {
    for text in ["US", "us", "Us"] {
        assert_eq!(Region::parse(text).unwrap().to_string(), "US");
    }
}

#[test]
fn refuses_everything_else() {
    for text in ["", "U", "USA", "001", "U1", "ß", "Ü", "ＵＳ"] {
        assert_eq!(Region::parse(text), Err(InvalidRegion(text.to_owned())));
    }
}

#[test]
fn a_message_does_not_repeat_a_long_text() {
    let error = Region::parse("+14155550100").unwrap_err();
    assert_eq!(error.to_string(), "not a region: expected two letters, got `+141`");
}
