//! The stages of a release stand in its manifest.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::plan::Strategy;

pub(super) static RULE: Rule =
    Rule { name: "explicit-steps", requirement: "REQ-PD-STR-02", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "the stages, or the active and preview side, are declared in the manifest",
    why: "What a controller fills in by itself is not reviewed with the manifest and changes with the controller.",
    mend: "Write the stages down: steps with setWeight, activeService and previewService, iterations or step weights.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    if release.plan.strategy == Strategy::None {
        report.find(
            &release.plan.path,
            "no stages are declared between nothing and all of the traffic",
            "declare canary steps (stepWeight, iterations), or the active and preview side of a blue-green release",
        );
        return;
    }
    report.find_all(&release.plan.undeclared);
}
