//! Nothing goes live past a delivery controller.

use serde_json::value::RawValue;

use super::{DENY, Document, Report, Rule};
use crate::admission::Origin;
use crate::case::{Case, Subject, WorkloadObject};
use crate::cluster::{Kind, Unreadable};
use crate::controllers::{argo, flagger};
use crate::json;

pub(super) static RULE: Rule =
    Rule { name: "no-bypass", requirement: "BAN-PD-STR-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "a workload is released by a Rollout or a Canary, and what those manage is not edited by hand",
    why: "Kubernetes replaces the pods of a plain Deployment at once. A Rollout that takes its pods from a Deployment \
          only governs it when the Deployment itself is scaled down; an edit of <name>-primary goes live unanalysed.",
    mend: "Release the workload by a Rollout that scales it down (workloadRef), or by a Canary (targetRef). What a controller manages is changed through the object it is made from.",
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
    let workload = match &case.subject {
        Subject::Workload(workload) => workload,
        Subject::Intervention(intervention) => return report.find_all(&intervention.edits),
        _ => return,
    };
    let title = format!("{} {}", workload.kind, workload.metadata.display_name());
    match governed(case, workload) {
        Ok(Governed::Yes) => {}
        Ok(Governed::InName(reason)) => report.find(
            "spec",
            format!("{title} still releases by itself: {reason}"),
            "let a Canary analyse it, or a Rollout scale it down (workloadRef.scaleDown onsuccess or progressively), or set replicas to 0",
        ),
        Ok(Governed::ByHand(reason)) => report.find(
            "metadata.name",
            format!("{title} is not edited by hand: {reason}"),
            "change the object it is made from",
        ),
        Ok(Governed::No) => ungoverned(case, workload, &title, report),
        Err(Unreadable(error)) => report.unasked(
            case,
            "metadata.name",
            format!("it could not be found out who releases {title}: {error}"),
            "grant the policy access to Rollouts and Canaries, or set context",
        ),
    }
}

fn ungoverned(case: &Case<'_>, workload: &WorkloadObject, title: &str, report: &mut Report<'_>) {
    let annotation = format!("metadata.annotations[{GOVERNED_BY}]");
    match workload.metadata.annotations.get(GOVERNED_BY) {
        // Helm sends Deployments first; neither controller analyses a first deployment anyway.
        Some(governor) if is_awaited(case, workload, governor) => report.warn(
            annotation,
            format!("{title} waits for {governor}, which does not govern it yet"),
            format!("apply {governor}"),
        ),
        Some(governor) => report.find(
            annotation,
            format!("{title} names {governor}, and nothing of that name governs it, or can"),
            format!("name a Canary or Rollout, as Kind/name, and apply it with a reference to {title}"),
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

/// Whether the governor that a new workload names may still come: it can govern such a workload, and is not there
/// yet (one that is there governs something else).
fn is_awaited(case: &Case<'_>, workload: &WorkloadObject, governor: &str) -> bool {
    let (kind, targets): (_, &[&str]) = match governor.split_once('/') {
        Some(("Canary", _)) => (Kind::CANARY, &["Deployment", "DaemonSet"]),
        Some(("Rollout", _)) => (Kind::ROLLOUT, &["Deployment", "ReplicaSet"]),
        _ => return false,
    };
    let name = &governor[kind.kind.len() + 1..];
    workload.created
        && case.origin == Origin::ApiServer
        && !name.is_empty()
        && targets.contains(&workload.kind.as_str())
        && !workload.metadata.name.ends_with("-primary")
        && !matches!(case.cluster.get(kind, Some(&workload.namespace), name), Ok(Some(_)))
}

fn governed(case: &Case<'_>, workload: &WorkloadObject) -> Result<Governed, Unreadable> {
    // Owner references can be written by anyone, so they prove nothing about who sends the request. In a set of
    // files a ReplicaSet is what its owner, which is judged itself, has made.
    if let Some(owner) = workload.metadata.controller() {
        if case.origin == Origin::Manifests && workload.kind == Kind::REPLICA_SET.kind {
            if owner_is_listed(case, workload, &owner.kind, &owner.name)? {
                return Ok(Governed::Yes);
            }
        } else if matches!(owner.kind.as_str(), "Rollout" | "Canary" | "Deployment") {
            return Ok(Governed::ByHand(format!("{} {} manages it", owner.kind, owner.name)));
        }
    }
    let name = &workload.metadata.name;
    let namespace = Some(workload.namespace.as_str());
    let canaries = case.cluster.list_referring(Kind::CANARY, namespace, name);
    for canary in canaries.iter().flatten().filter_map(|json| read::<flagger::Governor>(json)) {
        let target = canary.target_ref();
        if target.kind != workload.kind {
            continue;
        }
        if &target.name == name {
            return Ok(match canary.idle() {
                // A first deployment is not analysed in any case.
                Some(why) if !workload.created => {
                    Governed::InName(format!("Canary {} {why}", canary.metadata.name))
                }
                _ => Governed::Yes,
            });
        }
        if name.strip_suffix("-primary") == Some(target.name.as_str()) {
            let reason = format!("Canary {} makes it from {}", canary.metadata.name, target.name);
            return Ok(Governed::ByHand(reason));
        }
    }
    let rollouts = case.cluster.list_referring(Kind::ROLLOUT, namespace, name);
    for rollout in rollouts.iter().flatten().filter_map(|json| read::<argo::Governor>(json)) {
        if let Some(reference) = rollout.workload_ref()
            && reference.kind == workload.kind
            && &reference.name == name
        {
            return Ok(by_rollout(workload, &rollout, reference));
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
    // The controller looks for a Deployment of that name, whatever kind the reference says.
    if reference.kind != Kind::DEPLOYMENT.kind
        || !matches!(reference.scale_down.as_str(), "onsuccess" | "progressively")
    {
        return Governed::InName(format!("Rollout {name} does not scale it down"));
    }
    let revision = rollout.metadata.annotations[REVISION].as_str();
    let revision: u64 = revision.and_then(|text| text.parse().ok()).unwrap_or(1);
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
    for owner in [Kind::ROLLOUT, Kind::DEPLOYMENT] {
        if owner.kind == kind {
            return Ok(case.cluster.get(owner, namespace, name)?.is_some());
        }
    }
    Ok(false)
}

/// An object that cannot be read governs nothing.
fn read<'de, T: serde::Deserialize<'de>>(json: &'de RawValue) -> Option<T> {
    json::from_str(json.get()).ok()
}
