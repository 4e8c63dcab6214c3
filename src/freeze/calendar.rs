//! Times of the calendar, as people write them into settings.

use chrono::DateTime;

use super::zone::{Edge, Zone};

/// A written time. All seconds count from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// With an offset: seconds in UTC.
    Moment(i64),
    /// What the clocks of a place show, as the seconds that UTC would show it at.
    Clock(i64),
    /// A whole day of a place: its midnight, as for [`Time::Clock`].
    Day(i64),
}

impl Time {
    /// Reads RFC 3339, or a part of it: `2026-12-20T18:00:00+01:00`, `2026-12-20T18:00:00`, `2026-12-20T18:00`,
    /// `2026-12-20`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let completed = |rest: &str| {
            DateTime::parse_from_rfc3339(&format!("{text}{rest}")).ok().map(|time| time.timestamp())
        };
        (completed("").map(Self::Moment))
            .or_else(|| completed("Z").or_else(|| completed(":00Z")).map(Self::Clock))
            .or_else(|| completed("T00:00:00Z").map(Self::Day))
    }

    /// The moment a window begins or ends that has this time as its edge: a day is a part of it, from either side.
    #[must_use]
    pub fn moment(self, edge: Edge, zone: &Zone) -> i64 {
        match (self, edge) {
            (Self::Moment(moment), _) => moment,
            (Self::Clock(local), _) | (Self::Day(local), Edge::Start) => zone.moment(local, edge),
            (Self::Day(local), Edge::End) => zone.moment(local + 86_400, edge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-20T00:00:00Z.
    const DAY: i64 = 1_797_724_800;
    const EVENING: i64 = DAY + 18 * 3600;

    #[test]
    fn times_come_with_an_offset_without_and_as_days() {
        for (text, time) in [
            ("2026-12-20T18:00:00Z", Time::Moment(EVENING)),
            ("2026-12-20T18:00:00+01:00", Time::Moment(EVENING - 3600)),
            ("2026-12-20T18:00:00", Time::Clock(EVENING)),
            ("2026-12-20T18:00", Time::Clock(EVENING)),
            ("2026-12-20", Time::Day(DAY)),
        ] {
            assert_eq!(Time::parse(text), Some(time), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "2026",
            "2026-12",
            "2026-02-29",
            "2026-12-20T18",
            "2026-12-20T25:00",
            "20.12.2026",
            "12/20/2026",
            "2026-12-20T18:00+01:00",
            "2026-12-20+01:00",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_inside_from_its_first_to_its_last_second() {
        let berlin = Zone::find("Europe/Berlin").unwrap();
        assert_eq!(Time::Day(DAY).moment(Edge::Start, &berlin), DAY - 3600);
        assert_eq!(Time::Day(DAY).moment(Edge::End, &berlin), DAY + 23 * 3600);
        assert_eq!(Time::Clock(EVENING).moment(Edge::End, &berlin), EVENING - 3600);
        assert_eq!(Time::Moment(EVENING).moment(Edge::End, &berlin), EVENING);
    }
}
