//! What the controller refuses once a Rollout is stored (`pkg/apis/rollouts/validation`,
//! `utils/conditions/experiments.go`): it then reports the first mistake and delivers nothing. Here all are found.
//!
//! What only other objects can tell (Services, Ingresses, routes) is not asked here.

mod canary;
mod pods;
mod steps;

use std::fmt::Display;

use serde_json::Value;

use super::spec::{AnalysisReference, Argument, BlueGreen, RolloutSpec};
use crate::plan::Mistake;

/// Revisions kept when `revisionHistoryLimit` is left out.
const DEFAULT_HISTORY: i64 = 10;
/// Seconds when `progressDeadlineSeconds` is left out.
const DEFAULT_PROGRESS_DEADLINE: i64 = 600;

/// Everything in a Rollout that the controller refuses, beside what reading its steps and templates finds.
pub(super) fn mistakes(spec: &RolloutSpec) -> Vec<Mistake> {
    let mut found = Mistakes(Vec::new());
    found.numbers(spec);
    found.pods(spec);
    if let Some(canary) = &spec.strategy.canary {
        found.canary(canary);
        if let Some(routing) = &canary.traffic_routing {
            found.routing(canary, routing);
        }
        for (index, step) in canary.steps.iter().enumerate() {
            found.step(step, canary.traffic_routing.as_ref(), &format_args!("{CANARY}.steps[{index}]"));
        }
        found.analysis(canary.analysis.as_ref(), &format_args!("{CANARY}.analysis"));
        found.anti_affinity(canary.anti_affinity.as_ref(), &CANARY);
    }
    if let Some(blue_green) = &spec.strategy.blue_green {
        found.blue_green(blue_green, spec.revision_history_limit);
    }
    found.0
}

const CANARY: &str = "spec.strategy.canary";
const BLUE_GREEN: &str = "spec.strategy.blueGreen";

/// A check: whether it fails; then the field below a common path, what is wrong, how to mend it.
type Check = (bool, &'static [&'static str; 3]);

/// What is found. Paths are only written where something is.
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn add(&mut self, path: &str, message: &str, help: &str) {
        self.0.push(Mistake::new(path, message, help));
    }

    fn check(&mut self, path: &dyn Display, checks: &[Check]) {
        for (_, [field, message, help]) in checks.iter().filter(|check| check.0) {
            self.add(&format!("{path}.{field}"), message, help);
        }
    }

    fn numbers(&mut self, spec: &RolloutSpec) {
        let deadline = spec.progress_deadline_seconds.unwrap_or(DEFAULT_PROGRESS_DEADLINE);
        for (field, number) in [
            ("replicas", spec.replicas.unwrap_or(0)),
            ("minReadySeconds", spec.min_ready_seconds),
            ("revisionHistoryLimit", spec.revision_history_limit.unwrap_or(0)),
            ("progressDeadlineSeconds", deadline),
        ] {
            if number < 0 {
                self.add(&format!("spec.{field}"), &format!("{field} is below 0"), "set 0 or more");
            }
        }
        if (0..=spec.min_ready_seconds).contains(&deadline) {
            self.add(
                "spec.progressDeadlineSeconds",
                &format!(
                    "progressDeadlineSeconds ({deadline}) is not above minReadySeconds ({})",
                    spec.min_ready_seconds
                ),
                "raise it above minReadySeconds",
            );
        }
    }

    fn analysis(&mut self, reference: Option<&AnalysisReference>, path: &dyn Display) {
        if let Some(reference) = reference {
            self.arguments(&reference.args, path);
        }
    }

    /// Arguments from the Rollout's metadata: of those fields only some can be had.
    fn arguments(&mut self, args: &[Argument], path: &dyn Display) {
        for (index, argument) in args.iter().enumerate() {
            let field = argument.value_from.as_ref().and_then(|source| source.field_ref.as_ref());
            if let Some(field) = field.map(|field| &field.field_path)
                && field.starts_with("metadata")
                && !is_metadata_field(field)
            {
                self.add(
                    &format!("{path}.args[{index}].valueFrom.fieldRef.fieldPath"),
                    &format!("the field {field:?} cannot be an argument"),
                    "use metadata.name, namespace, uid, or one label or annotation: metadata.labels['app']",
                );
            }
        }
    }

    fn anti_affinity(&mut self, spec: Option<&Value>, path: &dyn Display) {
        let Some(spec) = spec else { return };
        let preferred = &spec["preferredDuringSchedulingIgnoredDuringExecution"];
        let required = &spec["requiredDuringSchedulingIgnoredDuringExecution"];
        let weight = preferred["weight"].as_i64();
        let checks = [
            (
                preferred.is_null() == required.is_null(),
                &[
                    "antiAffinity",
                    "exactly one of the two ways of anti-affinity has to be declared",
                    "keep one",
                ],
            ),
            (
                weight.is_some_and(|weight| !(1..=100).contains(&weight)),
                &["antiAffinity", "the weight is not between 1 and 100", "set one that is"],
            ),
        ];
        self.check(path, &checks);
    }

    fn blue_green(&mut self, spec: &BlueGreen, history: Option<i64>) {
        let history = history.unwrap_or(DEFAULT_HISTORY);
        if spec.scale_down_delay_revision_limit.is_some_and(|limit| limit > history) {
            self.add(
                &format!("{BLUE_GREEN}.scaleDownDelayRevisionLimit"),
                &format!("more old revisions are to run than are kept (revisionHistoryLimit is {history})"),
                "lower it, or raise revisionHistoryLimit",
            );
        }
        self.analysis(
            spec.pre_promotion_analysis.as_ref(),
            &format_args!("{BLUE_GREEN}.prePromotionAnalysis"),
        );
        self.analysis(
            spec.post_promotion_analysis.as_ref(),
            &format_args!("{BLUE_GREEN}.postPromotionAnalysis"),
        );
        self.anti_affinity(spec.anti_affinity.as_ref(), &BLUE_GREEN);
    }
}

/// Whether a field of the metadata can be read for an argument (`k8s.io/kubernetes/pkg/fieldpath`).
fn is_metadata_field(path: &str) -> bool {
    const WHOLE: [&str; 5] =
        ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
    match path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        Some((map, _)) => WHOLE[..2].contains(&map),
        None => WHOLE.contains(&path),
    }
}

#[cfg(test)]
mod tests;
