//! The canary strategy (`rollout/canary.go`, `rollout/analysis.go`, `experiments/experiment.go`).

use super::Reader;
use super::spec::{AnalysisReference, Canary, Experiment, HeaderRoute, Step, StringMatch, TemplateReference};
use super::weights::Weights;
use crate::duration::parse_go;
use crate::kubernetes::IntOrString;
use crate::plan::{Mistake, Position, Schedule, Stage, Strategy, Wait};

const PATH: &str = "spec.strategy.canary";

impl Reader<'_> {
    pub(super) fn canary(&mut self, spec: &Canary, replicas: Option<i64>) {
        PATH.clone_into(&mut self.plan.path);
        if spec.steps.is_empty() {
            // A rolling update: analysis beside it races the promotion.
            self.plan.strategy = Strategy::None;
            return;
        }
        self.plan.strategy = Strategy::Canary;
        if !spec.steps.iter().any(|step| step.set_weight.is_some()) {
            self.plan.undeclared.push(Mistake {
                path: format!("{PATH}.steps"),
                message: "no step sets a weight, so all traffic moves at once after the last step".to_owned(),
                help: "add setWeight steps".to_owned(),
                mend: None,
            });
        }
        let mut stages = Stages::new(Weights::of(spec, replicas));
        let starting_step = spec.analysis.as_ref().map(|analysis| analysis.starting_step.unwrap_or(0).max(0));
        let mut background_from = Position::NEVER;
        for (index, step) in spec.steps.iter().enumerate() {
            if starting_step.is_some_and(|start| usize::try_from(start).is_ok_and(|start| start == index)) {
                background_from = stages.position();
            }
            self.step(step, &format!("{PATH}.steps[{index}]"), &mut stages);
        }
        self.plan.stages = stages.finish();
        if let Some(reference) = &spec.analysis {
            self.background(reference, background_from);
        }
        self.mark_late_analyses();
    }

    fn step(&mut self, step: &Step, path: &str, stages: &mut Stages) {
        match step.kinds() {
            0 => self.refuse(path, "the step does nothing", "set a weight, a pause or an analysis in it"),
            1 => {}
            _ => self.refuse(
                path,
                "the step does several things, and the first of them alone decides when it is over",
                "make one step of each",
            ),
        }
        if let Some(scale) = &step.set_canary_scale {
            let none = |pods: Option<i64>| pods.is_some_and(|pods| pods <= 0);
            let without_pods = !scale.match_traffic_weight && (none(scale.replicas) || none(scale.weight));
            stages.set_pods(without_pods, format!("{path}.setCanaryScale"));
        }
        if let Some(weight) = step.set_weight {
            stages.set_weight(weight, format!("{path}.setWeight"));
        }
        if let Some(route) = &step.set_header_route {
            stages.set_header_route(route, format!("{path}.setHeaderRoute"));
        }
        if let Some(route) = &step.set_mirror_route {
            stages.set_mirror(
                route.percentage.is_none_or(|percent| percent > 0) && !route.matches.is_empty(),
                path,
            );
        }
        if let Some(pause) = &step.pause {
            stages.wait(match pause.duration.as_ref().map(seconds) {
                None => Wait::Human { path: format!("{path}.pause"), what: "an indefinite pause" },
                Some(Some(seconds)) => Wait::Time { seconds },
                Some(None) => Wait::Never {
                    path: format!("{path}.pause.duration"),
                    why: "a pause whose length cannot be read",
                },
            });
        }
        if let Some(reference) = &step.analysis {
            let index = self.add_analysis(reference, &format!("{path}.analysis"));
            self.refuse_endless(index);
            stages.wait(Wait::Analyses { runs: vec![index], limit: None });
        }
        if let Some(experiment) = &step.experiment {
            self.experiment(experiment, &format!("{path}.experiment"), stages);
        }
    }

    fn experiment(&mut self, spec: &Experiment, path: &str, stages: &mut Stages) {
        let extra: f64 = spec
            .templates
            .iter()
            .filter(|template| template.spec_ref != "stable")
            .filter_map(|template| template.weight)
            .map(to_float)
            .sum();
        if extra > 0.0 {
            stages.add_share(extra, format!("{path}.templates"));
        }
        let runs_new_pods = spec
            .templates
            .iter()
            .any(|template| template.spec_ref != "stable" && template.replicas != Some(0));
        let required = spec.analyses.iter().any(|analysis| analysis.required_for_completion);
        let mut runs = Vec::new();
        for (index, analysis) in spec.analyses.iter().enumerate() {
            // Once one is required, the others are dropped when it is done and protect nothing.
            if required && !analysis.required_for_completion {
                continue;
            }
            let reference = AnalysisReference {
                templates: vec![TemplateReference {
                    template_name: analysis.template_name.clone(),
                    cluster_scope: analysis.cluster_scope,
                }],
                args: analysis.args.clone(),
                dry_run: spec.dry_run.clone(),
                analysis_run_metadata: spec.analysis_run_metadata.clone(),
                ..AnalysisReference::default()
            };
            let from = self.plan.unresolved.len();
            let path = format!("{path}.analyses[{index}]");
            let run = self.add_analysis(&reference, &path);
            for unresolved in &mut self.plan.unresolved[from..] {
                unresolved.path.clone_from(&path);
                // Templates of experiments are only looked up when the step is reached.
                unresolved.held = false;
            }
            // An experiment has pods of its own, whatever the weight.
            self.plan.analyses[run].needs_exposure = !runs_new_pods;
            runs.push(run);
        }
        let duration = spec.duration.as_deref().and_then(parse_go);
        let limit = if required { None } else { duration };
        stages.wait(Wait::Analyses { runs, limit });
        if !required && duration.is_none() {
            stages.wait(match spec.duration.as_deref() {
                None | Some("") => Wait::Human {
                    path: path.to_owned(),
                    what: "an experiment with neither a duration nor a required analysis",
                },
                Some(_) => Wait::Never {
                    path: format!("{path}.duration"),
                    why: "an experiment whose duration cannot be read",
                },
            });
        }
        if extra > 0.0 {
            stages.add_share(0.0, path.to_owned());
        }
    }

    fn background(&mut self, reference: &AnalysisReference, from: Position) {
        let index = self.add_analysis(reference, &format!("{PATH}.analysis"));
        let analysis = &mut self.plan.analyses[index];
        analysis.beside_from = Some(from);
        // What a template holds that nobody could read may go on to the end.
        for metric in analysis.metrics.iter_mut().filter(|metric| metric.stands_in) {
            metric.schedule = Schedule { interval: Some(1.0), count: None, ..Schedule::default() };
        }
    }

    /// From the last stage with an analysis before everybody is reached, an analysis comes late enough for a
    /// smoke test; so does one that goes on until promotion.
    fn mark_late_analyses(&mut self) {
        let awaited = |stage: &Stage| -> Vec<usize> {
            let runs = stage.waits.iter().filter_map(|wait| match wait {
                Wait::Analyses { runs, .. } => Some(runs),
                _ => None,
            });
            runs.flatten().copied().collect()
        };
        let stages = &self.plan.stages;
        let last = stages.iter().rposition(|stage| stage.effective_weight < 100.0).unwrap_or(0);
        let late: Vec<usize> = stages.iter().skip(last).flat_map(awaited).collect();
        for (index, analysis) in self.plan.analyses.iter_mut().enumerate() {
            analysis.late = late.contains(&index) || analysis.beside_from.is_some();
        }
    }

    /// An awaited metric with an interval and no count never ends, and the controller refuses it.
    pub(super) fn refuse_endless(&mut self, analysis: usize) {
        let endless =
            self.plan.analyses[analysis].metrics.iter().find(|metric| metric.schedule.count.is_none());
        if let Some(mistake) = endless.map(|metric| {
            Mistake::new(
                &metric.path,
                format!(
                    "{} has an interval and no count, so an analysis that is waited for never ends",
                    metric.title()
                ),
                "set count",
            )
        }) {
            self.plan.refused.push(mistake);
        }
    }
}

/// A whole number as it is reckoned with.
#[expect(clippy::cast_precision_loss, reason = "percentages and seconds")]
pub(super) fn to_float(whole: i64) -> f64 {
    whole as f64
}

/// A pause's length in seconds: a number, a number as text, or a Go duration; whole seconds.
pub(super) fn seconds(duration: &IntOrString) -> Option<f64> {
    let seconds = match duration {
        IntOrString::Int(seconds) => to_float(*seconds),
        IntOrString::String(text) => text.parse::<i32>().map(f64::from).ok().or_else(|| parse_go(text))?,
    };
    let whole = seconds.trunc();
    (whole >= 0.0).then_some(whole)
}

/// The stages as the steps build them up.
struct Stages {
    weights: Weights,
    built: Vec<Stage>,
    nominal: f64,
    without_pods: bool,
    matching: bool,
    mirrored: bool,
}

impl Stages {
    fn new(weights: Weights) -> Self {
        let first = Stage { path: format!("{PATH}.steps"), ..Stage::default() };
        Self {
            weights,
            built: vec![first],
            nominal: 0.0,
            without_pods: false,
            matching: false,
            mirrored: false,
        }
    }

    fn position(&self) -> Position {
        Position { stage: self.built.len() - 1, wait: self.current().waits.len() }
    }

    fn current(&self) -> &Stage {
        &self.built[self.built.len() - 1]
    }

    fn wait(&mut self, wait: Wait) {
        let last = self.built.len() - 1;
        self.built[last].waits.push(wait);
    }

    fn set_weight(&mut self, weight: i64, path: String) {
        self.nominal = to_float(weight);
        self.push(path, self.share());
    }

    /// The share of the weight: no request goes where there are no pods.
    fn share(&self) -> f64 {
        if self.without_pods { 0.0 } else { self.weights.effective(self.nominal) }
    }

    fn set_pods(&mut self, without_pods: bool, path: String) {
        if without_pods != self.without_pods {
            self.without_pods = without_pods;
            self.push(path, self.share());
        }
    }

    fn set_mirror(&mut self, mirrored: bool, path: &str) {
        self.mirrored = mirrored;
        self.push(format!("{path}.setMirrorRoute"), self.current().effective_weight);
    }

    /// Adds a share on top of the weight: an experiment's pods get requests of their own.
    fn add_share(&mut self, percent: f64, path: String) {
        let effective = (self.weights.effective(self.nominal) + percent).min(100.0);
        self.push(path, effective);
    }

    /// A header route sends all that match to the new version; without a match it is taken away again.
    fn set_header_route(&mut self, route: &HeaderRoute, path: String) {
        self.matching = !route.matches.is_empty();
        let everyone = self.matching
            && route.matches.iter().all(|one| one.header_value.as_ref().is_none_or(matches_all));
        let effective = if everyone { 100.0 } else { self.current().effective_weight };
        self.push(path, effective);
    }

    fn push(&mut self, path: String, effective_weight: f64) {
        // A first stage in which nothing happens is none.
        if self.built.len() == 1 && self.current().waits.is_empty() {
            self.built.pop();
        }
        self.built.push(Stage {
            path,
            weight: self.nominal,
            effective_weight,
            matching: self.matching,
            mirrored: self.mirrored,
            waits: Vec::new(),
        });
    }

    /// The stages without a last one that waits for nothing at 100 %: that is the promotion itself.
    fn finish(mut self) -> Vec<Stage> {
        if self.current().effective_weight >= 100.0 && self.current().waits.is_empty() && self.built.len() > 1
        {
            self.built.pop();
        }
        self.built
    }
}

/// Whether a header match accepts whatever value is sent.
fn matches_all(value: &StringMatch) -> bool {
    value.exact.is_empty()
        && value.prefix.is_empty()
        && matches!(value.regex.trim_start_matches('^').trim_end_matches('$'), "" | ".*" | ".+")
}
