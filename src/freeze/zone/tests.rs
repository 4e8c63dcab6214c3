use chrono::{Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::*;

const HOUR: i64 = 3600;

/// Names for which chrono-tz, at tzdata 2025b, knows other rules than the table, and what the clocks show there in the
/// January and the July of 2028, in hours.
const DIFFERENT: [(&str, i64, i64, &str); 13] = [
    ("Africa/Casablanca", 0, 0, "Morocco left +01 and its hour back in Ramadan in 2026"),
    ("Africa/El_Aaiun", 0, 0, "as Morocco"),
    ("America/Edmonton", -6, -6, "Alberta stays on summer time since 2026"),
    ("America/Inuvik", -6, -6, "the Northwest Territories stay on summer time since 2026"),
    ("America/Rainy_River", -5, -5, "as Winnipeg"),
    ("America/Vancouver", -7, -7, "British Columbia stays on summer time since 2026"),
    ("America/Winnipeg", -5, -5, "Manitoba stays on summer time since 2026"),
    ("America/Yellowknife", -6, -6, "as Inuvik"),
    ("Canada/Central", -5, -5, "as Winnipeg"),
    ("Canada/Mountain", -6, -6, "as Edmonton"),
    ("Canada/Pacific", -7, -7, "as Vancouver"),
    ("Europe/Chisinau", 2, 3, "Moldova changes at the Union's hour since 2022"),
    ("Europe/Tiraspol", 2, 3, "as Chisinau"),
];

fn moment(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

fn zone(name: &str) -> Zone {
    Zone::find(name).unwrap_or_else(|| panic!("{name} is not in the table"))
}

/// Moments from 2026 to 2030: every few days, and on both sides of every change the table has.
fn moments(zone: &Zone) -> Vec<i64> {
    let (first, last) = (moment("2026-01-01T00:00:00Z"), moment("2031-01-01T00:00:00Z"));
    let years = (2026..=2030).filter_map(|year| zone.summer_of(moment(&format!("{year}-06-01T00:00:00Z"))));
    let changes = years.flat_map(|(start, end)| [start - 1, start, end - 1, end]);
    (first..last).step_by(5 * 86_400).chain(changes).collect()
}

/// The first moment at which the table and chrono-tz disagree.
fn disagreement(name: &str) -> Option<String> {
    let (ours, theirs) = (zone(name), name.parse::<Tz>().unwrap());
    moments(&ours).into_iter().find_map(|moment| {
        let time = Utc.timestamp_opt(moment, 0).unwrap();
        let expected = theirs.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc();
        let offset = ours.offset(moment);
        (offset != i64::from(expected)).then(|| format!("{name} at {time}: {offset} instead of {expected}"))
    })
}

#[test]
fn every_zone_agrees_with_the_time_zone_database() {
    let names = TZ_VARIANTS.iter().map(|zone| zone.name());
    let differences: Vec<String> = names
        .filter(|name| !DIFFERENT.iter().any(|(different, ..)| different == name))
        .filter_map(disagreement)
        .collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn where_the_database_of_the_tests_is_older_the_table_is_right() {
    for (name, january, july, why) in DIFFERENT {
        let zone = zone(name);
        assert!(disagreement(name).is_some(), "{name} agrees by now: leave it out here");
        assert_eq!(zone.offset(moment("2028-01-15T12:00:00Z")), january * HOUR, "{name}: {why}");
        assert_eq!(zone.offset(moment("2028-07-15T12:00:00Z")), july * HOUR, "{name}: {why}");
    }
}

#[test]
fn every_line_of_the_table_can_be_read_and_no_name_is_there_twice() {
    let mut seen = std::collections::BTreeSet::new();
    for line in ZONES.lines() {
        let (rules, names) = line.split_once(": ").unwrap();
        let zone = Zone::parse(rules).unwrap_or_else(|| panic!("{rules}"));
        assert!(zone.changes.is_none() || zone.winter < zone.summer, "{rules}");
        assert!(names.split(' ').all(|name| seen.insert(name)), "{rules}");
    }
    assert!(ZONES.len() < 14_000, "{} bytes", ZONES.len());
}

#[test]
fn fixed_offsets_are_zones() {
    for (name, seconds) in
        [("Z", 0), ("UTC", 0), ("+02:00", 7200), ("-03:30", -12_600), ("+05:45", 20_700), ("-00:00", 0)]
    {
        assert_eq!(zone(name), Zone::fixed(seconds), "{name}");
    }
}

#[test]
fn other_names_are_no_zones() {
    for name in
        ["", "Z0", "z", "CEST", "europe/berlin", "Europe", "Europe/Berlin ", "+2", "+25:00", "+02:00:00", "-"]
    {
        assert_eq!(Zone::find(name), None, "{name:?}");
    }
}

#[test]
fn a_skipped_time_is_the_moment_of_the_change() {
    for (name, local, change) in [
        ("Europe/Berlin", "2027-03-28T02:30:00Z", "2027-03-28T01:00:00Z"),
        ("America/New_York", "2027-03-14T02:00:00Z", "2027-03-14T07:00:00Z"),
        ("Africa/Cairo", "2027-04-30T00:00:00Z", "2027-04-29T22:00:00Z"),
        ("Australia/Lord_Howe", "2027-10-03T02:15:00Z", "2027-10-02T15:30:00Z"),
        ("America/Nuuk", "2027-03-27T23:59:59Z", "2027-03-28T01:00:00Z"),
        ("Antarctica/Troll", "2027-03-28T02:59:59Z", "2027-03-28T01:00:00Z"),
    ] {
        for edge in [Edge::Start, Edge::End] {
            assert_eq!(zone(name).moment(moment(local), edge), moment(change), "{name} {edge:?}");
        }
    }
}

#[test]
fn a_repeated_time_starts_early_and_ends_late() {
    for (name, local, early, late) in [
        ("Europe/Berlin", "2027-10-31T02:30:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"),
        ("Europe/Dublin", "2027-10-31T01:00:00Z", "2027-10-31T00:00:00Z", "2027-10-31T01:00:00Z"),
        ("Australia/Sydney", "2027-04-04T02:00:00Z", "2027-04-03T15:00:00Z", "2027-04-03T16:00:00Z"),
        ("Australia/Lord_Howe", "2027-04-04T01:45:00Z", "2027-04-03T14:45:00Z", "2027-04-03T15:15:00Z"),
    ] {
        assert_eq!(zone(name).moment(moment(local), Edge::Start), moment(early), "{name}");
        assert_eq!(zone(name).moment(moment(local), Edge::End), moment(late), "{name}");
    }
}

#[test]
fn any_other_time_is_one_moment() {
    for (name, local, expected) in [
        ("Europe/Berlin", "2027-07-01T12:00:00Z", "2027-07-01T10:00:00Z"),
        ("Europe/Berlin", "2027-03-28T03:00:00Z", "2027-03-28T01:00:00Z"),
        ("Europe/Berlin", "2027-10-31T03:00:00Z", "2027-10-31T02:00:00Z"),
        ("Pacific/Auckland", "2027-01-01T00:00:00Z", "2026-12-31T11:00:00Z"),
        ("Pacific/Easter", "2027-06-01T00:00:00Z", "2027-06-01T06:00:00Z"),
        ("Asia/Kathmandu", "2027-06-01T05:45:00Z", "2027-06-01T00:00:00Z"),
        ("+02:00", "2027-03-28T02:30:00Z", "2027-03-28T00:30:00Z"),
    ] {
        for edge in [Edge::Start, Edge::End] {
            assert_eq!(zone(name).moment(moment(local), edge), moment(expected), "{name} {local}");
        }
    }
}

#[test]
fn any_moment_has_an_offset() {
    for at in [i64::MIN, i64::MAX] {
        assert_eq!(zone("Europe/Berlin").offset(at), HOUR);
    }
}
