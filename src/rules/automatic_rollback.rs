//! A thoroughly bad release is rolled back without anyone doing anything.

use super::analysis_signals::what_happens;
use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::plan::{Cause, End};

pub(super) static RULE: Rule =
    Rule { name: "automatic-rollback", requirement: "REQ-PD-RBK-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release that is bad in every signal is rolled back without a human act",
    why: "A gate that waits for a person, or an analysis that ends inconclusive, only pauses: the bad version keeps \
          its share of the requests until somebody comes.",
    mend: "Let an analysis that fails come before every promotion and before every gate that waits for people.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let Some(outcome) = release.outcomes.first().filter(|outcome| outcome.end != End::RolledBack) else {
        return;
    };
    let plan = &release.plan;
    let path = match &outcome.cause {
        Some(Cause::Gate { path, .. }) => path,
        Some(Cause::Metric { analysis, .. }) => &plan.analyses[*analysis].path,
        None => &plan.path,
    };
    report.find(
        path,
        format!("a release that is bad in every signal {}", what_happens(outcome)),
        "let an analysis that fails such a release come before every promotion and every gate that waits for people",
    );
}
