//! What protects a release stays while there is one to protect.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};

pub(super) static RULE: Rule =
    Rule { name: "keep-guardrails", requirement: "BAN-PD-STR-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "templates, Services, Rollouts and Canaries that a live release depends on are not taken away",
    why: "Without its template or Service a controller stops where it is and rolls nothing back. A Rollout, or a \
          primary, that is deleted and created again goes live as a first deployment, which nobody analyses.",
    mend: "Finish or abort the release first; delete what refers to an object before the object; scale a workload \
           to 0 before its Rollout or Canary is deleted for good.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Subject::Intervention(intervention) = &case.subject else { return };
    report.find_all(&intervention.weakens);
    for mistake in &intervention.unasked {
        report.unasked(case, &mistake.path, mistake.message.clone(), &mistake.help);
    }
}
