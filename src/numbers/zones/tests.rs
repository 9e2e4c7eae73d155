use super::*;

fn zones(text: &str) -> &'static [&'static str] {
    zones_for(E164::parse(text).unwrap())
}

#[test]
fn the_longest_prefix_decides() {
    assert_eq!(zones("+14155550100"), ["America/Los_Angeles"]);
    assert_eq!(zones("+12125550123"), ["America/New_York"]);
    assert_eq!(zones("+18085550100"), ["Pacific/Honolulu"]);
    assert_eq!(zones("+14165550100"), ["America/Toronto"]);
    assert_eq!(zones("+918123456789"), ["Asia/Calcutta"]);
    assert_eq!(zones("+442079460958"), ["Europe/London"]);
}

#[test]
fn a_number_of_no_place_has_all_zones_of_its_country() {
    let toll_free = zones("+18005550199");
    assert!(toll_free.len() > 30, "{toll_free:?}");
    assert!(toll_free.contains(&"America/New_York") && toll_free.contains(&"Pacific/Honolulu"));
}

#[test]
fn an_unknown_country_has_none() {
    assert!(zones("+9991234567").is_empty());
}

#[test]
fn every_line_of_the_table_is_read_and_every_zone_exists() {
    let lines = TABLE.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    assert_eq!(ZONES.len(), lines);
    for zone in ZONES.values().flatten() {
        assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
    }
}
