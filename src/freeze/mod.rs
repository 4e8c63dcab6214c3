//! Freeze windows: times in which no release starts.

mod calendar;
mod weekly;
mod zone;

use serde_json::{Map, Value};

use calendar::Time;
use weekly::Weekly;
use zone::{Edge, Zone};

/// A time in which no release starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What people call it.
    pub name: String,
    span: Span,
    /// Its end, in the words of the settings and with the time zone.
    end: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Span {
    /// From a moment up to another, in seconds since 1970-01-01 UTC.
    Once {
        from: i64,
        to: i64,
    },
    Weekly(Weekly, Zone),
}

impl Window {
    /// Reads `{name, from, to, timezone}` or `{name, weekly, timezone}`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once, each with its key.
    pub fn read(object: &Map<String, Value>) -> Result<Self, Vec<(String, String)>> {
        let mut reader = Reader { object, errors: Vec::new() };
        let window = reader.window();
        window.filter(|_| reader.errors.is_empty()).ok_or(reader.errors)
    }

    /// When the window ends, to be told to people, if a moment is inside. In seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn end_if_within(&self, now: i64) -> Option<&str> {
        let within = match &self.span {
            Span::Once { from, to } => (*from..*to).contains(&now),
            Span::Weekly(weekly, zone) => weekly.contains(now.saturating_add(zone.offset(now))),
        };
        within.then_some(&self.end)
    }
}

/// Reads one window and collects what is wrong on the way.
struct Reader<'v> {
    object: &'v Map<String, Value>,
    errors: Vec<(String, String)>,
}

impl<'v> Reader<'v> {
    fn error(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push((key.to_owned(), message.into()));
    }

    /// The text of a key and what it means; none when it is not set.
    fn parse<T>(&mut self, key: &str, form: &str, parse: impl Fn(&str) -> Option<T>) -> Option<(&'v str, T)> {
        let value = self.object.get(key)?;
        let parsed = value.as_str().map(str::trim).and_then(|text| Some((text, parse(text)?)));
        if parsed.is_none() {
            self.error(key, format!("must be {form}, is {value}"));
        }
        parsed
    }

    fn window(&mut self) -> Option<Window> {
        for key in self.object.keys() {
            if !["name", "from", "to", "weekly", "timezone"].contains(&key.as_str()) {
                self.error(key, "unknown setting");
            }
        }
        let name = self.parse("name", "a text that says why", |text| (!text.is_empty()).then_some(()));
        let zone =
            self.parse("timezone", "a name such as Europe/Berlin or an offset such as +02:00", Zone::find);
        let weekly = self.parse(
            "weekly",
            "two different times of the week such as Fri 16:00-Mon 08:00",
            Weekly::parse,
        );
        let time = "a time such as 2026-12-20, 2026-12-20T18:00 or 2026-12-20T18:00:00+01:00";
        let (from, to) = (self.parse("from", time, Time::parse), self.parse("to", time, Time::parse));
        self.check_form();

        let (zone_name, zone) = if self.object.contains_key("timezone") { zone? } else { ("UTC", Zone::UTC) };
        let (span, end) = if let Some((text, weekly)) = weekly {
            let (_, end) = text.split_once('-')?;
            (Span::Weekly(weekly, zone), format!("{} {zone_name}", end.trim()))
        } else {
            let ((_, from), (text, to)) = (from?, to?);
            let end = match to {
                Time::Moment(_) => text.to_owned(),
                Time::Clock(_) => format!("{text} {zone_name}"),
                Time::Day(_) => format!("the end of {text} {zone_name}"),
            };
            let (from, to) = (from.moment(Edge::Start, &zone), to.moment(Edge::End, &zone));
            if from >= to {
                self.error("to", "must be later than from");
            }
            (Span::Once { from, to }, end)
        };
        Some(Window { name: name?.0.to_owned(), span, end })
    }

    /// A window has a name and one form, and all of it.
    fn check_form(&mut self) {
        let [name, from, to, weekly] =
            ["name", "from", "to", "weekly"].map(|key| self.object.contains_key(key));
        if !name {
            self.error("name", "is missing");
        }
        match (from, to, weekly) {
            (true, true, false) | (false, false, true) => {}
            (false, false, false) => self.error("weekly", "is missing: set it, or from and to"),
            (true, false, false) => self.error("to", "is missing: a window has an end"),
            (false, true, false) => self.error("from", "is missing: a window has a start"),
            (_, _, true) => self.error("weekly", "cannot be set together with from and to"),
        }
    }
}

#[cfg(test)]
mod tests;
