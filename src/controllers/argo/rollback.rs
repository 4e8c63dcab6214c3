//! What a Rollout goes back to, when it does so besides its analyses, and who hears of it.

use super::spec::{Canary, Rollout};
use crate::finding::Mend;
use crate::plan::{Delay, DeliveryPlan, Kept, Mistake};

/// Seconds the previous pods are kept when nothing is declared (`utils/defaults/defaults.go`).
const DEFAULT_SCALE_DOWN_DELAY: i64 = 30;

/// Subscribes to a trigger: `<prefix><trigger>.<service>`.
const SUBSCRIPTION: &str = "notifications.argoproj.io/subscribe.";
/// Subscriptions as a list.
const SUBSCRIPTIONS: &str = "notifications.argoproj.io/subscriptions";

/// The triggers of the controller's own catalogue that say nothing about a rollback.
const OTHER_TRIGGERS: [&str; 6] = [
    "on-rollout-completed",
    "on-rollout-step-completed",
    "on-rollout-updated",
    "on-rollout-paused",
    "on-scaling-replica-set",
    "on-analysis-run-running",
];

/// Notes in `plan` what the Rollout says about going back.
pub(super) fn read(rollout: &Rollout, plan: &mut DeliveryPlan) {
    let spec = &rollout.spec;
    if !spec.progress_deadline_abort {
        plan.unready.push(
            Mistake::new(
                "spec.progressDeadlineAbort",
                "a release whose pods never become ready is only marked as degraded, and stays where it is",
                "set progressDeadlineAbort: true",
            )
            .mended_by(Mend::Switch(true)),
        );
    }
    if let Some(canary) = &spec.strategy.canary {
        plan.unready.extend(premature(canary, spec.replicas.unwrap_or(1)));
    }
    plan.kept = kept(rollout);
    if !notifies(rollout) {
        plan.unnoticed.push(Mistake::new(
            "metadata.annotations",
            "no notification is sent when the release is rolled back",
            "subscribe to on-rollout-aborted: notifications.argoproj.io/subscribe.on-rollout-aborted.<service>",
        ));
    }
}

/// With a low threshold steps, and the promotion, go on while most pods are not ready.
fn premature(canary: &Canary, replicas: i64) -> Option<Mistake> {
    let threshold = canary.replica_progress_threshold.as_ref()?;
    let share = if threshold.kind == "Pods" {
        threshold.value.saturating_mul(100).checked_div(replicas).unwrap_or(100)
    } else {
        threshold.value
    };
    (share < 50).then(|| {
        Mistake::new(
            "spec.strategy.canary.replicaProgressThreshold",
            format!("the release goes on, and is promoted, when {share} % of its pods are ready"),
            "require most of the pods",
        )
    })
}

fn kept(rollout: &Rollout) -> Kept {
    let mut lost = Vec::new();
    if rollout.spec.revision_history_limit == Some(0) {
        lost.push(
            Mistake::new(
                "spec.revisionHistoryLimit",
                "no earlier revision is kept, so there is none to undo to",
                "keep at least one",
            )
            .mended_by(Mend::Number(1)),
        );
    }
    let strategy = &rollout.spec.strategy;
    let (path, delay, revisions) = if let Some(spec) = &strategy.blue_green {
        ("spec.strategy.blueGreen", spec.scale_down_delay_seconds, spec.scale_down_delay_revision_limit)
    } else if let Some(spec) = strategy.canary.as_ref().filter(|canary| canary.traffic_routing.is_some()) {
        if spec.dynamic_stable_scale {
            if spec.abort_scale_down_delay_seconds.is_none() {
                lost.push(Mistake::new(
                    "spec.strategy.canary.dynamicStableScale",
                    "the stable pods go as the new ones come, and how long those serve after an abort is left open",
                    "set abortScaleDownDelaySeconds, so that they serve until the stable pods are back",
                ));
            }
            // The stable pods are gone by the end of the release; there is nothing to delay.
            return Kept { lost, scale_down: None };
        }
        ("spec.strategy.canary", spec.scale_down_delay_seconds, spec.scale_down_delay_revision_limit)
    } else {
        return Kept { lost, scale_down: None };
    };
    if revisions == Some(0) {
        lost.push(
            Mistake::new(
                format!("{path}.scaleDownDelayRevisionLimit"),
                "no previous pods are kept while the delay runs",
                "keep those of at least one revision",
            )
            .mended_by(Mend::Number(1)),
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let seconds = delay.unwrap_or(DEFAULT_SCALE_DOWN_DELAY) as f64;
    Kept { lost, scale_down: Some(Delay { path: format!("{path}.scaleDownDelaySeconds"), seconds }) }
}

/// Whether somebody hears of a rollback. Triggers of an unknown name are taken to tell of it.
fn notifies(rollout: &Rollout) -> bool {
    let annotations = &rollout.metadata.annotations;
    annotations.contains_key(SUBSCRIPTIONS)
        || annotations.keys().any(|key| {
            key.strip_prefix(SUBSCRIPTION)
                .and_then(|rest| rest.split('.').next())
                .is_some_and(|trigger| !trigger.is_empty() && !OTHER_TRIGGERS.contains(&trigger))
        })
}
