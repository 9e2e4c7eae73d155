//! The tables against the library: the same answer for every number.
//!
//! A longer run: `PROPTEST_CASES=3000000 cargo test --lib numbers::library`.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::Union;
use proptest::string::string_regex;

use super::*;

const EXAMPLES: &str = include_str!("../testdata/official_examples.tsv");
const PLANS: &str = include_str!("../../../data/phone/plans.tsv");

fn same(text: &str) -> Result<(), TestCaseError> {
    let Ok(e164) = E164::parse(text) else { return Ok(()) };
    let expected = describe(text, e164);
    prop_assert_eq!(super::super::describe(text), Some(expected), "{}", text);
    Ok(())
}

/// Every way to change, remove or add one digit, with the same digit each time so that they are not too many.
fn neighbours(text: &str) -> impl Iterator<Item = String> {
    (1..text.len()).flat_map(move |at| {
        let (before, after) = text.split_at(at);
        let digit = char::from(b'0' + (after.as_bytes()[0] - b'0' + 3) % 10);
        let rest = &after[1..];
        [format!("{before}{digit}{rest}"), format!("{before}{rest}"), format!("{before}{digit}{after}")]
            .into_iter()
            .chain(
                (b'0'..=b'9')
                    .map(move |digit| format!("{before}{}{after}", char::from(digit)))
                    .take(10 * usize::from(at < 6)),
            )
    })
}

#[test]
fn examples_and_their_neighbours() {
    for text in EXAMPLES.lines().map(|line| line.split('\t').next().unwrap()) {
        same(text).unwrap();
        neighbours(text).for_each(|text| same(&text).unwrap());
    }
}

/// Every calling code that exists and every one that does not.
#[test]
fn every_calling_code() {
    for code in 100..1000 {
        for rest in ["0000", "23456789", "012345678901", "912345678", "123456789", "800123456", "00000000000"]
        {
            same(&format!("+{code}{rest}")).unwrap();
        }
    }
}

/// The plans were written from the library's own metadata, so they have its calling codes and regions.
#[test]
fn plans_have_all_regions() {
    let rows = PLANS.lines().filter(|line| !line.starts_with('#'));
    let regions: std::collections::BTreeSet<&str> =
        rows.map(|line| line.split('\t').nth(1).unwrap()).filter(|region| *region != "001").collect();
    assert_eq!(regions.len(), util().get_supported_regions().len());
}

/// Calling code and a pattern of the digits behind it, of each line of the plans that has one.
fn patterns() -> impl Iterator<Item = (&'static str, String)> {
    PLANS.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [code, _, what, _, _, pattern] = fields[..] else { return None };
        let pattern = pattern.replace(r"\d", "[0-9]").replace('$', "");
        (!code.starts_with('#') && what != "national_prefix_rewrite").then_some((code, pattern))
    })
}

/// A number of some range of some plan, or one that begins like it.
fn in_a_range() -> impl Strategy<Value = String> {
    let of_row = |(code, pattern): (&'static str, String)| {
        string_regex(&pattern).unwrap().prop_map(move |digits| format!("+{code}{digits}")).boxed()
    };
    Union::new(patterns().map(of_row))
}

/// One after the code of some plan, where national prefixes stand.
fn with_prefix() -> impl Strategy<Value = String> {
    let codes: Vec<&str> = patterns().map(|(code, _)| code).collect();
    (proptest::sample::select(codes), "(|0|00|1|8|06|80|15|9|0?[1-9]{2,4}15)[0-9]{2,12}")
        .prop_map(|(code, rest)| format!("+{code}{rest}"))
}

/// At some place a digit is changed, removed or added, or all that follows is replaced.
fn changed(text: &str, at: Index, digits: &str, how: u8) -> String {
    let at = 1 + at.index(text.len() - 1);
    let (before, after) = text.split_at(at);
    let digit = &digits[..1];
    match how {
        0 => text.to_owned(),
        1 => format!("{before}{digit}{}", &after[1..]),
        2 => format!("{before}{}", &after[1..]),
        3 => format!("{before}{digit}{after}"),
        4 => format!("{text}{digits}"),
        _ => format!("{before}{digits}"),
    }
}

proptest! {
    #[test]
    fn numbers_of_every_range(
        text in in_a_range(), at in any::<Index>(), digits in "[0-9]{1,6}", how in 0..6_u8,
    ) {
        same(&text)?;
        same(&changed(&text, at, &digits, how))?;
    }

    #[test]
    fn numbers_with_a_prefix(text in with_prefix()) {
        same(&text)?;
    }

    #[test]
    fn any_number(text in r"\+[1-9][0-9]{6,14}") {
        same(&text)?;
    }
}
