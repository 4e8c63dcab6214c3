//! A governed object has the shape its controller reads.

use super::{DENY, Report, Rule};
use crate::case::{Case, Subject};

pub(super) static RULE: Rule = Rule {
    name: "valid-spec",
    requirement: "REQ-PD-STR-02",
    levels: DENY,
    meaning: "a governed object has the shape its controller reads",
    why: "What cannot be understood cannot be judged, so it is kept out.",
    check,
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Subject::Unreadable(malformed) = &case.subject else { return };
    report.find(&malformed.path, &malformed.message, "write the field as the API documents it");
}
