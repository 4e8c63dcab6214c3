//! A release whose pods never become ready is rolled back too.

use super::{Document, Report, Rule, WARN_THEN_DENY};
use crate::case::Case;

pub(super) static RULE: Rule = Rule {
    name: "progress-deadline",
    requirement: "REQ-PD-RBK-01",
    levels: WARN_THEN_DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release whose pods never become ready is rolled back too",
    why: "An analysis measures requests, and pods that never start answer none. Argo Rollouts only marks such a \
          release as degraded and leaves it where it is, unless it is told to abort it.",
    mend: "Set progressDeadlineAbort: true (Argo Rollouts); keep the readiness thresholds above 0 (Flagger).",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    report.find_all(&release.plan.unready);
}
