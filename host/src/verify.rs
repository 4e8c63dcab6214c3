//! `rollgate verify`: whether a policy is signed as it should be.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;

use crate::output::finish;
use crate::policy_source::block_on;
use crate::registry::{Address, FetchArgs};

/// Arguments of `rollgate verify`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The policy: `registry://host/path:tag`
    uri: String,
    #[command(flatten)]
    fetch: FetchArgs,
}

const EXAMPLES: &str = "\
Examples:
  rollgate verify --verification-key cosign.pub registry://registry.example.com/policies/rollgate:v0.1.0
  rollgate verify --github-owner example --github-repo policies registry://registry.example.com/policies/rollgate:v0.1.0";

/// Verifies the policy's signatures.
///
/// # Errors
/// When they are not those asked for, or nothing was asked for.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let address = Address::parse(&args.uri)?;
    let fetcher = args.fetch.fetcher()?;
    if !fetcher.verifies() {
        bail!(
            "nothing to verify: say who must have signed with --verification-key, --cert-identity, --github-owner or \
             --verification-config-path"
        );
    }
    let digest = block_on(fetcher.verify(&address))??;
    Ok(finish(writeln!(std::io::stdout(), "verified {address} with the digest {digest}"), ExitCode::SUCCESS))
}
