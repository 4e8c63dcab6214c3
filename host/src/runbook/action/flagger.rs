//! Going back with Flagger (`pkg/controller/scheduler.go`, `pkg/canary/spec.go`): it has no command for that.

use serde_json::{Value, json};

use super::{ByHand, name, namespace, quoted};
use crate::release::Release;
use crate::runbook::markdown::{code, missing};

pub(super) fn by_hand(release: &Release<'_>, object: &Value) -> ByHand {
    let mut ways = ByHand { commands: Vec::new(), notes: Vec::new() };
    let spec = &object["spec"];
    open_gate(release, spec, &mut ways);
    undo_target(release, spec, &mut ways);
    ways.commands.push("# what has become of it".to_owned());
    ways.commands.push(format!("kubectl get canary {} {}", name(release), namespace(release)));
    if spec["suspend"] == true {
        ways.notes
            .push("While `spec.suspend` is true Flagger does nothing, and rolls nothing back.".to_owned());
    }
    ways
}

/// The webhook by which Flagger goes back when it is answered.
fn open_gate(release: &Release<'_>, spec: &Value, ways: &mut ByHand) {
    let mut hooks = spec["analysis"]["webhooks"].as_array().into_iter().flatten();
    let Some(url) = hooks.find(|hook| hook["type"] == "rollback").and_then(|hook| hook["url"].as_str())
    else {
        ways.notes.push(missing(
            "no webhook of type `rollback`, the one way to have Flagger go back when a person says so",
        ));
        return;
    };
    let Some(server) = url.strip_suffix("/rollback/check") else {
        ways.notes.push(format!(
            "Flagger goes back at its next check when {} answers with a status from 200 to 202; {}.",
            code(url),
            missing("how to make it do so")
        ));
        return;
    };
    let subject = &release.picture.subject;
    let namespace = subject.namespace.as_deref().unwrap_or("NAMESPACE");
    let payload = json!({"name": subject.name, "namespace": namespace}).to_string();
    let gate =
        |act: &str| format!("curl -d {} {}", quoted(&payload), quoted(&format!("{server}/rollback/{act}")));
    ways.commands.extend([
        "# while the release is under way, from inside the cluster: Flagger goes back at its next check"
            .to_owned(),
        gate("open"),
        "# once it has: or the next release goes back as well".to_owned(),
        gate("close"),
    ]);
}

/// The target back to an earlier revision.
fn undo_target(release: &Release<'_>, spec: &Value, ways: &mut ByHand) {
    let text = |field: &str| spec["targetRef"][field].as_str().unwrap_or_default();
    let (kind, target) = (text("kind"), text("name"));
    if !matches!(kind, "Deployment" | "DaemonSet") || target.is_empty() {
        ways.notes
            .push(missing("the target is no Deployment and no DaemonSet: there is no revision to return to"));
        return;
    }
    let target = quoted(&format!("{}/{target}", kind.to_lowercase()));
    let namespace = namespace(release);
    ways.commands.extend([
        "# the target back to the revision that was promoted last".to_owned(),
        format!("kubectl rollout history {target} {namespace}"),
        format!("kubectl rollout undo {target} --to-revision=REVISION {namespace}"),
    ]);
    ways.notes.extend([
        "In the midst of a release the template that was promoted last is no new release to Flagger: the share of the requests that the new version had gets the old one, and that is promoted.".to_owned(),
        "Once the bad version was promoted, the way back is a release of its own, with every check.".to_owned(),
        "A failed release stays in the history of the target: look for the revision before it.".to_owned(),
    ]);
}
