//! A picture as a Mermaid Gantt chart: Markdown pages of many hosts render it.

use std::fmt::Write;

use rollgate_policy::duration::human;
use rollgate_policy::plan::{End, Span};

use crate::picture::Picture;
use crate::story::Story;
use crate::wording;

/// The day the chart begins. A date with its time is the same clock time for every reader, whatever their zone.
const DAY: &str = "2000-01-01 00:00:00";
/// The share of the chart that stands for the time a person takes.
const PERSON: f64 = 0.08;

/// Draws `picture`.
#[must_use]
pub fn draw(picture: &Picture) -> String {
    let longest = picture.stories().map(|story| story.unattended(story.seconds)).fold(1.0, f64::max);
    let person = (longest * PERSON).max(1.0).round();
    let mut out = String::from("gantt\n");
    let _ = writeln!(out, "  title {}", plain(&format!("{} {}", picture.title(), picture.strategy.name())));
    let _ = writeln!(out, "  dateFormat YYYY-MM-DD HH:mm:ss");
    let _ = writeln!(out, "  axisFormat {}", axis(longest));
    for (index, story) in picture.stories().enumerate() {
        section(&mut out, story, index, person);
    }
    out
}

/// Hours and minutes, minutes and seconds, or days before them.
fn axis(longest: f64) -> &'static str {
    match longest {
        ..3600.0 => "%M:%S",
        3600.0..86_400.0 => "%H:%M",
        _ => "day %-j %H:%M",
    }
}

fn section(out: &mut String, story: &Story, index: usize, person: f64) {
    let mut summary = format!("{}, {}", wording::kind(story), wording::end(story));
    if !story.is_good() {
        let _ = write!(summary, ", {}", wording::exposure(story));
    }
    let _ = writeln!(out, "  section {}", plain(&summary));
    let mut tasks = 0;
    let mut task = |out: &mut String, name: &str, tags: &str, seconds: f64| {
        let start = if tasks == 0 { DAY.to_owned() } else { format!("after r{index}t{}", tasks - 1) };
        let _ = writeln!(out, "  {} :{tags}r{index}t{tasks}, {start}, {}s", plain(name), seconds.round());
        tasks += 1;
    };
    let tag = if story.is_good() { "active, " } else { "crit, " };
    for passage in &story.passages {
        let span = passage.span;
        let seconds = story.unattended(span.end) - story.unattended(span.start);
        let weight = wording::percent(passage.weight);
        if seconds > 0.0 {
            task(out, &format!("{weight} for {}", human(seconds)), tag, seconds);
        }
        for _ in story.attended.iter().filter(|wait| within(**wait, span)) {
            task(out, &format!("{weight} until a person has acted"), "", person);
        }
    }
    let name = match story.end {
        End::RolledBack => "rolled back".to_owned(),
        End::Promoted => "promoted".to_owned(),
        End::Waits => format!("waits at {}", wording::percent(story.final_weight())),
    };
    task(out, &name, if story.is_good() { "milestone, " } else { "crit, milestone, " }, 0.0);
}

fn within(wait: Span, passage: Span) -> bool {
    wait.start >= passage.start && wait.end <= passage.end
}

/// Without what means something to Mermaid.
fn plain(text: &str) -> String {
    let one_line =
        |character: char| if character.is_control() || ":;#".contains(character) { ' ' } else { character };
    text.replace("%%", "% ").chars().map(one_line).collect()
}
