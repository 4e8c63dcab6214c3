//! What somebody does to a Rollout, to what it has under way, or to what it depends on.

use serde_json::Value;

use super::{INSTANCE_LABEL, status};
use crate::cluster::Kind;
use crate::controllers::traffic::{self, POD_HASH};
use crate::intervention::{Attempt, Intervention};
use crate::plan::Mistake;
use crate::scope::{Act, Governed};

/// The phases in which an `AnalysisRun` or Experiment is over (`v1alpha1/analysis_types.go`).
const FINISHED: [&str; 4] = ["Successful", "Failed", "Error", "Inconclusive"];

/// The labels by which the controller finds an `AnalysisRun` and tells what it is for.
const RUN_LABELS: [&str; 4] = [INSTANCE_LABEL, POD_HASH, "rollout-type", "step-index"];

/// Looks at an act for what it does to releases by Rollouts.
pub(crate) fn intervene(attempt: &Attempt<'_>, found: &mut Intervention) {
    match (attempt.target.kind, attempt.target.act) {
        (Governed::Rollout, Act::Status) => status::intervene(attempt, found),
        (Governed::Rollout, Act::Apply) => edit(attempt, found),
        (Governed::Rollout, Act::Delete) => delete(attempt, found),
        (Governed::Run, act) => run(act, attempt, found),
        (Governed::Workload, Act::Delete) => delete_replica_set(attempt, found),
        (Governed::Service | Governed::Route, _) => traffic::judge(attempt, Kind::ROLLOUT, directs, found),
        _ => {}
    }
}

/// Whether a Rollout, or a `ReplicaSet`, asks for pods: one by default.
fn has_pods(object: &Value) -> bool {
    object["spec"]["replicas"].as_i64() != Some(0)
}

fn edit(attempt: &Attempt<'_>, found: &mut Intervention) {
    let status = &attempt.old["status"];
    let hash = |field: &str| status[field].as_str().unwrap_or_default();
    let (current, stable) = (hash("currentPodHash"), hash("stableRS"));
    let in_release = !current.is_empty() && !stable.is_empty() && current != stable;
    if in_release && attempt.turns_on("paused") {
        found.weakens.push(Mistake::new(
            "spec.paused",
            "a Rollout that is paused in mid-release neither goes on nor, without a traffic router, back",
            "abort the release, or let it go on",
        ));
    }
    if label(&attempt.old, INSTANCE_LABEL) != label(&attempt.new, INSTANCE_LABEL) && has_pods(&attempt.old) {
        found.weakens.push(Mistake::new(
            format!("metadata.labels[{INSTANCE_LABEL}]"),
            "another value takes the Rollout from its controller: nothing is rolled back any more",
            "scale the Rollout to 0 first",
        ));
    }
}

fn delete(attempt: &Attempt<'_>, found: &mut Intervention) {
    if has_pods(&attempt.old) {
        found.weakens.push(Mistake::new(
            "spec.replicas",
            "a Rollout that is deleted while it runs goes live unanalysed when it is created again",
            "when it goes for good, scale it to 0 before it is deleted",
        ));
    }
}

/// An `AnalysisRun` or Experiment that a release waits for. One that nobody owns decides nothing.
fn run(act: Act, attempt: &Attempt<'_>, found: &mut Intervention) {
    let (old, new) = (&attempt.old, &attempt.new);
    let owner = controller(old);
    if !matches!(owner["kind"].as_str(), Some("Rollout" | "Experiment" | "AnalysisRun")) {
        return;
    }
    let changed = |field: &str| old[field] != new[field];
    let opens_gate = attempt.turns_on("terminate") && attempt.kind == "Experiment" && is_open_ended(old);
    let relabelled = || RUN_LABELS.iter().any(|key| label(old, key) != label(new, key));
    let (path, message) = if act == Act::Delete {
        if old["status"]["phase"].as_str().is_some_and(|phase| FINISHED.contains(&phase)) {
            return;
        }
        ("status.phase", "it is not over: a run in its place counts its failures from 0")
    } else if attempt.turns_on("terminate") && !opens_gate {
        ("spec.terminate", "what has not failed by then counts as successful")
    } else if changed("spec") && !opens_gate {
        ("spec", "what a run measures is not changed while a release waits for it")
    // An Experiment without a status starts again, as a retry does.
    } else if changed("status") && !(attempt.kind == "Experiment" && new["status"].is_null()) {
        ("status", "the result is the controller's to write; written by hand it is forged")
    } else if owner != controller(new) {
        ("metadata.ownerReferences", "without its owner a run decides nothing")
    } else if relabelled() {
        ("metadata.labels", "with other labels the controller takes the run for another one, or for none")
    } else {
        return;
    };
    found.skips.push(Mistake::new(path, message, "let the run end by itself, or abort the release"));
}

/// Whether an Experiment goes on until a person ends it, as a pause does: it has neither a duration nor an analysis
/// that it waits for.
fn is_open_ended(experiment: &Value) -> bool {
    let spec = &experiment["spec"];
    let analyses = spec["analyses"].as_array().map(Vec::as_slice).unwrap_or_default();
    spec["duration"].as_str().is_none_or(str::is_empty)
        && analyses.iter().all(|analysis| analysis["requiredForCompletion"] != true)
}

fn label<'a>(object: &'a Value, key: &str) -> &'a Value {
    &object["metadata"]["labels"][key]
}

fn controller(object: &Value) -> &Value {
    let owners = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    owners.iter().find(|owner| owner["controller"] == true).unwrap_or(&Value::Null)
}

/// Without the stable `ReplicaSet` the controller takes the new version for a first deployment.
fn delete_replica_set(attempt: &Attempt<'_>, found: &mut Intervention) {
    let owner = controller(&attempt.old);
    if owner["kind"] == "Rollout" && has_pods(&attempt.old) {
        let name = owner["name"].as_str().unwrap_or_default();
        found.weakens.push(Mistake::new(
            "metadata.name",
            format!("without it, Rollout {name} has nothing to go back to, or promotes what is new at once"),
            "abort the release, or change the Rollout",
        ));
    }
}

/// Whether a Rollout with pods sends its traffic through a Service or a route.
fn directs(rollout: &Value, attempt: &Attempt<'_>) -> bool {
    let strategy = &rollout["spec"]["strategy"];
    has_pods(rollout)
        && match attempt.target.kind {
            // stableService, canaryService, activeService, previewService, pingService, pongService, rootService.
            Governed::Service => {
                any_text(strategy, "", &|key, text| key.ends_with("Service") && text == attempt.name)
            }
            _ => directs_route(&strategy["canary"]["trafficRouting"], rollout, attempt),
        }
}

/// A route is named somewhere in the router's settings, whichever router, or plugin, that is.
fn directs_route(routing: &Value, rollout: &Value, attempt: &Attempt<'_>) -> bool {
    let (name, namespace) = (attempt.name, attempt.namespace);
    let own = rollout["metadata"]["name"].as_str().unwrap_or_default();
    // A TrafficSplit is named after its Rollout unless that says otherwise.
    !routing["smi"].is_null() && name == own
        || any_text(routing, "", &|_, text| {
            text == name
                // Istio also takes name.namespace.
                || text.strip_suffix(namespace).and_then(|text| text.strip_suffix('.')) == Some(name)
                // The copies that the controller makes of an Ingress and of a Mapping.
                || name.strip_suffix("-canary").is_some_and(|copied| {
                    text == copied
                        || copied.strip_prefix(own).and_then(|copied| copied.strip_prefix('-')) == Some(text)
                })
        })
}

/// Whether some text inside `value` passes, given the nearest key as well.
fn any_text(value: &Value, key: &str, passes: &dyn Fn(&str, &str) -> bool) -> bool {
    match value {
        Value::String(text) => passes(key, text),
        Value::Array(items) => items.iter().any(|item| any_text(item, key, passes)),
        Value::Object(fields) => fields.iter().any(|(key, value)| any_text(value, key, passes)),
        _ => false,
    }
}
