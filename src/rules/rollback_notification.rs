//! A rollback tells someone.

use super::{Document, OFF_THEN_WARN, Report, Rule};
use crate::case::Case;

pub(super) static RULE: Rule = Rule {
    name: "rollback-notification",
    requirement: "release runbook",
    levels: OFF_THEN_WARN,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a rollback tells someone",
    why: "After an automatic rollback everything looks healthy, and the team believes its change is live.",
    mend: "Subscribe to the triggers of failed releases (Argo Rollouts: the annotation \
           notifications.argoproj.io/subscribe.on-rollout-aborted.<service>), or add an alert with a severity (Flagger).",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    report.find_all(&release.plan.unnoticed);
}
