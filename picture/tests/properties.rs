//! What must hold of every picture, whatever the plan.

use std::cell::OnceCell;

use proptest::prelude::*;
use rollgate_picture::text::{LEAST_WIDTH, MOST_WIDTH, Terminal};
use rollgate_picture::{Picture, Subject, json, mermaid, svg, text};
use rollgate_policy::plan::{
    Analysis, DeliveryPlan, Metric, MetricKind, Position, Schedule, Signal, Stage, Strategy as Delivery, Wait,
};
use roxmltree::{Document, Node};

#[derive(Debug, Clone)]
struct Draft {
    stages: Vec<Stage>,
    watches: Vec<(Option<Position>, Schedule)>,
    name: String,
}

impl Draft {
    fn picture(&self) -> Picture {
        let analyses = self.watches.iter().map(|(beside_from, schedule)| Analysis {
            path: "spec.strategy.canary.analysis".to_owned(),
            metrics: vec![Metric {
                name: self.name.clone(),
                kind: MetricKind::Job,
                assessment: OnceCell::new(),
                ..Metric::stand_in(&format!("AnalysisTemplate/{}", self.name), "spec", schedule.clone())
            }],
            beside_from: *beside_from,
            ..Analysis::default()
        });
        let plan = DeliveryPlan {
            strategy: Delivery::Canary,
            stages: self.stages.clone(),
            analyses: analyses.collect(),
            ..DeliveryPlan::default()
        };
        let subject = Subject {
            kind: "Rollout".to_owned(),
            namespace: Some("shop".to_owned()),
            name: self.name.clone(),
        };
        Picture::new(subject, &plan, &Signal::ALL, false)
    }
}

fn seconds() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (0u32..400).prop_map(|tens| f64::from(tens) * 10.0),
        1 => Just(1e-3),
        1 => Just(1e12),
    ]
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    (seconds(), prop::option::of(seconds()), prop::option::of(1u64..8), prop::option::of(0u64..6)).prop_map(
        |(initial_delay, interval, count, failure_limit)| Schedule {
            initial_delay,
            interval,
            count,
            failure_limit,
            ..Schedule::default()
        },
    )
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let from = prop::option::of((0usize..5, 0usize..3).prop_map(|(stage, wait)| Position { stage, wait }));
    prop::collection::vec((from, any_schedule()), 0..4).prop_flat_map(|watches| {
        let analyses = watches.len();
        let wait = prop_oneof![
            4 => seconds().prop_map(|seconds| Wait::Time { seconds }),
            2 => (0..analyses.max(1), prop::option::of(seconds())).prop_map(move |(run, limit)| Wait::Analyses {
                runs: if analyses == 0 { Vec::new() } else { vec![run] },
                limit,
            }),
            1 => Just(Wait::Human { path: "spec.pause".to_owned(), what: "a gate" }),
            1 => Just(Wait::Never { path: "spec.pause".to_owned(), why: "nothing" }),
        ];
        let stage = (0u32..=100, prop::collection::vec(wait, 0..4)).prop_map(|(weight, waits)| Stage {
            weight: f64::from(weight),
            effective_weight: f64::from(weight),
            waits,
            ..Stage::default()
        });
        let name = prop_oneof![3 => "[a-z]{1,12}", 1 => any::<String>()];
        (prop::collection::vec(stage, 0..6), Just(watches), name)
            .prop_map(|(stages, watches, name)| Draft { stages, watches, name })
    })
}

fn number(node: Node<'_, '_>, attribute: &str) -> Option<f64> {
    node.attribute(attribute)?.parse().ok()
}

fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * one.abs().max(other.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn time_goes_on_and_exposures_add_up(draft in any_draft()) {
        let picture = draft.picture();
        for story in picture.stories() {
            let mut time = 0.0;
            let mut exposure = 0.0;
            for passage in &story.passages {
                prop_assert!(passage.span.start >= time && passage.span.end >= passage.span.start);
                exposure += passage.weight * (passage.span.end - passage.span.start) / 60.0;
                time = passage.span.end;
            }
            prop_assert!(time <= story.seconds);
            prop_assert!(is_close(exposure, story.exposure), "{} {}", exposure, story.exposure);
            prop_assert!(story.unattended(story.seconds) >= 0.0);
        }
    }

    #[test]
    fn drawings_are_xml_and_hold_the_numbers(draft in any_draft()) {
        let picture = draft.picture();
        let drawing = svg::draw(&picture);
        let document = Document::parse(&drawing).map_err(|error| TestCaseError::fail(format!("{error}\n{drawing}")))?;
        let root = document.root_element();
        prop_assert_eq!(root.attribute("role"), Some("img"));
        for tag in ["title", "desc"] {
            prop_assert!(root.children().any(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag))));
        }
        let releases: Vec<Node<'_, '_>> =
            root.children().filter(|node| node.attribute("class") == Some("release")).collect();
        prop_assert_eq!(releases.len(), 1 + picture.bad.len());
        for (node, story) in releases.iter().zip(picture.stories()) {
            prop_assert_eq!(node.attribute("data-end"), Some(story.end.name()));
            prop_assert_eq!(number(*node, "data-seconds"), Some(story.unattended(story.seconds)));
            if !story.is_good() {
                prop_assert_eq!(number(*node, "data-exposure"), Some(story.exposure));
                let drawn: f64 = node
                    .descendants()
                    .filter_map(|node| {
                        let length = number(node, "data-end")? - number(node, "data-start")?;
                        Some(number(node, "data-weight")? * length / 60.0)
                    })
                    .sum();
                prop_assert!(is_close(drawn, story.exposure), "{} {}", drawn, story.exposure);
            }
        }
        for node in document.descendants() {
            for attribute in ["x", "y", "width", "height", "x1", "x2", "y1", "y2"] {
                if let Some(length) = number(node, attribute) {
                    prop_assert!(length >= 0.0 && length.is_finite(), "{} {}", attribute, length);
                }
            }
            if let (Some(x), Some(width)) = (number(node, "x"), number(node, "width")) {
                prop_assert!(x + width <= 961.0, "{} {}", x, width);
            }
        }
    }

    #[test]
    fn text_stays_within_its_columns(draft in any_draft(), width in 0usize..250, unicode in any::<bool>()) {
        let picture = draft.picture();
        let drawn = text::draw(&picture, Terminal { width, unicode });
        let plain_name = draft.name.chars().all(|character| character.is_ascii() && !character.is_control());
        prop_assert!(unicode || !plain_name || drawn.is_ascii());
        prop_assert!(!without_colours(&drawn).contains(|character: char| character.is_control() && character != '\n'));
        if draft.name.chars().all(|character| character.is_ascii_lowercase()) {
            let most = width.clamp(LEAST_WIDTH, MOST_WIDTH);
            for line in drawn.lines() {
                let shown = without_colours(line).chars().count();
                prop_assert!(shown <= most, "{} of {}: {}", shown, most, line);
            }
        }
    }

    #[test]
    fn charts_for_mermaid_have_a_section_a_release_and_a_task_a_line(draft in any_draft()) {
        let picture = draft.picture();
        let chart = mermaid::draw(&picture);
        let mut lines = chart.lines();
        prop_assert_eq!(lines.next(), Some("gantt"));
        prop_assert!(!chart.contains("%%") && !chart.contains(['#', ';']));
        let sections = chart.lines().filter(|line| line.starts_with("  section ")).count();
        prop_assert_eq!(sections, 1 + picture.bad.len());
        let mut known: Vec<String> = Vec::new();
        for line in lines.skip(3).filter(|line| !line.starts_with("  section ")) {
            let (_, data) = line.split_once(" :").ok_or_else(|| TestCaseError::fail(line.to_owned()))?;
            let parts: Vec<&str> = data.split(", ").collect();
            let [.., id, start, length] = parts[..] else { return Err(TestCaseError::fail(line.to_owned())) };
            let follows = start.strip_prefix("after ").is_some_and(|before| known.iter().any(|id| id == before));
            prop_assert!(follows || start == "2000-01-01 00:00:00", "{}", line);
            prop_assert!(length.strip_suffix('s').is_some_and(|length| length.parse::<f64>().is_ok()), "{}", line);
            known.push(id.to_owned());
        }
    }

    #[test]
    fn json_has_every_release(draft in any_draft()) {
        let picture = draft.picture();
        let value = serde_json::to_value(json::Plan::of(&picture)).expect("JSON");
        prop_assert_eq!(value["outcomes"].as_array().map(Vec::len), Some(picture.bad.len()));
        for (outcome, story) in value["outcomes"].as_array().into_iter().flatten().zip(&picture.bad) {
            prop_assert_eq!(outcome["exposure"].as_f64(), Some(story.exposure));
        }
    }
}

fn without_colours(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(escape) = rest.find("\u{1b}[") {
        out.push_str(&rest[..escape]);
        rest = rest[escape..].split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}
