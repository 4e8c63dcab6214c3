//! The version that a rollback returns to is still there.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::duration::human;
use crate::finding::Mend;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "stable-replicas-kept",
    requirement: "REQ-PD-RBK-02",
    levels: DENY,
    parameters: &[&MIN_SCALE_DOWN_DELAY],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the previous version's pods and revisions are kept long enough to return to",
    why: "A rollback is quick because the old pods still run. Without a delay they are gone with the promotion, and \
          without a history there is no revision to undo to.",
    mend: "Keep a history (revisionHistoryLimit), and let the previous pods run on for a while (scaleDownDelaySeconds).",
};

static MIN_SCALE_DOWN_DELAY: Parameter = Parameter::duration(
    "minScaleDownDelay",
    30.0,
    30.0,
    "the shortest time the previous pods are kept after the promotion",
);

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let kept = &release.plan.kept;
    report.find_all(&kept.lost);
    let least = case.settings.number(&MIN_SCALE_DOWN_DELAY).unwrap_or(0.0);
    if let Some(delay) = kept.scale_down.as_ref().filter(|delay| delay.seconds < least) {
        report.find(
            &delay.path,
            format!(
                "the previous pods are scaled down {} after the promotion, the shortest time allowed is {}",
                human(delay.seconds),
                human(least)
            ),
            "keep them longer",
        );
        #[expect(clippy::cast_possible_truncation, reason = "seconds, which a parameter bounds")]
        report.mended_by(Some(Mend::Number(least.ceil() as i64)));
    }
}
