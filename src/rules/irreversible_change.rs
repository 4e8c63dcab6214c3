//! Somebody else agreed to what cannot be undone.

use super::{Document, OFF_THEN_DENY, Report, Rule};
use crate::case::{Case, Subject};

pub(super) static RULE: Rule = Rule {
    name: "irreversible-change",
    requirement: "release runbook",
    levels: OFF_THEN_DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release that declares an irreversible change names who approved it",
    why: "A migration that drops data makes the old version useless: the rollback succeeds and the service stays \
          broken. Nobody decides that alone.",
    mend: "Split the irreversible step off, or name who agreed to it, other than the requester, in the annotation \
           rollgate.dev/irreversible-approved-by.",
};

/// Declares a change that a rollback does not undo, and says which.
pub const IRREVERSIBLE: &str = "rollgate.dev/irreversible";
/// Names who agreed; not the requester.
pub const APPROVED_BY: &str = "rollgate.dev/irreversible-approved-by";

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let releases = matches!(case.subject, Subject::Release(_) | Subject::Workload(_)) && case.starts_release;
    let declared = case.annotation(IRREVERSIBLE).filter(|change| *change != "false");
    let Some(change) = declared.filter(|_| releases) else { return };
    let fault = match case.annotation(APPROVED_BY) {
        None => "and nobody approved it",
        Some(approver) if approver.eq_ignore_ascii_case(&case.requester.username) => {
            "and the requester alone approved it"
        }
        Some(_) => return,
    };
    report.find(
        format!("metadata.annotations[{APPROVED_BY}]"),
        format!("the release makes a change that no rollback undoes ({change}), {fault}"),
        "name who approved it, other than the requester",
    );
}
