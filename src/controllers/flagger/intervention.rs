//! What somebody does to a Canary, or to what it depends on.

use serde_json::Value;

use crate::cluster::Kind;
use crate::controllers::traffic;
use crate::intervention::{Attempt, Intervention, controller};
use crate::json;
use crate::plan::Mistake;
use crate::scope::{Act, Governed};

/// The phases of a release under way (`pkg/controller/scheduler.go`, `shouldAdvance`).
const UNDER_WAY: [&str; 5] = ["Progressing", "Waiting", "WaitingPromotion", "Promoting", "Finalising"];

/// Looks at an act for what it does to releases by Canaries.
pub(crate) fn intervene(attempt: &Attempt<'_>, found: &mut Intervention) {
    let (old, new) = (&attempt.old, &attempt.new);
    match (attempt.target.kind, attempt.target.act) {
        (Governed::Canary, Act::Status) if old["status"] != new["status"] => found.skips.push(Mistake::new(
            "status",
            "Flagger reads from the status where a release is; written by hand it is forged",
            "leave it to Flagger",
        )),
        (Governed::Canary, Act::Apply) => edit(attempt, found),
        (Governed::Canary, Act::Delete) => delete(attempt, found),
        (Governed::Workload, Act::Delete) => delete_primary(attempt, found),
        (Governed::Workload, Act::Apply) => disown_primary(attempt, found),
        (Governed::Service | Governed::Route, _) => traffic::judge(attempt, Kind::CANARY, directs, found),
        _ => {}
    }
}

fn edit(attempt: &Attempt<'_>, found: &mut Intervention) {
    let phase = attempt.old["status"]["phase"].as_str().unwrap_or_default();
    if attempt.turns_on("suspend") && UNDER_WAY.contains(&phase) {
        found.weakens.push(Mistake::new(
            "spec.suspend",
            "a Canary that is suspended in mid-release neither goes on nor back",
            "let the release end first",
        ));
    }
    let ((_, kept), (kind, name)) = (target(&attempt.old), target(&attempt.new));
    // Until there is a primary, nothing is live.
    if target(&attempt.old) != (kind, name) && !matches!(phase, "" | "Initializing") {
        found.weakens.push(Mistake::new(
            "spec.targetRef",
            format!(
                "Flagger makes another primary of {kind} {name}, and what that runs goes live unanalysed"
            ),
            format!("release it as {kept}, or by a Canary of its own"),
        ));
    }
}

/// A Canary that is created again takes what it finds for a first deployment.
fn delete(attempt: &Attempt<'_>, found: &mut Intervention) {
    let (kind, name) = target(&attempt.old);
    let title = format!("{kind} {name}");
    let kind = match kind {
        "Deployment" => Kind::DEPLOYMENT,
        "DaemonSet" => Kind::DAEMON_SET,
        _ => return found.unasked(&attempt.title(), &format!("the policy does not read {title}")),
    };
    match attempt.cluster.get(kind, Some(attempt.namespace), name) {
        Ok(target) if target.as_deref().is_none_or(is_going) => {}
        Ok(_) => found.weakens.push(Mistake::new(
            "spec.targetRef",
            format!("{title} is still there, and goes live unanalysed when its Canary is deleted, or created again"),
            format!("when it goes for good, delete {title} before its Canary"),
        )),
        Err(error) => found.unasked(&attempt.title(), &error.0),
    }
}

/// Whether an object is being deleted, and only waits for what it owns.
fn is_going(object: &str) -> bool {
    let object: Value = json::from_str(object).unwrap_or_default();
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// Flagger makes a primary that is gone anew, from whatever its target runs at that time.
fn delete_primary(attempt: &Attempt<'_>, found: &mut Intervention) {
    let Some(name) = attempt.name.strip_suffix("-primary") else { return };
    let canaries = attempt.releases(Kind::CANARY, found);
    if let Some(canary) = canaries.iter().find(|canary| target(canary) == (attempt.kind, name)) {
        let canary = canary["metadata"]["name"].as_str().unwrap_or_default();
        found.weakens.push(Mistake::new(
            "metadata.name",
            format!("Canary {canary} makes it anew from {name}, and what that runs goes live unanalysed"),
            format!("change {name}, and let Canary {canary} release it"),
        ));
    }
}

/// The garbage collector deletes a primary that has another owner along with that one.
fn disown_primary(attempt: &Attempt<'_>, found: &mut Intervention) {
    let owner = controller(&attempt.old);
    if owner["kind"] == "Canary" && owner != controller(&attempt.new) {
        let canary = owner["name"].as_str().unwrap_or_default();
        found.edits.push(Mistake::new(
            "metadata.ownerReferences",
            format!("Canary {canary} makes it anew when it goes with another owner, and what that runs goes live unanalysed"),
            format!("leave it to Canary {canary}"),
        ));
    }
}

fn target(canary: &Value) -> (&str, &str) {
    let target = &canary["spec"]["targetRef"];
    (target["kind"].as_str().unwrap_or_default(), target["name"].as_str().unwrap_or_default())
}

/// Whether a Canary sends its traffic through a Service or a route, all of which it names after its own Service and
/// after the Ingress or route it copies.
fn directs(canary: &Value, attempt: &Attempt<'_>) -> bool {
    let spec = &canary["spec"];
    let apex = spec["service"]["name"].as_str().filter(|name| !name.is_empty()).unwrap_or(target(canary).1);
    let copied = |reference: &str| spec[reference]["name"].as_str().filter(|name| !name.is_empty());
    let made = |of: &str| {
        let suffix = attempt.name.strip_prefix(of);
        suffix.is_some_and(|suffix| matches!(suffix, "" | "-primary" | "-canary"))
    };
    // A Service that is released itself is changed by whoever releases it.
    let released = target(canary) == (attempt.kind, attempt.name) && attempt.target.act != Act::Delete;
    made(apex) && !released
        || attempt.target.kind == Governed::Route
            && (copied("ingressRef").is_some_and(made)
                || copied("routeRef").is_some_and(|route| made(route) || made(&format!("{route}-{apex}"))))
}
