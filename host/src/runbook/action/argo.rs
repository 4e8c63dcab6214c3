//! Going back with Argo Rollouts (`rollout/pause.go`, `rollout/sync.go`).

use rollgate_policy::duration::human;
use serde_json::Value;

use super::{ByHand, name, namespace};
use crate::release::Release;
use crate::runbook::markdown::missing;

pub(super) fn by_hand(release: &Release<'_>, object: &Value) -> ByHand {
    let (name, namespace) = (name(release), namespace(release));
    let spec = &object["spec"];
    let mut notes = vec![
        "`abort` leaves the manifest as it is: the Rollout stays aborted until its pod template changes."
            .to_owned(),
        after_promotion(release, spec),
    ];
    if spec["revisionHistoryLimit"] == 0 {
        notes.push(missing("`revisionHistoryLimit: 0` leaves no revision that `undo` could return to"));
    }
    if spec["paused"] == true {
        notes.push(
            "While `spec.paused` is true an abort does not bring everything back: set it to false first."
                .to_owned(),
        );
    }
    ByHand {
        commands: vec![
            "# while the release is under way: all traffic back to the stable version".to_owned(),
            format!("kubectl argo rollouts abort {name} {namespace}"),
            "# then, so that the manifest says what runs; or once the release was promoted".to_owned(),
            format!("kubectl argo rollouts undo {name} {namespace}"),
            "# what has become of it".to_owned(),
            format!("kubectl argo rollouts get rollout {name} {namespace}"),
        ],
        notes,
    }
}

/// How fast an earlier revision is back.
fn after_promotion(release: &Release<'_>, spec: &Value) -> String {
    if spec["rollbackWindow"]["revisions"].is_number() {
        return "After a promotion `undo` returns to a revision inside `rollbackWindow` at once; to an older one it is a release of its own, with every step.".to_owned();
    }
    if spec["strategy"]["blueGreen"].is_object() {
        let kept = &release.plan.kept.scale_down;
        let kept = kept.as_ref().map_or_else(String::new, |kept| format!(" ({})", human(kept.seconds)));
        return format!(
            "After a promotion `undo` switches back at once while the previous pods are kept{kept}; later it is a release of its own, with its analyses."
        );
    }
    "After a promotion `undo` is a release of its own: it goes through every step.".to_owned()
}
