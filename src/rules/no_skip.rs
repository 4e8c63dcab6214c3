//! Nobody skips what the plan promises.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};
use crate::plan::Mistake;

pub(super) static RULE: Rule =
    Rule { name: "no-skip", requirement: "BAN-PD-STR-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "nobody but the controller skips stages, analyses or gates, or forges their results",
    why: "A promotion in full, a step index moved on, an analysis terminated or a status written by hand all end \
          the same way: the new version is live, and nothing that the plan promised has looked at it.",
    mend: "Let the analysis end by itself, or abort the release. A hotfix that cannot wait carries an exemption.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    match &case.subject {
        Subject::Release(release) => report.find_all(&release.plan.skipped),
        Subject::Intervention(intervention) => {
            report.find_all(&intervention.skips);
            for Mistake { path, message, help, .. } in &intervention.shortens {
                report.warn(path, message, help);
            }
        }
        _ => {}
    }
}
