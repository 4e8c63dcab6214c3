//! A release is a canary or a blue-green switch.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::plan::Strategy;

pub(super) static RULE: Rule =
    Rule { name: "allowed-strategy", requirement: "REQ-PD-STR-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release goes out as a canary or blue-green, never as a plain update",
    why: "A rolling update replaces every pod as soon as the new ones are ready: nothing asks whether the requests \
          they answer are answered well. An Argo Rollouts canary without steps is such an update too.",
    mend: "Declare a canary with steps, or a blue-green release with its two Services; in Flagger stepWeight, stepWeights or iterations.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    if release.plan.strategy == Strategy::None {
        let fate = if release.timeline.promoted_at.is_some() {
            "all traffic goes to the new version as soon as its pods are ready"
        } else {
            "the release never moves"
        };
        report.find(
            &release.plan.path,
            format!("no progressive strategy: {fate}"),
            "declare a canary with steps (setWeight, analysis), or blueGreen with a prePromotionAnalysis",
        );
    }
}
