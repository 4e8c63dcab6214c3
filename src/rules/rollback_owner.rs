//! Somebody may roll back without asking.

use super::{Document, OFF_THEN_DENY, Report, Rule};
use crate::case::Case;

pub(super) static RULE: Rule = Rule {
    name: "rollback-owner",
    requirement: "rollback discipline",
    levels: OFF_THEN_DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the release names who may roll it back without asking",
    why: "Whatever the automation misses, a person has to end, at night and at once. That person must not have to \
          find out first whether they are allowed to.",
    mend: "Name a person or an on-call rota in the annotation rollgate.dev/rollback-owner.",
};

/// Names who may roll back without asking.
pub const ROLLBACK_OWNER: &str = "rollgate.dev/rollback-owner";

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    if case.release().is_some() && case.annotation(ROLLBACK_OWNER).is_none() {
        report.find(
            format!("metadata.annotations[{ROLLBACK_OWNER}]"),
            "nobody is named who may roll back without asking",
            "name a person or an on-call rota",
        );
    }
}
