use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(value: &Value) -> Result<Window, Vec<String>> {
    let errors = |errors: Vec<(String, String)>| {
        errors.iter().map(|(key, message)| format!("{key} {message}")).collect::<Vec<_>>()
    };
    Window::read(value.as_object().unwrap()).map_err(errors)
}

fn end(value: &Value, now: &str) -> Option<String> {
    let now = DateTime::parse_from_rfc3339(now).unwrap().timestamp();
    read(value).unwrap().end_if_within(now).map(str::to_owned)
}

#[test]
fn a_range_holds_its_start_and_not_its_end() {
    let window =
        json!({"name": "audit", "from": "2026-12-20T18:00:00+01:00", "to": "2027-01-04T08:00:00+01:00"});
    for (now, inside) in [
        ("2026-12-20T16:59:59Z", false),
        ("2026-12-20T17:00:00Z", true),
        ("2027-01-04T06:59:59Z", true),
        ("2027-01-04T07:00:00Z", false),
    ] {
        assert_eq!(end(&window, now), inside.then(|| "2027-01-04T08:00:00+01:00".to_owned()), "{now}");
    }
}

#[test]
fn days_count_from_midnight_to_midnight_where_the_zone_is() {
    let window =
        json!({"name": "holidays", "from": "2026-12-20", "to": "2027-01-06", "timezone": "Europe/Berlin"});
    for (now, inside) in [
        ("2026-12-19T22:59:59Z", false),
        ("2026-12-19T23:00:00Z", true),
        ("2027-01-06T22:59:59Z", true),
        ("2027-01-06T23:00:00Z", false),
    ] {
        assert_eq!(end(&window, now).is_some(), inside, "{now}");
    }
    let during = "2027-01-01T00:00:00Z";
    assert_eq!(end(&window, during).unwrap(), "the end of 2027-01-06 Europe/Berlin");
    let one_day = json!({"name": "new year", "from": "2027-01-01", "to": "2027-01-01"});
    assert_eq!(end(&one_day, during).unwrap(), "the end of 2027-01-01 UTC");
}

#[test]
fn a_range_takes_in_an_hour_that_comes_twice() {
    let twice = "2027-10-31T02:00";
    let (before, after) = ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z");
    let mut window = json!({"name": "n", "from": twice, "to": "2027-11-01", "timezone": "Europe/Berlin"});
    assert!(end(&window, before).is_some() && end(&window, after).is_some());
    window["from"] = json!("2027-10-30");
    window["to"] = json!("2027-10-31T02:45");
    assert!(end(&window, before).is_some() && end(&window, after).is_some());
    assert_eq!(end(&window, "2027-10-31T01:45:00Z"), None);
}

#[test]
fn a_weekly_window_follows_the_clocks_of_its_zone() {
    let window = json!({"name": "weekend", "weekly": "Fri 16:00-Mon 08:00", "timezone": "Europe/Berlin"});
    for (now, inside) in [
        ("2026-11-20T14:59:59Z", false),
        ("2026-11-20T15:00:00Z", true),
        ("2026-11-22T12:00:00Z", true),
        ("2026-11-23T06:59:59Z", true),
        ("2026-11-23T07:00:00Z", false),
        // In summer all of it is an hour earlier.
        ("2027-07-02T13:59:59Z", false),
        ("2027-07-02T14:00:00Z", true),
        // The clocks change within.
        ("2027-03-26T15:00:00Z", true),
        ("2027-03-29T05:59:59Z", true),
        ("2027-03-29T06:00:00Z", false),
    ] {
        assert_eq!(end(&window, now), inside.then(|| "Mon 08:00 Europe/Berlin".to_owned()), "{now}");
    }
}

#[test]
fn a_weekly_window_at_a_change_of_the_clocks_is_what_they_show() {
    let window = json!({"name": "night", "weekly": "Sun 02:00-Sun 03:00", "timezone": "Europe/Berlin"});
    // The hour that is skipped never comes, the one repeated comes twice.
    assert_eq!(end(&window, "2027-03-28T00:59:59Z"), None);
    assert_eq!(end(&window, "2027-03-28T01:00:00Z"), None);
    assert!(end(&window, "2027-10-31T00:00:00Z").is_some() && end(&window, "2027-10-31T01:59:59Z").is_some());
    assert_eq!(end(&window, "2027-10-31T02:00:00Z"), None);
}

#[test]
fn without_a_zone_times_are_utc() {
    let window = json!({"name": "weekend", "weekly": "Fri 16:00-Mon 08:00"});
    assert_eq!(end(&window, "2026-11-20T16:00:00Z").unwrap(), "Mon 08:00 UTC");
    assert_eq!(end(&window, "2026-11-20T15:59:59Z"), None);
}

#[test]
fn everything_wrong_comes_at_once() {
    let time = "a time such as 2026-12-20, 2026-12-20T18:00 or 2026-12-20T18:00:00+01:00";
    let zone = "a name such as Europe/Berlin or an offset such as +02:00";
    for (value, expected) in [
        (
            json!({}),
            vec!["name is missing".to_owned(), "weekly is missing: set it, or from and to".to_owned()],
        ),
        (
            json!({"name": " ", "from": "Christmas", "to": 7, "timezone": "CEST", "until": "then"}),
            vec![
                "until unknown setting".to_owned(),
                "name must be a text that says why, is \" \"".to_owned(),
                format!("timezone must be {zone}, is \"CEST\""),
                format!("from must be {time}, is \"Christmas\""),
                format!("to must be {time}, is 7"),
            ],
        ),
        (
            json!({"name": "n", "weekly": "Mon-Fri 09:00-17:00", "from": "2026-12-20"}),
            vec![
                "weekly must be two different times of the week such as Fri 16:00-Mon 08:00, is \
                 \"Mon-Fri 09:00-17:00\""
                    .to_owned(),
                "weekly cannot be set together with from and to".to_owned(),
            ],
        ),
        (
            json!({"from": "2026-12-20", "to": "2026-12-19"}),
            vec!["name is missing".to_owned(), "to must be later than from".to_owned()],
        ),
        (
            json!({"name": "n", "from": "2026-12-20T10:00", "to": "2026-12-20T10:00:00Z"}),
            vec!["to must be later than from".to_owned()],
        ),
        (json!({"name": "n", "from": "2026-12-20"}), vec!["to is missing: a window has an end".to_owned()]),
        (json!({"name": "n", "to": "2026-12-20"}), vec!["from is missing: a window has a start".to_owned()]),
    ] {
        assert_eq!(read(&value).unwrap_err(), expected, "{value}");
    }
}

proptest! {
    #[test]
    fn any_setting_is_a_window_or_says_what_is_wrong(
        texts in prop::collection::btree_map(
            "name|from|to|weekly|timezone|other",
            "\\PC{0,12}|[+-][0-9]{2}:[0-9]{2}|Europe/Berlin|Fri [0-9]{2}:00-Mon 08:00|20[0-9]{2}-0[0-9]-20(T10:00)?",
            0..6,
        ),
        now: i64,
    ) {
        let object = texts.into_iter().map(|(key, text)| (key, Value::from(text))).collect();
        match Window::read(&object) {
            Ok(window) => drop(window.end_if_within(now).map(str::to_owned)),
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }
}
