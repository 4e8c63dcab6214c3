//! `rollgate runbook`: the release plan on one page, filled from the manifests.

mod action;
mod checklist;
mod markdown;
mod metrics;
mod page;

use std::io::Write as _;
use std::process::ExitCode;

use crate::output::{could_not_run, finish, tell_unreadable};
use crate::release::{ReleaseArgs, Releases};

/// Arguments of `runbook`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    given: ReleaseArgs,
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
    let planned = tell_unreadable(&errors);
    finish(std::io::stdout().lock().write_all(pages.as_bytes()), planned)
}

/// The pages, and what could not be read.
fn pages(args: &Args) -> anyhow::Result<(String, Vec<String>)> {
    let (manifests, settings) = args.given.read()?;
    let Releases { releases, errors } = args.given.releases(&manifests, &settings)?;
    let pages: Vec<String> =
        releases.iter().map(|release| page::write(release, &manifests, &settings)).collect();
    Ok((pages.join("\n---\n\n"), errors))
}
