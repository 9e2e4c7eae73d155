use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expect_test::expect_file;
use proptest::prelude::*;

use super::*;

const LIST: &str = include_str!("../../../policies/lists/emergency_numbers.yaml");
const LIBPHONENUMBER: &str = include_str!("../../../data/emergency/libphonenumber.json");
const ANDROID: &str = include_str!("../../../data/emergency/eccdata.txt");

#[derive(Deserialize)]
struct List {
    name: String,
    kind: String,
    #[serde(rename = "match")]
    matching: String,
    values: BTreeMap<String, Numbers>,
}

fn region(text: &str) -> Region {
    Region::parse(text).unwrap()
}

fn numbers(pattern: Option<&str>, also: &[&str]) -> Numbers {
    Numbers { pattern: pattern.map(str::to_owned), also: also.iter().map(ToString::to_string).collect() }
}

fn shipped() -> BTreeMap<Region, Numbers> {
    let list: List = serde_saphyr::from_str(LIST).unwrap();
    assert_eq!((&*list.name, &*list.kind, &*list.matching), ("emergency_numbers", "policy", "emergency"));
    list.values.into_iter().map(|(iso, numbers)| (region(&iso), numbers)).collect()
}

fn tables() -> Tables {
    Tables::from_entries(shipped()).unwrap()
}

fn libphonenumber() -> BTreeMap<Region, String> {
    let patterns: BTreeMap<String, String> = serde_json::from_str(LIBPHONENUMBER).unwrap();
    patterns.into_iter().map(|(iso, pattern)| (region(&iso), pattern)).collect()
}

fn android() -> BTreeMap<Region, BTreeSet<String>> {
    let mut countries: BTreeMap<Region, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in ANDROID.lines() {
        match line.trim().split_once(": ") {
            Some(("iso_code", iso)) => current = Some(region(iso.trim_matches('"'))),
            Some(("phone_number", number)) => {
                countries.entry(current.unwrap()).or_default().insert(number.trim_matches('"').to_owned());
            }
            _ => {}
        }
    }
    countries
}

/// All strings of 1 to 6 digits that a pattern of `patterns` matches, by region.
fn enumerate(patterns: &BTreeMap<Region, String>) -> BTreeMap<Region, BTreeSet<String>> {
    let compiled: BTreeMap<Region, Regex> =
        patterns.iter().map(|(region, pattern)| (*region, compile_alone(pattern).unwrap())).collect();
    let all: Vec<String> = patterns.values().cloned().collect();
    let anywhere = Table::anywhere(&all, Vec::new()).unwrap();
    let mut found: BTreeMap<Region, BTreeSet<String>> = BTreeMap::new();
    for width in 1..=MAX_PATTERN_DIGITS {
        for n in 0..10_u32.pow(u32::try_from(width).unwrap()) {
            let digits = format!("{n:0width$}");
            if !anywhere.contains(&digits) {
                continue;
            }
            for (region, _) in compiled.iter().filter(|(_, pattern)| pattern.is_match(&digits)) {
                found.entry(*region).or_default().insert(digits.clone());
            }
        }
    }
    found
}

#[test]
fn the_list_is_the_union_of_both_sources_and_their_disagreements_are_known() {
    let (patterns, android) = (libphonenumber(), android());
    assert_eq!((patterns.len(), android.len()), (240, 227));
    let enumerated = enumerate(&patterns);
    let (mut union, mut table) = (BTreeMap::new(), String::new());
    for region in patterns.keys().chain(android.keys()).collect::<BTreeSet<_>>() {
        let none = BTreeSet::new();
        let ours = enumerated.get(region).unwrap_or(&none);
        let theirs = android.get(region).unwrap_or(&none);
        let also: Vec<String> = theirs.difference(ours).cloned().collect();
        let missing: Vec<String> = ours.difference(theirs).cloned().collect();
        if !also.is_empty() {
            writeln!(table, "{region} android only: {}", also.join(" ")).unwrap();
        }
        if !missing.is_empty() {
            writeln!(table, "{region} libphonenumber only: {}", missing.join(" ")).unwrap();
        }
        union.insert(*region, Numbers { pattern: patterns.get(region).cloned(), also });
    }
    assert_eq!(shipped(), union);
    expect_file!["../testdata/emergency_disagreements.txt"].assert_eq(&table);
}

#[test]
fn every_number_of_either_source_is_an_emergency() {
    let tables = tables();
    let from_patterns = enumerate(&libphonenumber());
    assert_eq!(from_patterns.len(), 240);
    for (region, numbers) in from_patterns.iter().chain(&android()) {
        for number in numbers {
            assert!(tables.is_emergency(number, Some(*region)), "{number} in {region}");
            assert!(tables.is_emergency(number, None), "{number}");
        }
    }
}

#[test]
fn the_exact_dialled_string_in_its_region() {
    let tables = tables();
    let emergencies = [
        ("911", "US"),
        ("112", "US"),
        ("999", "GB"),
        ("112", "IN"),
        ("108", "IN"),
        ("2611", "IN"),
        ("111", "NZ"),
        ("18", "FR"),
        (" 9-1-1 ", "US"),
        ("(911)", "US"),
        ("9.1.1", "US"),
        ("９１１", "US"),
        ("٩٩٩", "GB"),
        ("90000", "SE"),
        ("127799", "ER"),
        ("111", "TK"),
        ("0800117117", "CH"),
        ("988", "SB"),
    ];
    for (dialled, iso) in emergencies {
        assert!(tables.is_emergency(dialled, Some(region(iso))), "{dialled} in {iso}");
    }
    let ordinary = [
        ("999", "US"),
        ("911", "GB"),
        ("103", "IN"),
        ("109", "IN"),
        ("9112", "US"),
        ("+911", "US"),
        ("+1 911", "US"),
        ("91", "US"),
        ("＋９１１", "US"),
        ("", "US"),
        ("911x", "US"),
        ("RED999", "GB"),
        ("+12125550111", "US"),
        ("2125550911", "US"),
        ("1911", "US"),
    ];
    for (dialled, iso) in ordinary {
        assert!(!tables.is_emergency(dialled, Some(region(iso))), "{dialled} in {iso}");
    }
}

#[test]
fn without_a_known_region_every_region_counts() {
    let tables = tables();
    for unknown in [None, Some(region("ZZ"))] {
        assert!(tables.is_emergency("999", unknown));
        assert!(tables.is_emergency("0800117117", unknown));
        assert!(!tables.is_emergency("22395", unknown));
        assert!(!tables.is_emergency("+999", unknown));
    }
}

#[test]
fn a_bad_list_is_refused_and_the_region_named() {
    let one = |numbers| Tables::from_entries([(region("GB"), numbers)]).unwrap_err().to_string();
    assert_eq!(one(numbers(None, &[])), "no emergency numbers for `GB`");
    assert_eq!(
        one(numbers(None, &["999", "99O"])),
        "`99O` is not an emergency number of `GB`: expected 1 to 15 digits"
    );
    let largest = "1{9000}";
    for pattern in ["9(", "9)|(?:1", "\\D11", largest] {
        let message = one(numbers(Some(pattern), &[]));
        assert_eq!(message, "the pattern of emergency numbers of `GB` cannot be used", "{pattern}");
    }
    let twice = [(region("GB"), numbers(Some("999"), &[])), (region("GB"), numbers(Some("112"), &[]))];
    assert_eq!(
        Tables::from_entries(twice).unwrap_err().to_string(),
        "emergency numbers of `GB` are listed twice"
    );
    assert_eq!(Tables::from_entries([]).unwrap_err().to_string(), "no emergency numbers at all");
}

#[test]
fn a_list_without_patterns_or_without_numbers_works() {
    let tables = Tables::from_entries([(region("TK"), numbers(None, &["111"]))]).unwrap();
    assert!(tables.is_emergency("111", None) && !tables.is_emergency("112", None));
    let tables = Tables::from_entries([(region("TK"), numbers(Some("11[12]"), &[]))]).unwrap();
    assert!(tables.is_emergency("112", None) && !tables.is_emergency("113", None));
    assert_eq!(tables.len(), 1);
}

proptest! {
    #[test]
    fn any_text_is_answered_and_a_plus_is_never_an_emergency(text in any::<String>(), short in "[0-9]{1,6}") {
        let tables = Tables::from_entries([(region("US"), numbers(Some("911"), &[]))]).unwrap();
        for region in [None, Some(region("US"))] {
            tables.is_emergency(&text, region);
            let with_plus = format!("+{short}");
            prop_assert!(!tables.is_emergency(&with_plus, region));
            prop_assert_eq!(tables.is_emergency(&short, region), short == "911");
        }
    }
}
