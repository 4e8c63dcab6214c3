//! A governed object has the shape its controller reads.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};
use crate::plan::Cause;

pub(super) static RULE: Rule =
    Rule { name: "valid-spec", requirement: "REQ-PD-STR-02", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "a governed object has the shape its controller reads, and a good release gets through it",
    why: "What cannot be understood cannot be judged, and what the controller refuses, or never finishes, delivers nothing.",
    mend: "Correct the field that is named.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    match &case.subject {
        Subject::Unreadable(malformed) => {
            report.find(&malformed.path, &malformed.message, "write the field as the API documents it");
        }
        Subject::Release(release) => {
            report.find_all(&release.plan.refused);
            if release.timeline.promoted_at.is_none() && release.plan.refused.is_empty() {
                let (path, what) = match &release.timeline.stopped_by {
                    Some(Cause::Gate { path, what }) => (path, *what),
                    _ => (&release.plan.path, "an analysis that has no end"),
                };
                report.find(
                    path,
                    format!("a release without any fault is never promoted: it stops at {what}"),
                    "let every stage come to an end",
                );
            }
        }
        Subject::Workload(_) | Subject::Template(_) | Subject::Users(_) | Subject::Intervention(_) => {}
    }
}
