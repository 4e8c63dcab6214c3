//! Nothing goes live past a delivery controller.

use serde_json::value::RawValue;

use super::{DENY, Report, Rule};
use crate::admission::Origin;
use crate::case::{Case, Subject, WorkloadObject};
use crate::cluster::{Kind, Unreadable};
use crate::controllers::{argo, flagger};
use crate::json;
use crate::settings::Context;

pub(super) static RULE: Rule = Rule {
    name: "no-bypass",
    requirement: "BAN-PD-STR-01",
    levels: DENY,
    meaning: "a workload is released by a Rollout or a Canary, and what those manage is not edited by hand",
    why: "Kubernetes replaces the pods of a plain Deployment at once. A Rollout that takes its pods from a Deployment \
          only governs it when the Deployment itself is scaled down; an edit of <name>-primary goes live unanalysed.",
    check,
};

/// Names the object that will govern a workload which is sent before it: `Canary/payments`.
pub const GOVERNED_BY: &str = "rollgate.dev/governed-by";
/// The revision a Rollout has reached.
const REVISION: &str = "rollout.argoproj.io/revision";

/// What is known of a workload's governor.
enum Governed {
    /// One takes it out of Kubernetes' own hands.
    Yes,
    /// There is one, but the workload still releases by itself.
    InName(String),
    /// What a controller manages is edited by hand.
    ByHand(String),
    /// There is none.
    No,
}

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Subject::Workload(workload) = &case.subject else { return };
    let title = format!("{} {}", workload.kind, workload.metadata.display_name());
    match governed(case, workload) {
        Ok(Governed::Yes) => {}
        Ok(Governed::InName(reason)) => report.find(
            "spec.replicas",
            format!("{title} still releases by itself: {reason}"),
            "set workloadRef.scaleDown to onsuccess or progressively in the Rollout, or replicas to 0 here",
        ),
        Ok(Governed::ByHand(reason)) => report.find(
            "metadata.name",
            format!("{title} is not edited by hand: {reason}"),
            "change the object it is made from",
        ),
        Ok(Governed::No) => ungoverned(case, workload, &title, report),
        Err(Unreadable(error)) => {
            let message = format!("it could not be found out who releases {title}: {error}");
            let help = "grant the policy access to Rollouts and Canaries, or set context";
            match case.settings.context {
                Context::Required => report.find("metadata.name", message, help),
                Context::Optional => report.warn("metadata.name", message, help),
            }
        }
    }
}

fn ungoverned(case: &Case<'_>, workload: &WorkloadObject, title: &str, report: &mut Report<'_>) {
    match workload.metadata.annotations.get(GOVERNED_BY) {
        // Helm sends Deployments first; neither controller analyses a first deployment anyway.
        Some(governor) if workload.created && case.origin == Origin::ApiServer => report.warn(
            format!("metadata.annotations[{GOVERNED_BY}]"),
            format!("{title} waits for {governor}, which does not govern it yet"),
            format!("apply {governor}"),
        ),
        Some(governor) => report.find(
            format!("metadata.annotations[{GOVERNED_BY}]"),
            format!("{title} names {governor}, and nothing of that name governs it"),
            format!("apply {governor} with a reference to {title}"),
        ),
        None => report.find(
            "kind",
            format!("{title} bypasses progressive delivery: no Rollout and no Canary releases it"),
            format!(
                "release it by a Rollout (workloadRef) or a Flagger Canary (targetRef); apply that first, or name it in the annotation {GOVERNED_BY}"
            ),
        ),
    }
}

fn governed(case: &Case<'_>, workload: &WorkloadObject) -> Result<Governed, Unreadable> {
    if let Some(owner) = workload.metadata.controller() {
        // Owner references can be written by anyone, so they prove nothing about who sends the request; in a set
        // of files they say that the owner, which is judged itself, makes this object.
        if case.origin == Origin::Manifests {
            return Ok(if owner_is_listed(case, workload, &owner.kind, &owner.name)? {
                Governed::Yes
            } else {
                Governed::No
            });
        }
        if matches!(owner.kind.as_str(), "Rollout" | "Canary" | "Deployment") {
            return Ok(Governed::ByHand(format!("{} {} manages it", owner.kind, owner.name)));
        }
    }
    let name = &workload.metadata.name;
    let namespace = Some(workload.namespace.as_str());
    let canaries = case.cluster.list(Kind::CANARY, namespace);
    for canary in canaries.iter().flatten().filter_map(read::<flagger::Governor>) {
        let target = canary.target_ref();
        if target.kind != workload.kind {
            continue;
        }
        if &target.name == name {
            return Ok(Governed::Yes);
        }
        if name.strip_suffix("-primary") == Some(target.name.as_str()) {
            let reason = format!("Canary {} makes it from {}", canary.metadata.name, target.name);
            return Ok(Governed::ByHand(reason));
        }
    }
    let rollouts = case.cluster.list(Kind::ROLLOUT, namespace);
    for rollout in rollouts.iter().flatten().filter_map(read::<argo::Governor>) {
        if let Some(reference) = rollout.workload_ref() {
            if reference.kind == workload.kind && &reference.name == name {
                return Ok(by_rollout(workload, &rollout, reference));
            }
        }
    }
    canaries?;
    rollouts?;
    Ok(Governed::No)
}

/// A Rollout only takes a Deployment out of service in its first revision, and only when told to in lower case.
fn by_rollout(
    workload: &WorkloadObject,
    rollout: &argo::Governor,
    reference: &argo::WorkloadRef,
) -> Governed {
    if workload.replicas == Some(0) {
        return Governed::Yes;
    }
    let name = &rollout.metadata.name;
    if !matches!(reference.scale_down.as_str(), "onsuccess" | "progressively") {
        return Governed::InName(format!("Rollout {name} does not scale it down"));
    }
    let revision: u64 =
        rollout.metadata.annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(1);
    if revision > 1 {
        return Governed::InName(format!(
            "Rollout {name} scaled it down in revision 1 and leaves it alone in revision {revision}"
        ));
    }
    Governed::Yes
}

fn owner_is_listed(
    case: &Case<'_>,
    workload: &WorkloadObject,
    kind: &str,
    name: &str,
) -> Result<bool, Unreadable> {
    let namespace = Some(workload.namespace.as_str());
    for owner in [Kind::ROLLOUT, Kind::CANARY, Kind::DEPLOYMENT] {
        if owner.kind == kind {
            return Ok(case.cluster.get(owner, namespace, name)?.is_some());
        }
    }
    Ok(false)
}

/// An object that cannot be read governs nothing.
fn read<'de, T: serde::Deserialize<'de>>(json: &'de Box<RawValue>) -> Option<T> {
    json::from_str(json.get()).ok()
}
