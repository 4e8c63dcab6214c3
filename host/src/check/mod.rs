//! `rollgate check`: manifests against the rules, without a cluster.

mod text;

use std::process::ExitCode;

use rollgate_policy::Review;
use rollgate_policy::admission::Request;
use rollgate_policy::finding::{Finding, Level};
use rollgate_policy::settings::Settings;
use serde::Serialize;

use crate::manifest_set::{ManifestSet, Object, now, settings};
use crate::output::{COULD_NOT_RUN, Output, ReportArgs, could_not_run, finish, print_json};

/// Everything found about a set of manifests.
#[derive(Serialize)]
struct Report {
    objects: Vec<Checked>,
    summary: Summary,
    errors: Vec<String>,
}

/// One governed object.
#[derive(Serialize)]
struct Checked {
    file: String,
    document: usize,
    kind: String,
    namespace: Option<String>,
    name: String,
    verdict: Verdict,
    findings: Vec<Located>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Accept,
    Reject,
}

/// A finding and its place in the file.
#[derive(Serialize)]
struct Located {
    #[serde(flatten)]
    finding: Finding,
    line: usize,
    column: usize,
}

#[derive(Serialize, Default)]
struct Summary {
    objects: usize,
    accepted: usize,
    rejected: usize,
    denials: usize,
    warnings: usize,
    unreadable: usize,
}

/// Checks the manifests and prints the report: 0 when nothing is denied, 1 when something is, 2 when not
/// everything could be checked.
#[must_use]
pub fn run(args: &ReportArgs) -> ExitCode {
    let settings = match settings(args.settings.as_deref()) {
        Ok(settings) => settings,
        Err(error) => return could_not_run(&format!("{error:#}")),
    };
    let report = report(&ManifestSet::read(&args.paths), &settings);
    let printed = match args.output {
        Output::Text => text::print(&report),
        Output::Json => print_json(&report),
    };
    let planned = match &report.summary {
        summary if summary.unreadable > 0 => ExitCode::from(COULD_NOT_RUN),
        summary if summary.denials > 0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    };
    finish(printed, planned)
}

fn report(manifests: &ManifestSet, settings: &Settings) -> Report {
    let now = now();
    let objects: Vec<Checked> = manifests
        .objects
        .iter()
        .filter_map(|object| {
            let request = Request::of_manifest(&object.json, &object.identity, now);
            let review = rollgate_policy::review(&request, settings, &manifests.cluster);
            review.governed.then(|| checked(object, review))
        })
        .collect();
    let mut summary =
        Summary { objects: objects.len(), unreadable: manifests.errors.len(), ..Summary::default() };
    for object in &objects {
        match object.verdict {
            Verdict::Accept => summary.accepted += 1,
            Verdict::Reject => summary.rejected += 1,
        }
        for located in &object.findings {
            match located.finding.level {
                Level::Deny => summary.denials += 1,
                Level::Warn => summary.warnings += 1,
                Level::Off => {}
            }
        }
    }
    Report { objects, summary, errors: manifests.errors.iter().map(ToString::to_string).collect() }
}

fn checked(object: &Object, review: Review) -> Checked {
    let identity = &object.identity;
    let verdict = if review.accepted() { Verdict::Accept } else { Verdict::Reject };
    let findings = review.findings.into_iter().map(|finding| {
        let place = object.document.locate(&finding.path);
        Located { finding, line: place.line, column: place.column }
    });
    Checked {
        file: object.document.file.clone(),
        document: object.document.index,
        kind: identity.kind.to_string(),
        namespace: identity.metadata.namespace.as_ref().map(ToString::to_string),
        name: identity.metadata.name.to_string(),
        verdict,
        findings: findings.collect(),
    }
}
