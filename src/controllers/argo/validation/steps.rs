//! The steps of a canary.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::Mistakes;
use crate::controllers::argo::canary::{seconds, to_float};
use crate::controllers::argo::spec::{Experiment, Selector, Step, StringMatch, TrafficRouting};

/// The largest weight when `maxTrafficWeight` is left out.
const DEFAULT_LARGEST_WEIGHT: f64 = 100.0;

impl Mistakes {
    pub(super) fn step(&mut self, step: &Step, routing: Option<&TrafficRouting>, path: &dyn Display) {
        let largest =
            routing.and_then(|routing| routing.max_traffic_weight).unwrap_or(DEFAULT_LARGEST_WEIGHT);
        if step.set_weight.is_some_and(|weight| !(0.0..=largest).contains(&to_float(weight))) {
            self.add(
                &format!("{path}.setWeight"),
                &format!("the weight is not between 0 and {largest}"),
                "set one that is",
            );
        }
        let length = step.pause.as_ref().and_then(|pause| pause.duration.as_ref());
        let routed = |with: fn(&TrafficRouting) -> bool| routing.is_some_and(with);
        let checks = [
            (
                length.is_some_and(|length| seconds(length).is_none()),
                &[
                    "pause.duration",
                    "the pause's length is no duration, or below 0",
                    "write seconds, or a duration such as 10m",
                ],
            ),
            (
                step.analysis.as_ref().is_some_and(|analysis| analysis.templates.is_empty()),
                &[
                    "analysis.templates",
                    "an analysis without templates is never run, so the step never ends",
                    "name a template, or leave the step out",
                ],
            ),
            (
                step.set_canary_scale.is_some() && routing.is_none(),
                &[
                    "setCanaryScale",
                    "setCanaryScale needs trafficRouting",
                    "declare trafficRouting, or leave the step out",
                ],
            ),
            (
                step.set_header_route.is_some()
                    && !routed(|r| {
                        r.istio.is_some() || r.alb.is_some() || r.apisix.is_some() || r.plugins.0 > 0
                    }),
                &[
                    "setHeaderRoute",
                    "header routes need one of the routers istio, alb, apisix and plugins",
                    "use one of them, or leave the step out",
                ],
            ),
            (
                step.set_mirror_route.is_some() && !routed(|r| r.istio.is_some() || r.plugins.0 > 0),
                &[
                    "setMirrorRoute",
                    "mirror routes need one of the routers istio and plugins",
                    "use one of them, or leave the step out",
                ],
            ),
        ];
        self.check(path, &checks);
        if let Some(route) = &step.set_header_route {
            let path = format!("{path}.setHeaderRoute");
            self.managed(&route.name, routing, &path);
            let exact_only = routed(|routing| routing.alb.is_some());
            for (index, one) in route.matches.iter().enumerate() {
                let path = format!("{path}.match[{index}]");
                self.text_match(one.header_value.as_ref(), exact_only, &path);
            }
        }
        if let Some(route) = &step.set_mirror_route {
            let path = format!("{path}.setMirrorRoute");
            self.managed(&route.name, routing, &path);
            for (index, one) in route.matches.iter().enumerate() {
                for (field, text) in [("method", &one.method), ("path", &one.path)] {
                    if text.is_some() {
                        self.text_match(text.as_ref(), false, &format!("{path}.match[{index}].{field}"));
                    }
                }
            }
        }
        if let Some(experiment) = &step.experiment {
            self.experiment(experiment, routing, &format_args!("{path}.experiment"));
        }
        self.analysis(step.analysis.as_ref(), &format_args!("{path}.analysis"));
    }

    fn managed(&mut self, name: &str, routing: Option<&TrafficRouting>, path: &str) {
        let unknown = |routing: &TrafficRouting| {
            let routes = routing.managed_routes.as_array();
            !routes.is_some_and(|routes| routes.iter().any(|route| route["name"] == name))
        };
        if routing.is_some_and(unknown) {
            self.add(
                path,
                &format!("the route {name:?} is not among trafficRouting.managedRoutes"),
                "list it there",
            );
        }
    }

    fn text_match(&mut self, text: Option<&StringMatch>, exact_only: bool, path: &str) {
        let ways = text.map_or(0, |text| {
            [&text.exact, &text.regex, &text.prefix].iter().filter(|way| !way.is_empty()).count()
        });
        if ways != 1 {
            self.add(path, "a match needs exactly one of exact, regex and prefix", "set one");
        } else if exact_only && text.is_some_and(|text| text.exact.is_empty()) {
            self.add(path, "the router alb matches header values in full alone", "use exact");
        }
    }

    fn experiment(&mut self, spec: &Experiment, routing: Option<&TrafficRouting>, path: &dyn Display) {
        let weighted = routing.is_some_and(|routing| {
            routing.alb.is_some() || routing.smi.is_some() || routing.istio.is_some() || routing.plugins.0 > 0
        });
        let mut names = BTreeSet::new();
        for (index, template) in spec.templates.iter().enumerate() {
            let checks = [
                (
                    template.weight.is_some() && !weighted,
                    &[
                        "weight",
                        "weights of experiments need one of the routers alb, smi, istio and plugins",
                        "leave it out",
                    ],
                ),
                (template.name.is_empty(), &["name", "the template has no name", "name it"]),
                (
                    !template.name.is_empty() && !names.insert(&template.name),
                    &[
                        "name",
                        "another template of the experiment has the same name",
                        "give each a name of its own",
                    ],
                ),
                (
                    !matches!(template.spec_ref.as_str(), "canary" | "stable"),
                    &["specRef", "specRef is neither canary nor stable", "set one of them"],
                ),
                (
                    template.selector.as_ref().is_some_and(Selector::is_empty),
                    &[
                        "selector",
                        "the selector is empty, and so selects every pod",
                        "leave it out, or set matchLabels",
                    ],
                ),
            ];
            self.check(&format_args!("{path}.templates[{index}]"), &checks);
        }
        for (index, analysis) in spec.analyses.iter().enumerate() {
            self.arguments(&analysis.args, &format_args!("{path}.analyses[{index}]"));
        }
    }
}
