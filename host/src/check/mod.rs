//! `rollgate check`: manifests against the rules, without a cluster.

mod json;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use rollgate_policy::Review;
use rollgate_policy::admission::Request;
use rollgate_policy::finding::{Finding, Level};
use rollgate_policy::settings::Settings;
use serde::Serialize;

use crate::manifests::{Manifests, Object, settings};

/// Arguments of `rollgate check`.
#[derive(clap::Args)]
pub struct Args {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// The command could not do its work.
const COULD_NOT_RUN: u8 = 2;

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
pub fn run(args: &Args) -> ExitCode {
    let settings = match settings(args.settings.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("Error: {error:#}");
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    let report = report(&Manifests::read(&args.paths), &settings);
    let printed = match args.output {
        Output::Text => text::print(&report),
        Output::Json => json::print(&report),
    };
    match printed {
        // A reader that has seen enough, such as head, is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("Error: cannot write the report: {error}");
            ExitCode::from(COULD_NOT_RUN)
        }
        _ if report.summary.unreadable > 0 => ExitCode::from(COULD_NOT_RUN),
        _ if report.summary.denials > 0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn report(manifests: &Manifests, settings: &Settings) -> Report {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let objects: Vec<Checked> = manifests
        .objects
        .iter()
        .filter_map(|object| {
            let request = Request::of_manifest(&object.json, &object.identity(), now);
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
    let identity = object.identity();
    let verdict = if review.accepted() { Verdict::Accept } else { Verdict::Reject };
    let findings = review.findings.into_iter().map(|finding| {
        let place = object.document.locate(&finding.path);
        Located { finding, line: place.line, column: place.column }
    });
    Checked {
        file: object.document.file.clone(),
        document: object.document.index,
        kind: identity.kind.into_owned(),
        namespace: identity.metadata.namespace.map(std::borrow::Cow::into_owned),
        name: identity.metadata.name.into_owned(),
        verdict,
        findings: findings.collect(),
    }
}
