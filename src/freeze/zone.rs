//! Time zones, without a time-zone database.

use chrono::{DateTime, Datelike, NaiveDate, Weekday};

/// The rules now in force of every zone of tzdata 2026f, as the last line of its `TZif` file has them; windows are
/// asked about the present, so none of a zone's history is here.
///
/// A line is `winter summer start end: names`: the two offsets, and when the summer's begins and ends; `winter: names`
/// for zones that never change. An offset is in minutes. A change is `month.week.weekday±minutes`: the week counts the
/// weekday in the month (5: its last), the minutes count from the midnight, UTC, that begins that day.
///
/// A change that a single year goes without is there all the same: Cuba did not set its clocks back in 2026 and is an
/// hour ahead of the table until March 2027.
const ZONES: &str = include_str!("zones.txt");

/// What the clocks somewhere show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Seconds to add to UTC.
    winter: i64,
    /// Seconds to add to UTC between the changes; more than in winter.
    summer: i64,
    /// When summer begins and ends.
    changes: Option<(Change, Change)>,
}

/// A change of the clocks, once a year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    month: u32,
    week: u8,
    weekday: Weekday,
    /// From that day's midnight, UTC.
    seconds: i64,
}

/// Which end of a window a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The first moment inside.
    Start,
    /// The first moment after it.
    End,
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self::fixed(0);

    /// The zone of an IANA name such as `Europe/Berlin`, or of a fixed offset such as `+02:00` or `Z`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        if name == "Z" || name.starts_with(['+', '-']) {
            let midnight = DateTime::parse_from_rfc3339(&format!("1970-01-01T00:00:00{name}")).ok()?;
            return Some(Self::fixed(midnight.offset().local_minus_utc().into()));
        }
        let mut zones = ZONES.lines().filter_map(|line| line.split_once(": "));
        zones
            .find(|(_, names)| names.split(' ').any(|listed| listed == name))
            .and_then(|(rules, _)| Self::parse(rules))
    }

    const fn fixed(offset: i64) -> Self {
        Self { winter: offset, summer: offset, changes: None }
    }

    fn parse(rules: &str) -> Option<Self> {
        let mut fields = rules.split(' ');
        let winter = minutes(fields.next()?)?;
        let Some(summer) = fields.next() else { return Some(Self::fixed(winter)) };
        let changes = (Change::parse(fields.next()?)?, Change::parse(fields.next()?)?);
        Some(Self { winter, summer: minutes(summer)?, changes: Some(changes) })
    }

    /// Seconds to add to UTC at a moment. Moments are seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn offset(&self, moment: i64) -> i64 {
        let is_summer = self.summer_of(moment).is_some_and(|(start, end)| {
            // South of the equator the year begins in summer.
            if start < end { (start..end).contains(&moment) } else { !(end..start).contains(&moment) }
        });
        if is_summer { self.summer } else { self.winter }
    }

    /// The moment at which the clocks show a local time, given as the seconds that UTC would show it at.
    ///
    /// A time they show twice is the earlier one as a start and the later one as an end; a time they skip is the
    /// moment they change.
    #[must_use]
    pub fn moment(&self, local: i64, edge: Edge) -> i64 {
        let (in_summer, in_winter) = (local - self.summer, local - self.winter);
        let shows = |moment: i64| moment + self.offset(moment) == local;
        match (shows(in_summer), shows(in_winter)) {
            (true, true) if edge == Edge::End => in_winter,
            (true, _) => in_summer,
            (false, true) => in_winter,
            (false, false) => self.summer_of(in_winter).map_or(in_winter, |(start, _)| start),
        }
    }

    /// The moments summer begins and ends in the year of a moment. No zone changes its clocks near New Year, so that
    /// the year may be UTC's.
    fn summer_of(&self, moment: i64) -> Option<(i64, i64)> {
        let (start, end) = self.changes.as_ref()?;
        let year = DateTime::from_timestamp(moment, 0)?.year();
        Some((start.in_year(year)?, end.in_year(year)?))
    }
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (month, rest) = text.split_once('.')?;
        let (week, rest) = rest.split_once('.')?;
        let (weekday, time) = rest.split_at_checked(3)?;
        Some(Self {
            month: month.parse().ok()?,
            week: week.parse().ok()?,
            weekday: weekday.parse().ok()?,
            seconds: minutes(time)?,
        })
    }

    fn in_year(&self, year: i32) -> Option<i64> {
        let nth = |week| NaiveDate::from_weekday_of_month_opt(year, self.month, self.weekday, week);
        let midnight = nth(self.week).or_else(|| nth(4))?.and_hms_opt(0, 0, 0)?.and_utc();
        Some(midnight.timestamp() + self.seconds)
    }
}

/// The seconds of a number of minutes.
fn minutes(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().map(|minutes| minutes * 60)
}

#[cfg(test)]
mod tests;
