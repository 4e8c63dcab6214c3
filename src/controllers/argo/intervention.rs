//! What somebody does to a Rollout, to what it has under way, or to what it depends on.

use serde_json::Value;

use super::{INSTANCE_LABEL, status};
use crate::cluster::Kind;
use crate::controllers::traffic;
use crate::intervention::{Attempt, Intervention, controller};
use crate::kubernetes::POD_HASH;
use crate::plan::Mistake;
use crate::scope::{Act, Governed};

/// The phases in which an `AnalysisRun` or Experiment is over (`v1alpha1/analysis_types.go`).
const FINISHED: [&str; 4] = ["Successful", "Failed", "Error", "Inconclusive"];

/// The labels by which the controller finds an `AnalysisRun` and tells what it is for.
const RUN_LABELS: [&str; 4] = [INSTANCE_LABEL, POD_HASH, "rollout-type", "step-index"];

/// Says on a Service which Rollout manages it.
const MANAGED_BY: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";

/// Looks at an act for what it does to releases by Rollouts.
pub(crate) fn intervene(attempt: &Attempt<'_>, found: &mut Intervention) {
    match (attempt.target.kind, attempt.target.act) {
        (Governed::Rollout, Act::Status) => status::intervene(attempt, found),
        (Governed::Rollout, Act::Apply) => edit(attempt, found),
        (Governed::Rollout, Act::Delete) => delete(attempt, found),
        (Governed::Run, act) => run(act, attempt, found),
        (Governed::Workload, Act::Delete) => delete_replica_set(attempt, found),
        (Governed::Workload, Act::Apply) => edit_replica_set(attempt, found),
        (Governed::Service, Act::Apply) => {
            traffic::judge(attempt, Kind::ROLLOUT, directs, found);
            claim(attempt, found);
        }
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
    let created = old.is_null();
    let owner = controller(if created { new } else { old });
    if !matches!(owner["kind"].as_str(), Some("Rollout" | "Experiment" | "AnalysisRun")) {
        return;
    }
    let changed = |field: &str| old[field] != new[field];
    let opens_gate = attempt.turns_on("terminate") && attempt.kind == "Experiment" && is_open_ended(old);
    let relabelled = || RUN_LABELS.iter().any(|key| label(old, key) != label(new, key));
    let (path, message) = if created {
        // `utils/analysis/helpers.go`, CreateWithCollisionCounter
        (
            "metadata.ownerReferences",
            "the controller makes its runs itself, and takes this one for one of them",
        )
    } else if act == Act::Delete {
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

/// A `ReplicaSet` is a Rollout's by its owner and by the labels it selects: one that is let go is no longer the stable
/// one, and one that is taken in is an earlier revision (`rollout/replicaset.go`).
fn edit_replica_set(attempt: &Attempt<'_>, found: &mut Intervention) {
    let (old, new) = (&attempt.old, &attempt.new);
    let (was, is) = (controller(old), controller(new));
    let selected = old["spec"]["selector"]["matchLabels"].as_object();
    let relabelled = || selected.is_some_and(|all| all.keys().any(|key| label(old, key) != label(new, key)));
    let lost = was["kind"] == "Rollout";
    let (path, owner) =
        if was != is && (lost || matches!(is["kind"].as_str(), Some("Rollout" | "Deployment"))) {
            ("metadata.ownerReferences", if lost { was } else { is })
        } else if lost && relabelled() {
            ("metadata.labels", was)
        } else {
            return;
        };
    let title = format!(
        "{} {}",
        owner["kind"].as_str().unwrap_or_default(),
        owner["name"].as_str().unwrap_or_default()
    );
    found.edits.push(Mistake::new(
        path,
        format!("{title} says by this which revisions it has, and can go back to"),
        format!("leave it to the controller of {title}"),
    ));
}

/// The controller does nothing for a Rollout whose Service another one claims
/// (`pkg/apis/rollouts/validation/validation_references.go`).
fn claim(attempt: &Attempt<'_>, found: &mut Intervention) {
    let claimant = |service: &Value| service["metadata"]["annotations"][MANAGED_BY].clone();
    let by = claimant(&attempt.new);
    if by.is_null() || by == claimant(&attempt.old) {
        return;
    }
    let rollouts = attempt.releases(Kind::ROLLOUT, found);
    let others = |rollout: &&Value| rollout["metadata"]["name"] != by && directs(rollout, attempt);
    if let Some(rollout) = rollouts.iter().find(others) {
        let name = rollout["metadata"]["name"].as_str().unwrap_or_default();
        found.weakens.push(Mistake::new(
            format!("metadata.annotations[{MANAGED_BY}]"),
            format!(
                "a Service that another one claims stops Rollout {name} where it is: nothing is rolled back any more"
            ),
            "leave it to the controller",
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
