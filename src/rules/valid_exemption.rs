//! An exemption is complete, approved by somebody else, and short.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};
use crate::plan::Mistake;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "valid-exemption",
    requirement: "REQ-PD-FAIL-01",
    levels: DENY,
    parameters: &[&MAX_EXEMPTION, &ALLOWED_USERS, &ALLOWED_GROUPS],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "an exemption names rules, justification, another approver and a near expiry",
    why: "An exemption is a bypass by agreement: without a reason, a second person and an end it is only a bypass.",
    mend: "Complete the annotations: rules, a justification, an approver who is not the requester, an expiry within the longest time allowed.",
};

pub(super) static MAX_EXEMPTION: Parameter = Parameter::duration(
    "maxExemption",
    72.0 * 3600.0,
    24.0 * 3600.0,
    "the longest time an exemption may run",
);

pub(super) static ALLOWED_USERS: Parameter = Parameter::texts(
    "allowedUsers",
    &[],
    &[],
    "the users who may set rules aside; with no group either, everybody",
);

pub(super) static ALLOWED_GROUPS: Parameter =
    Parameter::texts("allowedGroups", &[], &[], "the groups whose members may set rules aside");

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    // An exemption is for releases: what is left of one is in nobody's way otherwise.
    let release = !matches!(case.subject, Subject::Intervention(_));
    for Mistake { path, message, help, .. } in &case.exemption.defects {
        if release {
            report.find(path, message, help);
        } else {
            report.warn(path, message, help);
        }
    }
}
