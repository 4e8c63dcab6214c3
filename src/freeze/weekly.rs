//! A window that comes back every week.

use chrono::{DateTime, Weekday};

const WEEK: i64 = 7 * 86_400;

/// From one time of the week to another, over the end of the week where that comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// Seconds since Monday's midnight.
    from: i64,
    /// Seconds to the end.
    length: i64,
}

impl Weekly {
    /// Reads `Fri 16:00-Mon 08:00`; none when it is not of that form or takes no time at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let from = time_of_week(from)?;
        let length = (time_of_week(to)? - from).rem_euclid(WEEK);
        (length > 0).then_some(Self { from, length })
    }

    /// Whether a local time, given as the seconds that UTC would show it at, is inside.
    #[must_use]
    pub fn contains(&self, local: i64) -> bool {
        // 1970-01-01 was a Thursday.
        let since_monday = local.saturating_add(3 * 86_400);
        since_monday.saturating_sub(self.from).rem_euclid(WEEK) < self.length
    }
}

/// Seconds from Monday's midnight to `Fri 16:00`.
fn time_of_week(text: &str) -> Option<i64> {
    let (day, clock) = text.trim().split_once(' ')?;
    let day: Weekday = day.parse().ok()?;
    let clock = DateTime::parse_from_rfc3339(&format!("1970-01-01T{clock}:00Z")).ok()?;
    Some(i64::from(day.num_days_from_monday()) * 86_400 + clock.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const HOUR: i64 = 3600;
    /// 2026-11-16, a Monday.
    const MONDAY: i64 = 1_794_787_200;

    #[test]
    fn the_start_is_inside_the_end_is_not() {
        let window = Weekly::parse("Tue 09:00-Thu 17:30").unwrap();
        let (from, to) = (MONDAY + DAY + 9 * HOUR, MONDAY + 3 * DAY + 17 * HOUR + 1800);
        for (local, inside) in [(from - 1, false), (from, true), (to - 1, true), (to, false)] {
            assert_eq!(window.contains(local), inside, "{local}");
            assert_eq!(window.contains(local - 3000 * WEEK), inside, "{local}, long before 1970");
        }
    }

    #[test]
    fn it_goes_over_the_end_of_the_week() {
        let window = Weekly::parse("Fri 16:00-Mon 08:00").unwrap();
        let (from, to) = (MONDAY + 4 * DAY + 16 * HOUR, MONDAY + 8 * HOUR);
        for (local, inside) in [(from - 1, false), (from, true), (MONDAY - 1, true), (MONDAY, true)] {
            assert_eq!(window.contains(local), inside, "{local}");
        }
        assert!(window.contains(to - 1) && !window.contains(to));
    }

    #[test]
    fn an_end_before_the_start_on_the_same_day_is_a_week_later() {
        let window = Weekly::parse("Wed 12:00-Wed 11:00").unwrap();
        let noon = MONDAY + 2 * DAY + 12 * HOUR;
        assert!(window.contains(noon) && window.contains(noon - HOUR - 1) && !window.contains(noon - 1));
    }

    #[test]
    fn days_may_be_written_out() {
        assert_eq!(Weekly::parse("friday 16:00 - MONDAY 08:00"), Weekly::parse("Fri 16:00-Mon 08:00"));
    }

    #[test]
    fn nothing_else_is_taken() {
        for text in [
            "",
            "-",
            "Fri",
            "Fri-Mon",
            "Fri 16:00",
            "Fri 16:00-",
            "Fri 16:00-Mon",
            "Fri 16:00-Mon 8:00",
            "Fri 16:00-Mon 08",
            "Fri 16:00-Mon 08:00:00",
            "Fri 16:00-Mon 24:00",
            "Fri 16:00-Mon 08:60",
            "Fri 16:00-Mon -8:00",
            "Fri 16:00-Mon 08:00-Tue 08:00",
            "Fri 16:00-Mon 08:00 UTC",
            "Fri 16:00–Mon 08:00",
            "Fry 16:00-Mon 08:00",
            "Mon-Fri 09:00-17:00",
            "Fri 16:00-Fri 16:00",
        ] {
            assert_eq!(Weekly::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn any_moment_has_an_answer() {
        let window = Weekly::parse("Fri 16:00-Mon 08:00").unwrap();
        let _ = (window.contains(i64::MIN), window.contains(i64::MAX));
    }
}
