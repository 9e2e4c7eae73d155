use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use proptest::prelude::*;

use super::*;

const EXAMPLES: &str = include_str!("../testdata/official_examples.tsv");

fn row(description: Description) -> String {
    let Description { e164, region, kind, possible, valid } = description;
    let region = region.map_or("-".to_owned(), |region| region.to_string());
    let is = |name, holds| if holds { name } else { "-" };
    format!("{e164} {region} {kind:?} {} {}", is("possible", possible), is("valid", valid))
}

#[test]
fn describes_numbers() {
    let numbers = [
        "+18005550199",
        "+14155550100",
        "+12125550123",
        "+17875550100",
        "+18085550100",
        "+14165550100",
        "+19995550100",
        "+15550100",
        "+911401234567",
        "+911600123456",
        "+918123456789",
        "+37121234567",
        "+449012345678",
        "+442079460958",
        "+447700900123",
        "+4402079460958",
        "+80012345678",
        "+883510012345",
        "+9991234567",
        "+5215512345678",
    ];
    let mut table = String::new();
    for text in numbers {
        writeln!(table, "{text} → {}", row(describe(text).unwrap())).unwrap();
    }
    expect![[r"
        +18005550199 → +18005550199 US TollFree possible valid
        +14155550100 → +14155550100 US FixedLineOrMobile possible valid
        +12125550123 → +12125550123 US FixedLineOrMobile possible valid
        +17875550100 → +17875550100 PR FixedLineOrMobile possible valid
        +18085550100 → +18085550100 US FixedLineOrMobile possible valid
        +14165550100 → +14165550100 CA FixedLineOrMobile possible valid
        +19995550100 → +19995550100 - Unknown possible -
        +15550100 → +15550100 - Unknown - -
        +911401234567 → +911401234567 IN Uan possible valid
        +911600123456 → +911600123456 IN Mobile possible valid
        +918123456789 → +918123456789 IN Mobile possible valid
        +37121234567 → +37121234567 LV Mobile possible valid
        +449012345678 → +449012345678 GB PremiumRate possible valid
        +442079460958 → +442079460958 GB FixedLine possible valid
        +447700900123 → +447700900123 GB Unknown possible -
        +4402079460958 → +442079460958 GB FixedLine possible valid
        +80012345678 → +80012345678 - TollFree possible valid
        +883510012345 → +883510012345 - Voip possible valid
        +9991234567 → +9991234567 - Unknown - -
        +5215512345678 → +5215512345678 MX Unknown - -
    "]]
    .assert_eq(&table);
}

#[test]
fn only_e164_is_described() {
    for text in
        ["", "911", "4155550100", "14155550100", "+1 415 555 0100", "+1415555010O", "tel:+14155550100"]
    {
        assert_eq!(describe(text), None, "{text}");
    }
}

#[test]
fn national_forms_mean_the_same_number() {
    let table = [
        ("(415) 555-0100", "US", "+14155550100"),
        ("1 415 555 0100", "US", "+14155550100"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("٠٢٠ 7946 0958", "GB", "+442079460958"),
        ("081234 56789", "IN", "+918123456789"),
        ("+1 415-555-0100", "IN", "+14155550100"),
    ];
    for (dialled, region, e164) in table {
        let description = parse_national(dialled, Region::parse(region).unwrap());
        assert_eq!(description, describe(e164), "{dialled} in {region}");
    }
}

#[test]
fn what_is_no_number_in_the_region_is_not_described() {
    for (dialled, region) in
        [("911", "US"), ("", "US"), ("FLOWERS", "US"), ("0207946", "ZZ"), (";phone-context=+1tel:2", "US")]
    {
        assert_eq!(parse_national(dialled, Region::parse(region).unwrap()), None, "{dialled}");
    }
}

/// The known differences from libphonenumber's own examples, so that a new version of the metadata shows here. Most are
/// numbers that several territories share (`+1800…`, `+61…`): they have the first one's region. Where the kind differs,
/// the crate's metadata has ranges that the examples' does not.
#[test]
fn official_examples() {
    let (mut differences, mut same_region, mut same_kind) = (String::new(), 0, 0);
    for line in EXAMPLES.lines() {
        let [text, region, kind] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (got_region, got_kind) = official(text);
        same_region += usize::from(got_region == region);
        same_kind += usize::from(got_kind == kind);
        if (&*got_region, &*got_kind) != (region, kind) {
            writeln!(differences, "{text}: {region} {kind} expected, got {got_region} {got_kind}").unwrap();
        }
    }
    let all = EXAMPLES.lines().count();
    writeln!(
        differences,
        "of {all} examples {same_region} have the region and {same_kind} the kind expected"
    )
    .unwrap();
    expect_file!["../testdata/official_differences.txt"].assert_eq(&differences);
}

/// Region and kind of `text` in the words of the table.
fn official(text: &str) -> (String, String) {
    let Some(Description { region, kind, possible, .. }) = describe(text) else {
        return ("not".to_owned(), "E.164".to_owned());
    };
    let region = region.map_or("001".to_owned(), |region| region.to_string());
    let note = if possible { "" } else { ", not possible" };
    (region, format!("{}{note}", official_name(kind)))
}

fn official_name(kind: Kind) -> &'static str {
    match kind {
        Kind::FixedLine => "FIXED_LINE",
        Kind::Mobile => "MOBILE",
        Kind::FixedLineOrMobile => "FIXED_LINE_OR_MOBILE",
        Kind::TollFree => "TOLL_FREE",
        Kind::PremiumRate => "PREMIUM_RATE",
        Kind::SharedCost => "SHARED_COST",
        Kind::Voip => "VOIP",
        Kind::Personal => "PERSONAL_NUMBER",
        Kind::Pager => "PAGER",
        Kind::Uan => "UAN",
        Kind::Voicemail => "VOICEMAIL",
        Kind::Unknown => "UNKNOWN",
    }
}

proptest! {
    #[test]
    fn any_text_is_described_or_not(text in any::<String>()) {
        let us = Region::parse("US").unwrap();
        prop_assert!(describe(&text).is_none() || E164::parse(&text).is_ok());
        parse_national(&text, us);
    }

    #[test]
    fn any_e164_is_described(text in r"\+[1-9][0-9]{6,14}") {
        prop_assert!(describe(&text).is_some());
    }

    #[test]
    fn describing_a_description_again_changes_nothing(index in 0..1_148usize) {
        let text = EXAMPLES.lines().nth(index).unwrap().split('\t').next().unwrap();
        let Some(first) = describe(text) else { return Ok(()) };
        prop_assert_eq!(describe(&first.e164.to_string()), Some(first));
    }

    #[test]
    fn any_dialled_string_in_any_region(text in r"[+0-9 ()#*;a-z=:.-]{0,40}", region in "[A-Z]{2}") {
        parse_national(&text, Region::parse(&region).unwrap());
    }
}
