//! When a Canary goes back besides its checks, what is only reported, and who hears of it.

use super::spec::{Analysis, Webhook};
use crate::duration::parse_go;
use crate::plan::{Delay, DeliveryPlan, Mistake};

const PATH: &str = "spec.analysis";

/// Seconds a webhook is waited for that names no timeout.
const DEFAULT_TIMEOUT: f64 = 10.0;

/// Notes in `plan` what the analysis says about going back.
///
/// The previous version is the primary, which keeps running until the promotion: there is nothing more to keep.
pub(super) fn read(analysis: &Analysis, plan: &mut DeliveryPlan) {
    // The progress deadline rolls back by itself, but readiness is only asked for above 0.
    if analysis.canary_ready_threshold.is_some_and(|percent| percent <= 0) {
        plan.unready.push(Mistake::new(
            format!("{PATH}.canaryReadyThreshold"),
            "the release goes on without a single ready pod",
            "require most of the pods, or leave it out for all of them",
        ));
    }
    // An alert without a severity matches none, and is never sent.
    if analysis.alerts.iter().all(|alert| alert.severity.is_empty()) {
        plan.unnoticed.push(Mistake::new(
            format!("{PATH}.alerts"),
            "no alert is sent when the release is rolled back",
            "add an alert with a providerRef and a severity",
        ));
    }
    let hooks = analysis.webhooks.iter().enumerate();
    // A Canary does one thing at a time: while it waits for a webhook it counts no failure, and rolls nothing back.
    plan.stalls = hooks
        .clone()
        .map(|(index, hook)| Delay { path: format!("{PATH}.webhooks[{index}]"), seconds: patience(hook) })
        .collect();
    for (index, _) in hooks.filter(|(_, hook)| hook.kind == "post-rollout") {
        plan.reported_only.push(Mistake::new(
            format!("{PATH}.webhooks[{index}]"),
            "a post-rollout webhook runs when the release is over: its failure is only an event",
            "make it a webhook of type rollout or pre-rollout",
        ));
    }
}

/// How long a webhook that never answers is waited for, in seconds.
#[expect(clippy::cast_precision_loss, reason = "a number of retries")]
fn patience(webhook: &Webhook) -> f64 {
    parse_go(&webhook.timeout).unwrap_or(DEFAULT_TIMEOUT) * (webhook.retries.max(0) as f64 + 1.0)
}
