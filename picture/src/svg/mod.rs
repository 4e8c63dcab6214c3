//! A picture as SVG: self-contained, without script, for light and dark pages.
//!
//! Whatever stands for a number carries it in `data-` attributes and in a `<title>`, which browsers show when it is
//! pointed at. Times are seconds without what people take, weights percent, exposures percent-minutes.

mod element;
mod panel;

use self::element::{Document, length};
use crate::clock::Clock;
use crate::lane::{Lane, lanes};
use crate::picture::Picture;
use crate::story::Story;
use crate::wording;

const STYLE: &str = include_str!("style.css");

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
/// Left and right end of the charts.
const LEFT: f64 = 276.0;
const RIGHT: f64 = WIDTH - MARGIN;
/// Where the first release begins.
const TOP: f64 = 118.0;
/// Height of a chart.
const HEIGHT: f64 = 88.0;
/// Height of an analysis.
const LANE: f64 = 17.0;
/// Between two releases.
const GAP: f64 = 30.0;
/// Below the last one: the time.
const FOOT: f64 = 46.0;
/// How many characters fit left of a chart.
const LABEL: usize = 34;
/// How wide a character is, about.
const CHARACTER: f64 = 6.4;

/// Draws `picture`.
#[must_use]
pub fn draw(picture: &Picture) -> String {
    let clock = Clock::of(picture);
    let shown: Vec<Panel<'_>> = panels(picture);
    let bottom = shown.last().map_or(TOP, |panel| panel.top + panel.height());
    let drawing = Drawing { picture, clock: &clock, id: id(picture), bottom };
    let mut out = Document::default();
    drawing.frame(&mut out);
    for panel in &shown {
        drawing.panel(&mut out, panel);
    }
    drawing.time(&mut out);
    out.finish()
}

/// One release and its place.
struct Panel<'a> {
    story: &'a Story,
    lanes: Vec<Lane<'a>>,
    top: f64,
}

impl Panel<'_> {
    fn height(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few analyses")]
        let lanes = self.lanes.len() as f64;
        HEIGHT + 6.0 + lanes * LANE
    }
}

fn panels(picture: &Picture) -> Vec<Panel<'_>> {
    let mut top = TOP;
    let mut panels = Vec::new();
    for story in picture.stories() {
        let panel = Panel { story, lanes: lanes(picture, story), top };
        top += panel.height() + GAP;
        panels.push(panel);
    }
    panels
}

/// What tells the drawing from others on the same page.
fn id(picture: &Picture) -> String {
    let title = picture.title().to_lowercase();
    title.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

struct Drawing<'a> {
    picture: &'a Picture,
    clock: &'a Clock,
    id: String,
    bottom: f64,
}

impl Drawing<'_> {
    fn x(&self, time: f64) -> f64 {
        at(self.clock.place(time))
    }

    fn frame(&self, out: &mut Document) {
        let height = self.bottom + FOOT;
        let (title, description) = (format!("{}-title", self.id), format!("{}-description", self.id));
        out.open(
            "svg",
            &[
                ("xmlns", &"http://www.w3.org/2000/svg"),
                ("class", &"rollgate"),
                ("role", &"img"),
                ("aria-labelledby", &format!("{title} {description}")),
                ("viewBox", &format!("0 0 {WIDTH} {}", length(height))),
                ("width", &WIDTH),
                ("height", &length(height)),
            ],
        );
        let heading = format!("{}: {}", self.picture.title(), self.picture.strategy.name());
        out.text("title", &[("id", &title)], &format!("Delivery plan of {heading}"));
        out.text("desc", &[("id", &description)], &self.description());
        out.raw("  <style>\n");
        out.raw(STYLE);
        out.raw("  </style>\n");
        out.open("defs", &[]);
        out.open(
            "pattern",
            &[
                ("id", &format!("{}-hatch", self.id)),
                ("width", &6),
                ("height", &6),
                ("patternUnits", &"userSpaceOnUse"),
                ("patternTransform", &"rotate(45)"),
            ],
        );
        out.leaf("line", &[("class", &"hatch"), ("x1", &0), ("y1", &0), ("x2", &0), ("y2", &6)]);
        out.close();
        out.close();
        out.leaf("rect", &[("class", &"paper"), ("width", &WIDTH), ("height", &length(height))]);
        out.text(
            "text",
            &[("class", &"title"), ("x", &MARGIN), ("y", &38)],
            &short(&self.picture.title(), 70),
        );
        out.text("text", &[("class", &"quiet"), ("x", &MARGIN), ("y", &60)], &self.subtitle());
        self.legend(out);
    }

    fn description(&self) -> String {
        let stories = self.picture.stories();
        let sentences: Vec<String> =
            stories.map(|story| format!("{}: {}.", wording::kind(story), wording::summary(story))).collect();
        sentences.join(" ")
    }

    fn subtitle(&self) -> String {
        let weights: Vec<String> =
            self.picture.stages.iter().map(|stage| wording::percent(stage.effective_weight)).collect();
        let strategy = self.picture.strategy.name();
        if weights.is_empty() {
            return format!("{strategy}: every request goes to the new version at once");
        }
        short(&format!("{strategy}: {}, then everyone", weights.join(", ")), 120)
    }

    fn legend(&self, out: &mut Document) {
        let y = 78.0;
        let mut x = MARGIN;
        let entries = [
            ("stable", "stable version"),
            ("canary", "new version"),
            ("promoted", "promoted"),
            ("exposed", "exposed to a bad version"),
            ("held", "waits for somebody"),
            ("run", "analysis"),
            ("failed", "analysis that failed"),
        ];
        for (class, label) in entries {
            out.leaf(
                "rect",
                &[
                    ("class", &class),
                    ("x", &length(x)),
                    ("y", &y),
                    ("width", &12),
                    ("height", &12),
                    ("rx", &2),
                ],
            );
            if class == "exposed" {
                self.hatch(out, x, y, 12.0, 12.0);
            }
            out.text(
                "text",
                &[("class", &"small quiet"), ("x", &length(x + 17.0)), ("y", &(y + 10.0))],
                label,
            );
            #[expect(clippy::cast_precision_loss, reason = "a few words")]
            let width = label.len() as f64 * 5.8;
            x += 17.0 + width + 18.0;
        }
    }

    fn time(&self, out: &mut Document) {
        let y = self.bottom + 4.0;
        out.leaf(
            "line",
            &[("class", &"base"), ("x1", &LEFT), ("y1", &length(y)), ("x2", &RIGHT), ("y2", &length(y))],
        );
        let mut free = 0.0;
        for tick in self.clock.ticks(9) {
            let x = at(tick.at);
            #[expect(clippy::cast_precision_loss, reason = "a few characters")]
            let half = tick.label.chars().count() as f64 * CHARACTER / 2.0;
            if x - half < free || x + half > WIDTH {
                continue;
            }
            free = x + half + 6.0;
            out.leaf(
                "line",
                &[
                    ("class", &"base"),
                    ("x1", &length(x)),
                    ("y1", &length(y)),
                    ("x2", &length(x)),
                    ("y2", &length(y + 5.0)),
                ],
            );
            out.text(
                "text",
                &[
                    ("class", &"small quiet"),
                    ("x", &length(x)),
                    ("y", &length(y + 18.0)),
                    ("text-anchor", &"middle"),
                ],
                &tick.label,
            );
        }
        let label = if self.clock.breaks().next().is_some() {
            "time since the first stage; + means: and what a person takes"
        } else {
            "time since the first stage"
        };
        out.text(
            "text",
            &[("class", &"small quiet"), ("x", &RIGHT), ("y", &length(y + 34.0)), ("text-anchor", &"end")],
            label,
        );
    }
}

fn at(place: f64) -> f64 {
    LEFT + place * (RIGHT - LEFT)
}

/// At most `most` characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
