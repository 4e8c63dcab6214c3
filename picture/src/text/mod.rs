//! A picture for a terminal.
//!
//! Colours are ANSI escapes; whoever prints the text to something else than a terminal strips them.

mod chart;
mod style;
mod wrap;

use std::fmt::Write;

use rollgate_policy::duration::human;
use rollgate_policy::plan::Signal;

use self::style::{BOLD, DIM, HELD, PLAIN, line};
use self::wrap::{cut, harmless, wrap};
use crate::picture::{Metric, Picture};
use crate::wording;

/// What a terminal can show.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Columns.
    pub width: usize,
    /// It shows block characters.
    pub unicode: bool,
}

/// The least columns anything is drawn in.
pub const LEAST_WIDTH: usize = 60;
/// The most columns anything is drawn in.
pub const MOST_WIDTH: usize = 200;

/// Who watches a stage that nobody watches.
const NOBODY: &str = "nobody";

/// Draws `picture`: the stages and who watches them, then each release.
#[must_use]
pub fn draw(picture: &Picture, terminal: Terminal) -> String {
    let width = terminal.width.clamp(LEAST_WIDTH, MOST_WIDTH);
    let mut out = String::new();
    heading(&mut out, picture);
    stages(&mut out, picture, width);
    analyses(&mut out, picture, width);
    chart::draw(&mut out, picture, width, terminal.unicode);
    for reference in &picture.unresolved {
        line(&mut out, HELD, &harmless(&format!("  not found: {reference}")));
    }
    out
}

fn heading(out: &mut String, picture: &Picture) {
    let title = harmless(&wording::title(&picture.subject));
    let _ = writeln!(out, "{BOLD}{title}{BOLD:#}: {}", picture.strategy.name());
}

fn stages(out: &mut String, picture: &Picture, width: usize) {
    if picture.stages.is_empty() {
        line(out, DIM, "  no stages: the new version gets every request at once");
        return;
    }
    let rows: Vec<[String; 3]> = picture
        .stages
        .iter()
        .map(|stage| {
            let mut names: Vec<&str> = Vec::new();
            for index in &stage.watched_by {
                let name = picture.analyses[*index].name.as_str();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let watched = if names.is_empty() { NOBODY.to_owned() } else { names.join(", ") };
            [wording::share(stage), wording::hold(picture, stage), watched]
        })
        .collect();
    let titles = ["weight", "held", "watched by"].map(str::to_owned);
    let widest = |column: usize| {
        rows.iter().chain([&titles]).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let weight = widest(0);
    let left = width.saturating_sub(weight + 6);
    let hold = widest(1).min(left * 3 / 5);
    let watch = left.saturating_sub(hold);
    for (index, row) in std::iter::once(&titles).chain(&rows).enumerate() {
        let style = if index == 0 { DIM } else { PLAIN };
        let (second, third) = (wrap(&row[1], hold), wrap(&row[2], watch));
        for at in 0..second.len().max(third.len()) {
            let part = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            let first = if at == 0 { row[0].as_str() } else { "" };
            let text = format!("  {first:>weight$}  {:<hold$}  {}", part(&second), part(&third));
            line(out, if row[2] == NOBODY { HELD } else { style }, text.trim_end());
        }
    }
}

fn analyses(out: &mut String, picture: &Picture, width: usize) {
    let mut told: Vec<&str> = Vec::new();
    for analysis in &picture.analyses {
        if told.contains(&analysis.name.as_str()) {
            continue;
        }
        told.push(&analysis.name);
        let how = if analysis.beside { "beside the stages" } else { "awaited" };
        let title = harmless(&analysis.name);
        let _ = writeln!(out, "\n  {BOLD}{title}{BOLD:#}{DIM}, {how}{DIM:#}");
        let longest = analysis.metrics.iter().map(|metric| metric.name.chars().count()).max();
        let name = longest.unwrap_or_default().min(width / 3);
        for metric in &analysis.metrics {
            let style = if metric.can_fail { PLAIN } else { HELD };
            for (index, part) in wrap(&describe(metric), width - name - 6).iter().enumerate() {
                let first = if index == 0 { cut(&metric.name, name) } else { String::new() };
                line(out, style, &format!("    {first:<name$}  {part}"));
            }
        }
    }
}

fn describe(metric: &Metric) -> String {
    let signals: Vec<&str> = metric.signals.iter().copied().map(Signal::name).collect();
    let mut parts = vec![if signals.is_empty() { "no signal".to_owned() } else { signals.join(" and ") }];
    if !metric.provider.is_empty() {
        parts.push(format!("by {}", metric.provider));
    }
    parts.push(
        metric.interval.map_or_else(|| "once".to_owned(), |interval| format!("every {}", human(interval))),
    );
    parts.push(match (metric.can_fail, metric.failure_limit) {
        (false, _) => "cannot fail a release".to_owned(),
        (true, Some(0)) => "no failure borne".to_owned(),
        (true, Some(1)) => "1 failure borne".to_owned(),
        (true, Some(limit)) => format!("{limit} failures borne"),
        (true, None) => "any number of failures borne".to_owned(),
    });
    parts.join(", ")
}
