//! Code Quality issues, as GitLab reads them from a job's artifact.

use rollgate_policy::finding::Level;
use serde::Serialize;

use super::path;
use crate::check::fingerprint::digest;
use crate::check::report::Report;

#[derive(Serialize)]
pub(super) struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn issues(report: &Report) -> Vec<Issue> {
    let findings = report.objects.iter().flat_map(|object| {
        object.findings.iter().map(|located| {
            let finding = &located.finding;
            let path = path(&object.file);
            Issue {
                description: format!("{}: {}; mend: {}", object.title, finding.message, finding.help),
                check_name: finding.rule,
                // It has to differ between files too.
                fingerprint: digest(&format!("{path}\n{}", located.fingerprint)),
                severity: if finding.level == Level::Deny { "critical" } else { "minor" },
                location: Location { path, lines: Lines { begin: located.line, end: located.end_line } },
            }
        })
    });
    let unreadable = report.errors.iter().map(|error| {
        let path = path(&error.file);
        let line = error.position.map_or(1, |at| at.line);
        Issue {
            description: format!("{}; {}", error.problem, error.mend),
            check_name: "unreadable",
            fingerprint: digest(&format!("{path}\n{}", error.problem)),
            severity: "blocker",
            location: Location { path, lines: Lines { begin: line, end: line } },
        }
    });
    findings.chain(unreadable).collect()
}
