//! `rollgate runbook`: the release plan on one page, filled from the manifests.

mod action;
mod checklist;
mod markdown;
mod metrics;
mod page;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::manifest_set::{ManifestSet, settings};
use crate::output::{COULD_NOT_RUN, could_not_run, finish};
use crate::release::{NO_RELEASE, Releases};

/// Arguments of `runbook`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files, directories, or - for standard input: Rollouts or Canaries with all they refer to
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The release of this name alone: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// File with the policy's settings in YAML or JSON: the rollback deadline, which signals are required
    #[arg(short, long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  One page for a release:
    rollgate runbook rollout.yaml analysis.yaml > RELEASE.md
    helm template . | rollgate runbook - --name shop/payments
  What nobody has written down yet:
    rollgate runbook k8s/ | grep missing

Strategy, success metrics, progression, rollback trigger, action, owner and
deadline, then a checklist for the pull request. What the manifests do not say
is marked as missing. Exits with 2 when something could not be read, or when
there is no release.";

/// Prints the runbooks: 0 when all could be read, 2 otherwise.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let (pages, errors) = match pages(args) {
        Ok(written) => written,
        Err(error) => return could_not_run(&format!("{error:#}")),
    };
    for error in &errors {
        eprintln!("unreadable {error}");
    }
    let planned = if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT_RUN) };
    finish(std::io::stdout().lock().write_all(pages.as_bytes()), planned)
}

/// The pages, and what could not be read.
fn pages(args: &Args) -> anyhow::Result<(String, Vec<String>)> {
    let settings = settings(args.settings.as_deref()).context("cannot use the settings")?;
    let manifests = ManifestSet::read(&args.paths);
    let Releases { releases, errors } = Releases::of(&manifests, &settings).named(args.name.as_deref())?;
    if releases.is_empty() && errors.is_empty() {
        bail!(NO_RELEASE);
    }
    let pages: Vec<String> =
        releases.iter().map(|release| page::write(release, &manifests, &settings)).collect();
    Ok((pages.join("\n---\n\n"), errors))
}
