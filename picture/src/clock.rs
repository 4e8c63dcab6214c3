//! From the time of a release to the place on an axis.

use rollgate_policy::duration::human;

use crate::picture::Picture;

/// The share of the axis that stands for the time a person takes.
const BREAK: f64 = 0.07;
/// The share of the axis that shows what comes after the last event.
const TAIL: f64 = 0.06;
/// The shortest axis, in seconds.
const SHORTEST: f64 = 10.0;

/// One axis for all releases of a plan: from 0 to 1, with the time that people take cut short.
#[derive(Debug)]
pub(crate) struct Clock {
    breaks: Vec<Break>,
    /// Seconds from the left end to the right one.
    length: f64,
}

#[derive(Debug, Clone, Copy)]
struct Break {
    /// Since when it has been waited for a person.
    since: f64,
    start: f64,
    end: f64,
    shown: f64,
}

/// A mark on the axis.
#[derive(Debug, PartialEq)]
pub(crate) struct Tick {
    pub at: f64,
    pub label: String,
}

impl Clock {
    pub(crate) fn of(picture: &Picture) -> Self {
        let mut events: Vec<f64> = picture.bad.iter().map(|story| story.seconds).collect();
        events.extend(picture.good.runs.iter().map(|run| run.span.end));
        let good = &picture.good;
        // While anything else happens the wait is as long as it is.
        let breaks: Vec<Break> = good
            .attended
            .iter()
            .map(|span| {
                let inside = events.iter().filter(|at| **at > span.start && **at < span.end);
                Break {
                    since: span.start,
                    start: inside.fold(span.start, |last, at| last.max(*at)),
                    end: span.end,
                    shown: 0.0,
                }
            })
            .filter(|span| span.start < span.end)
            .collect();
        let mut clock = Self { breaks, length: 0.0 };
        let ends = picture.stories().map(|story| clock.shown(story.seconds));
        let last = ends.fold(SHORTEST, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a few people")]
        let cut = (BREAK * clock.breaks.len() as f64).min(0.5);
        clock.length = last / (1.0 - TAIL - cut);
        let shown = if clock.breaks.is_empty() { 0.0 } else { clock.length * cut };
        #[expect(clippy::cast_precision_loss, reason = "a few people")]
        let each = shown / clock.breaks.len().max(1) as f64;
        for cut in &mut clock.breaks {
            cut.shown = each;
        }
        clock
    }

    fn shown(&self, time: f64) -> f64 {
        let cut = |span: &Break| {
            let inside = (time.min(span.end) - span.start).max(0.0);
            inside * (1.0 - span.shown / (span.end - span.start))
        };
        time - self.breaks.iter().map(cut).sum::<f64>()
    }

    /// The place of a moment, from 0 to 1.
    pub(crate) fn place(&self, time: f64) -> f64 {
        let place = self.shown(time) / self.length;
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The places that stand for the time a person takes.
    pub(crate) fn breaks(&self) -> impl Iterator<Item = (f64, f64)> {
        self.breaks.iter().map(|span| (self.place(span.start), self.place(span.end)))
    }

    /// Marks at round times, about `most` of them. After a person's time a label begins with `+`.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        const STEPS: [f64; 22] = [
            1.0,
            2.0,
            5.0,
            10.0,
            15.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            900.0,
            1800.0,
            3600.0,
            7200.0,
            10_800.0,
            21_600.0,
            43_200.0,
            86_400.0,
            172_800.0,
            604_800.0,
            1_209_600.0,
            2_419_200.0,
        ];
        #[expect(clippy::cast_precision_loss, reason = "a few marks")]
        let wanted = self.length / most.max(1) as f64;
        let step = STEPS
            .into_iter()
            .find(|step| *step >= wanted)
            .unwrap_or_else(|| (wanted / 86_400.0).ceil() * 86_400.0);
        // The axis from break to break, in the time in which nobody has to come.
        let mut ticks = Vec::new();
        let (mut from, mut gone, mut plus) = (0.0, 0.0, "");
        let last = self.breaks.last().map_or(0.0, |span| span.end);
        let cut: f64 = self.breaks.iter().map(|span| span.shown).sum();
        let whole: f64 = self.breaks.iter().map(|span| span.end - span.start).sum();
        let right = (self.length - cut + whole).max(last);
        let cuts = self.breaks.iter().map(|span| (span.since, span.start, span.end));
        for (since, until, next) in cuts.chain(std::iter::once((right, right, right))) {
            let mut at = ((from - gone) / step).ceil() * step;
            while at + gone <= until + 1e-6 {
                ticks.push(Tick { at: self.place(at + gone), label: format!("{plus}{}", label(at)) });
                at += step;
            }
            gone += next - since;
            (from, plus) = (next, "+");
        }
        ticks.dedup_by(|later, earlier| later.at - earlier.at < 1e-6 || later.label == earlier.label);
        ticks
    }
}

fn label(seconds: f64) -> String {
    if seconds == 0.0 { "0".to_owned() } else { human(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(length: f64, breaks: &[(f64, f64, f64, f64)]) -> Clock {
        let breaks = breaks.iter().map(|(since, start, end, shown)| Break {
            since: *since,
            start: *start,
            end: *end,
            shown: *shown,
        });
        Clock { breaks: breaks.collect(), length }
    }

    fn labels(clock: &Clock, most: usize) -> Vec<String> {
        clock.ticks(most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(labels(&clock(100.0, &[]), 5), ["0", "30s", "1m", "1m30s"]);
        assert_eq!(labels(&clock(7200.0, &[]), 4), ["0", "30m", "1h", "1h30m", "2h"]);
    }

    #[test]
    fn a_break_is_cut_short_and_its_time_not_counted() {
        let clock = clock(130.0, &[(60.0, 60.0, 86_460.0, 10.0)]);
        assert!((clock.place(60.0) - 60.0 / 130.0).abs() < 1e-9);
        assert!((clock.place(86_460.0) - 70.0 / 130.0).abs() < 1e-9);
        assert!((clock.place(86_520.0) - 1.0).abs() < 1e-9);
        assert_eq!(labels(&clock, 4), ["0", "1m", "+1m", "+2m"]);
    }

    #[test]
    fn what_happens_while_a_person_is_waited_for_is_no_time_of_the_release() {
        let clock = clock(250.0, &[(60.0, 120.0, 86_460.0, 10.0)]);
        assert_eq!(labels(&clock, 5), ["0", "1m", "2m", "+1m", "+2m", "+3m"]);
    }
}
