//! An exemption is complete, approved by somebody else, and short.

use super::{DENY, Report, Rule};
use crate::case::Case;

pub(super) static RULE: Rule = Rule {
    name: "valid-exemption",
    requirement: "REQ-PD-FAIL-01",
    levels: DENY,
    meaning: "an exemption names rules, justification, another approver and a near expiry",
    why: "An exemption is a bypass by agreement: without a reason, a second person and an end it is only a bypass.",
    check,
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    for defect in &case.exemption.defects {
        report.find(&defect.path, &defect.message, &defect.help);
    }
}
