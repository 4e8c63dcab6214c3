//! One release of a drawing.

use rollgate_policy::duration::human;
use rollgate_policy::plan::{End, Measured};

use super::element::{Document, length};
use super::{CHARACTER, Drawing, HEIGHT, LABEL, LANE, LEFT, MARGIN, Panel, RIGHT, at, short};
use crate::lane::Lane;
use crate::story::{Passage, Run, Story};
use crate::wording;

impl Drawing<'_> {
    pub(super) fn hatch(&self, out: &mut Document, x: f64, y: f64, width: f64, height: f64) {
        out.leaf(
            "rect",
            &[
                ("fill", &format!("url(#{}-hatch)", self.id)),
                ("x", &length(x)),
                ("y", &length(y)),
                ("width", &length(width)),
                ("height", &length(height)),
                ("pointer-events", &"none"),
            ],
        );
    }

    pub(super) fn panel(&self, out: &mut Document, panel: &Panel<'_>) {
        let Panel { story, lanes, top } = panel;
        let bad: Vec<&str> = story.bad.iter().map(|signal| signal.name()).collect();
        out.open(
            "g",
            &[
                ("class", &"release"),
                ("data-bad", &bad.join(" ")),
                ("data-end", &story.end.name()),
                ("data-seconds", &story.unattended(story.seconds)),
                ("data-peak-weight", &story.peak_weight),
                ("data-exposure", &if story.is_good() { String::new() } else { story.exposure.to_string() }),
            ],
        );
        labels(out, story, *top);
        out.leaf(
            "rect",
            &[
                ("class", &"stable"),
                ("x", &LEFT),
                ("y", &length(*top)),
                ("width", &(RIGHT - LEFT)),
                ("height", &HEIGHT),
            ],
        );
        for (weight, label) in [(100.0, "100 %"), (50.0, "50 %"), (0.0, "0")] {
            let y = length(top + HEIGHT * (1.0 - weight / 100.0));
            let class = if weight > 0.0 { "grid" } else { "base" };
            out.leaf("line", &[("class", &class), ("x1", &LEFT), ("y1", &y), ("x2", &RIGHT), ("y2", &y)]);
            let below = length(y + 4.0);
            out.text(
                "text",
                &[("class", &"small quiet"), ("x", &(LEFT - 6.0)), ("y", &below), ("text-anchor", &"end")],
                label,
            );
        }
        let mut free = LEFT;
        for passage in &story.passages {
            self.passage(out, story, passage, *top, &mut free);
        }
        self.ending(out, story, *top);
        for (from, to) in self.clock.breaks().filter(|_| story.is_good()) {
            person(out, at(from), at(to), *top);
        }
        let mut y = top + HEIGHT + 6.0;
        for lane in lanes {
            self.lane(out, story, lane, y);
            y += LANE;
        }
        out.close();
    }

    /// A stage; `free` is where the label of the one before it ends.
    fn passage(&self, out: &mut Document, story: &Story, passage: &Passage, top: f64, free: &mut f64) {
        let (from, to) = (self.x(passage.span.start), self.x(passage.span.end));
        let height = HEIGHT * passage.weight.clamp(0.0, 100.0) / 100.0;
        let y = top + HEIGHT - height;
        let (start, end) = (story.unattended(passage.span.start), story.unattended(passage.span.end));
        // What lasts is seen, however short it is.
        let width = if passage.span.end > passage.span.start { (to - from).max(1.0) } else { 0.0 };
        let class = if story.is_good() { "canary" } else { "exposed" };
        let attended = story
            .attended
            .iter()
            .any(|wait| wait.start >= passage.span.start && wait.end <= passage.span.end);
        let plus = if attended { ", plus a wait for a person" } else { "" };
        let title = format!(
            "{} from {} to {}: {}{plus}",
            wording::percent(passage.weight),
            human(start),
            human(end),
            human(end - start)
        );
        out.titled(
            "rect",
            &[
                ("class", &class),
                ("x", &length(from)),
                ("y", &length(y)),
                ("width", &length(width)),
                ("height", &length(height)),
                ("data-stage", &passage.stage),
                ("data-weight", &passage.weight),
                ("data-start", &start),
                ("data-end", &end),
            ],
            &title,
        );
        if !story.is_good() && height > 0.0 && width > 0.0 {
            self.hatch(out, from, y, width, height);
        }
        let label = wording::percent(passage.weight);
        #[expect(clippy::cast_precision_loss, reason = "a few characters")]
        let needed = label.chars().count() as f64 * CHARACTER;
        let fits = story.is_good() && from >= *free && width + 2.0 >= needed;
        if fits {
            let y = if height > HEIGHT - 16.0 { y + 13.0 } else { y - 4.0 };
            out.text("text", &[("class", &"small"), ("x", &length(from + 3.0)), ("y", &length(y))], &label);
            *free = from + needed + 3.0;
        }
    }

    fn ending(&self, out: &mut Document, story: &Story, top: f64) {
        let x = self.x(story.seconds);
        let end = wording::end(story);
        let seconds = story.unattended(story.seconds);
        match story.end {
            End::Promoted | End::Waits => {
                let weight = story.final_weight();
                let class = match (story.end, story.is_good()) {
                    (End::Waits, _) => "held",
                    (_, true) => "promoted",
                    (_, false) => "exposed",
                };
                let height = HEIGHT * weight.clamp(0.0, 100.0) / 100.0;
                let y = top + HEIGHT - height;
                out.titled(
                    "rect",
                    &[
                        ("class", &class),
                        ("x", &length(x)),
                        ("y", &length(y)),
                        ("width", &length(RIGHT - x)),
                        ("height", &length(height)),
                        ("data-weight", &weight),
                        ("data-start", &seconds),
                    ],
                    &format!("{end}: {} from there on", wording::percent(weight)),
                );
                if class == "exposed" {
                    self.hatch(out, x, y, RIGHT - x, height);
                }
                if story.end == End::Waits {
                    out.text(
                        "text",
                        &[
                            ("class", &"small"),
                            ("x", &(RIGHT - 4.0)),
                            ("y", &length(if height > HEIGHT - 16.0 { y + 13.0 } else { y - 4.0 })),
                            ("text-anchor", &"end"),
                        ],
                        &format!("{} until somebody acts", wording::percent(weight)),
                    );
                }
            }
            End::RolledBack => {
                out.open("g", &[("class", &"moment"), ("data-seconds", &seconds)]);
                out.text("title", &[], &wording::summary(story));
                out.leaf(
                    "line",
                    &[
                        ("class", &"rollback"),
                        ("x1", &length(x)),
                        ("y1", &length(top + 4.0)),
                        ("x2", &length(x)),
                        ("y2", &length(top + HEIGHT)),
                    ],
                );
                let points = format!(
                    "{},{} {},{} {},{}",
                    length(x - 5.0),
                    top + HEIGHT - 9.0,
                    length(x + 5.0),
                    top + HEIGHT - 9.0,
                    length(x),
                    top + HEIGHT
                );
                out.leaf("polygon", &[("class", &"rollback"), ("points", &points)]);
                let left = x > f64::midpoint(LEFT, RIGHT);
                let (x, anchor) = if left { (x - 9.0, "end") } else { (x + 9.0, "start") };
                out.text(
                    "text",
                    &[
                        ("class", &"small bad"),
                        ("x", &length(x)),
                        ("y", &length(top + 15.0)),
                        ("text-anchor", &anchor),
                    ],
                    &end,
                );
                out.close();
            }
        }
    }

    fn lane(&self, out: &mut Document, story: &Story, lane: &Lane<'_>, top: f64) {
        let middle = top + LANE / 2.0;
        out.text(
            "text",
            &[("class", &"small quiet"), ("x", &(MARGIN + 10.0)), ("y", &length(middle + 4.0))],
            &short(lane.name, LABEL),
        );
        for run in &lane.runs {
            self.run(out, story, run, middle);
        }
    }

    fn run(&self, out: &mut Document, story: &Story, run: &Run, middle: f64) {
        let (from, to) = (self.x(run.span.start), self.x(run.span.end));
        let analysis = &self.picture.analyses[run.analysis];
        let failed = matches!(run.verdict, Some(Measured::Failed | Measured::Error | Measured::Inconclusive));
        let verdict = wording::verdict(run.verdict);
        let (start, end) = (story.unattended(run.span.start), story.unattended(run.span.end));
        let metrics: Vec<&str> = analysis.metrics.iter().map(|metric| metric.name.as_str()).collect();
        let title = format!(
            "{} ({}) from {} to {}: {verdict}",
            analysis.name,
            metrics.join(", "),
            human(start),
            human(end)
        );
        out.titled(
            "rect",
            &[
                ("class", &if failed { "failed" } else { "run" }),
                ("x", &length(from)),
                ("y", &length(middle - 3.0)),
                ("width", &length((to - from).max(3.0))),
                ("height", &6),
                ("rx", &3),
                ("data-analysis", &run.analysis),
                ("data-start", &start),
                ("data-end", &end),
                ("data-verdict", &verdict),
            ],
            &title,
        );
        if failed {
            out.text(
                "text",
                &[
                    ("class", &"small bad"),
                    ("x", &length(to.max(from + 3.0) + 5.0)),
                    ("y", &length(middle + 4.0)),
                ],
                verdict,
            );
        }
    }
}

/// What stands left of a chart.
fn labels(out: &mut Document, story: &Story, top: f64) {
    let class = match story.end {
        End::Waits => "waiting",
        _ if story.is_good() => "good",
        _ => "bad",
    };
    let mut lines = vec![("kind", wording::kind(story)), (class, wording::end(story))];
    if story.is_good() {
        lines.push(("quiet", wording::people(story)));
    } else {
        lines.push(("quiet", format!("at most {}", wording::percent(story.peak_weight))));
        lines.push(("quiet", wording::exposure(story)));
    }
    let mut y = top + 12.0;
    for (class, line) in lines {
        out.text("text", &[("class", &class), ("x", &MARGIN), ("y", &length(y))], &line);
        y += 18.0;
    }
}

/// The time a person takes, which nobody knows.
fn person(out: &mut Document, from: f64, to: f64, top: f64) {
    out.titled(
        "rect",
        &[
            ("class", &"break"),
            ("x", &length(from)),
            ("y", &length(top + 1.0)),
            ("width", &length(to - from)),
            ("height", &20),
            ("rx", &3),
        ],
        "until a person has acted: how long that takes is not in the manifest",
    );
    out.text(
        "text",
        &[
            ("class", &"small waiting"),
            ("x", &length(f64::midpoint(from, to))),
            ("y", &length(top + 15.0)),
            ("text-anchor", &"middle"),
        ],
        if to - from > 46.0 { "person" } else { "…" },
    );
}
