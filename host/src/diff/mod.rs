//! `rollgate diff`: did a change of manifests make releases riskier?

mod compare;
mod side;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use self::compare::Report;
use self::side::Side;
use crate::manifest_set::{ManifestSet, settings};
use crate::output::{COULD_NOT_RUN, Output, could_not_run, finish, print_json};

/// Arguments of `diff`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The manifests as they were: a file, a directory, or - for standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The manifests as they are to be: a file, a directory, or - for standard input
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Text)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  Two files, or two directories:
    rollgate diff old.yaml new.yaml
  What a branch changes:
    git show main:k8s/payments.yaml | rollgate diff - k8s/payments.yaml
    git worktree add ../main main && rollgate diff ../main/k8s k8s
  What an overlay changes:
    kustomize build base | rollgate diff - overlays/prod
  What became riskier:
    rollgate diff old/ new/ -o json | jq '.objects[] | select(.verdict == \"riskier\")'

Give the templates on both sides: what is not there does not exist. A release is
riskier when a bad one ends worse, or after more exposure, or when a rule is
broken that was kept. Exits with 0 when nothing is riskier, with 1 when something
is, and with 2 when not everything could be read.";

/// Compares the two sides and prints the report.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let report = match report(args) {
        Ok(report) => report,
        Err(error) => return could_not_run(&format!("{error:#}")),
    };
    let printed = match args.output {
        Output::Text => text::print(&report),
        Output::Json => print_json(&report),
    };
    let planned = match &report {
        report if !report.errors.is_empty() => ExitCode::from(COULD_NOT_RUN),
        report if report.is_riskier() => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    };
    finish(printed, planned)
}

fn report(args: &Args) -> anyhow::Result<Report> {
    let stdin = Path::new("-");
    if args.old == stdin && args.new == stdin {
        bail!("both sides are standard input. Give a file or a directory for one of them");
    }
    let settings = settings(args.settings.as_deref()).context("cannot use the settings")?;
    let (old, new) = (
        ManifestSet::read(std::slice::from_ref(&args.old)),
        ManifestSet::read(std::slice::from_ref(&args.new)),
    );
    let now = crate::clock::now();
    Ok(Report::of(Side::of(&old, &settings, now), Side::of(&new, &settings, now)))
}
