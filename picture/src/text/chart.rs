//! The releases as charts of characters.

use std::fmt::Write;

use anstyle::Style;
use rollgate_policy::plan::{End, Measured};

use super::style::{BAD, BOLD, DIM, GOOD, HELD, PLAIN, line};
use super::wrap::{cut, wrap};
use crate::clock::Clock;
use crate::lane::{Lane, lanes};
use crate::picture::Picture;
use crate::story::{Run, Story};
use crate::wording;

/// Columns left of the charts.
const LABEL: usize = 27;
/// Columns of the weight axis.
const AXIS: usize = 5;
/// Lines of a chart.
const HEIGHT: usize = 4;

/// The characters of a chart.
struct Ink {
    /// From an eighth to all of a line.
    levels: [char; 8],
    bar: char,
    gap: char,
    ends: char,
    crossed: char,
    axis: [char; 3],
    mark: char,
    time: char,
}

const BLOCKS: Ink = Ink {
    levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    bar: '━',
    gap: '╌',
    ends: '✕',
    crossed: '→',
    axis: ['┤', '│', '┼'],
    mark: '┴',
    time: '─',
};

const ASCII: Ink = Ink {
    levels: ['_', '_', '_', '_', '#', '#', '#', '#'],
    bar: '=',
    gap: '~',
    ends: 'x',
    crossed: '>',
    axis: ['|', '|', '+'],
    mark: '+',
    time: '-',
};

/// Draws every release below the other, and the time below them all.
pub(super) fn draw(out: &mut String, picture: &Picture, width: usize, unicode: bool) {
    let clock = Clock::of(picture);
    let ink = if unicode { &BLOCKS } else { &ASCII };
    let canvas = Canvas { columns: width - LABEL - AXIS, ink, clock: &clock, picture };
    for story in picture.stories() {
        out.push('\n');
        canvas.story(out, story);
    }
    canvas.time(out);
}

struct Canvas<'a> {
    columns: usize,
    ink: &'a Ink,
    clock: &'a Clock,
    picture: &'a Picture,
}

impl Canvas<'_> {
    fn story(&self, out: &mut String, story: &Story) {
        let style = style_of(story);
        let weights = self.weights(story);
        let mut labels = vec![(BOLD, wording::kind(story)), (style, wording::end(story))];
        if story.is_good() {
            labels.push((DIM, wording::people(story)));
        } else {
            labels.push((PLAIN, format!("at most {}", wording::percent(story.peak_weight))));
            labels.push((PLAIN, wording::exposure(story)));
        }
        labels.resize(HEIGHT, (PLAIN, String::new()));
        for (row, (label_style, label)) in labels.into_iter().enumerate() {
            let height = HEIGHT - 1 - row;
            let (scale, axis) = match row {
                0 => ("100", self.ink.axis[0]),
                _ if height == 0 => ("0", self.ink.axis[2]),
                _ => ("", self.ink.axis[1]),
            };
            let chart = self.row(story, &weights, height);
            let label = cut(&label, LABEL);
            let text =
                format!("{label_style}{label:<LABEL$}{label_style:#}{DIM}{scale:>3} {axis}{DIM:#}{chart}");
            let _ = writeln!(out, "{}", text.trim_end());
        }
        for lane in lanes(self.picture, story) {
            if story.is_good() || lane.runs.iter().any(|run| failed(run)) {
                self.lane(out, &lane);
            }
        }
        let cause = wording::cause(story);
        if !cause.is_empty() {
            for part in wrap(&cause, self.columns + AXIS + LABEL - 2) {
                line(out, DIM, &format!("  {part}"));
            }
        }
    }

    /// The weight in each column, in percent; the largest where there are several.
    fn weights(&self, story: &Story) -> Vec<f64> {
        let mut weights = vec![0.0_f64; self.columns];
        for passage in &story.passages {
            let (from, to) = (self.column(passage.span.start), self.column(passage.span.end));
            // A weight is seen however short it is there.
            let to = to.max(from + usize::from(passage.span.end > passage.span.start)).min(self.columns);
            for weight in weights.get_mut(from..to).into_iter().flatten() {
                *weight = weight.max(passage.weight);
            }
        }
        if story.end != End::RolledBack {
            let from = self.column(story.seconds);
            weights.iter_mut().skip(from).for_each(|weight| *weight = story.final_weight());
        }
        weights
    }

    fn column(&self, time: f64) -> usize {
        self.at(self.clock.place(time))
    }

    fn at(&self, place: f64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "from 0 to 1, times some columns"
        )]
        let column = (place * self.columns as f64).round() as usize;
        column.min(self.columns)
    }

    /// One line of a chart, counted from the bottom.
    fn row(&self, story: &Story, weights: &[f64], height: usize) -> String {
        let end = self.column(story.seconds).min(self.columns - 1);
        let fill = style_of(story);
        let mut text = String::new();
        let mut last = PLAIN;
        for (column, weight) in weights.iter().enumerate() {
            let over = column > end && story.end == End::Promoted;
            let (style, character) = match story.end {
                End::RolledBack if height == 0 && column == self.mark(story, weights) => {
                    (BAD.bold(), self.ink.ends)
                }
                End::Waits if height == 0 && column == self.columns - 1 => (HELD.bold(), self.ink.crossed),
                _ => (if over { DIM } else { fill }, self.level(*weight, height)),
            };
            let style = if character == ' ' { PLAIN } else { style };
            if style != last {
                let _ = write!(text, "{last:#}{style}");
                last = style;
            }
            text.push(character);
        }
        let _ = write!(text, "{last:#}");
        text
    }

    /// Where the rollback is marked: behind the last request that the new version got.
    fn mark(&self, story: &Story, weights: &[f64]) -> usize {
        let exposed = weights.iter().rposition(|weight| *weight > 0.0).map_or(0, |column| column + 1);
        exposed.max(self.column(story.seconds)).min(self.columns - 1)
    }

    fn level(&self, weight: f64, height: usize) -> char {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a few lines"
        )]
        let eighths = (weight.clamp(0.0, 100.0) / 100.0 * (HEIGHT * 8) as f64).ceil() as usize;
        match eighths.saturating_sub(height * 8) {
            0 => ' ',
            eighths => self.ink.levels[eighths.min(8) - 1],
        }
    }

    fn lane(&self, out: &mut String, lane: &Lane<'_>) {
        let mut cells = vec![(PLAIN, ' '); self.columns];
        for run in &lane.runs {
            let (from, to) = (self.column(run.span.start), self.column(run.span.end));
            let from = from.min(self.columns - 1);
            let style = if failed(run) { BAD } else { DIM };
            for cell in cells.get_mut(from..to.max(from + 1)).into_iter().flatten() {
                *cell = (style, self.ink.bar);
            }
        }
        for (from, to) in self.clock.breaks() {
            for cell in cells.get_mut(self.at(from)..self.at(to)).into_iter().flatten() {
                if cell.1 == self.ink.bar {
                    cell.1 = self.ink.gap;
                }
            }
        }
        let name = cut(lane.name, LABEL - 2);
        let mut text =
            format!("{DIM}  {name:<width$}{:>4}{}{DIM:#}", "", self.ink.axis[1], width = LABEL - 2);
        for (style, character) in cells {
            let _ = write!(text, "{style}{character}{style:#}");
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }

    fn time(&self, out: &mut String) {
        let mut ruler = vec![self.ink.time; self.columns];
        let mut labels = String::new();
        for (from, to) in self.clock.breaks() {
            ruler
                .get_mut(self.at(from)..self.at(to))
                .into_iter()
                .flatten()
                .for_each(|cell| *cell = self.ink.gap);
        }
        for tick in self.clock.ticks(self.columns / 9) {
            let column = self.at(tick.at);
            let used = labels.chars().count();
            let free = used == 0 || column > used;
            if !free || column + tick.label.chars().count() > self.columns {
                continue;
            }
            if column > 0 {
                ruler[column] = self.ink.mark;
            }
            labels.extend(std::iter::repeat_n(' ', column - used));
            labels.push_str(&tick.label);
        }
        let ruler: String = ruler.into_iter().collect();
        line(out, DIM, &format!("{:LABEL$}{:>4}{}{ruler}", "", "", self.ink.mark));
        line(out, DIM, format!("{:width$}{labels}", "", width = LABEL + AXIS).trim_end());
    }
}

fn style_of(story: &Story) -> Style {
    match (story.is_good(), story.end) {
        (_, End::Waits) => HELD,
        (true, _) => GOOD,
        (false, _) => BAD,
    }
}

fn failed(run: &Run) -> bool {
    matches!(run.verdict, Some(Measured::Failed | Measured::Error | Measured::Inconclusive))
}
