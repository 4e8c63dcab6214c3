//! No release starts while releases are frozen.

use super::{DENY, Document, Report, Rule};
use crate::admission::Origin;
use crate::case::{Case, Subject};

pub(super) static RULE: Rule =
    Rule { name: "freeze-window", requirement: "release runbook", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "no release starts inside a window of the setting freeze",
    why: "A release on Friday evening is watched by nobody, whatever watches it. Rollbacks pass at any time, and a \
          hotfix passes with an exemption.",
    mend: "Wait for the end of the window, or exempt the hotfix.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    // Nobody knows when files will be applied.
    let starts = case.starts_release && case.origin == Origin::ApiServer;
    if !starts || !matches!(case.subject, Subject::Release(_) | Subject::Workload(_)) {
        return;
    }
    for window in &case.settings.freeze {
        if let Some(end) = window.end_if_within(case.received_at) {
            report.find(
                "metadata.name",
                format!("no release starts during {}, until {end}", window.name),
                "release after that, or exempt a hotfix from freeze-window",
            );
        }
    }
}
