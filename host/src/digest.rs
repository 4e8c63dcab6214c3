//! `rollgate digest`: the address of a policy by its digest.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;

use crate::output::finish;
use crate::policy_source::block_on;
use crate::registry::{Address, SourceArgs};

/// Arguments of `rollgate digest`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The policy: `registry://host/path:tag`
    uri: String,
    #[command(flatten)]
    source: SourceArgs,
}

const EXAMPLES: &str = "\
Example:
  rollgate digest registry://registry.example.com/policies/rollgate:v0.1.0";

/// Prints the address with the digest of what is behind it.
///
/// # Errors
/// When the registry does not tell.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let address = Address::parse(&args.uri)?;
    let Address::Registry(reference) = &address else {
        bail!("{address} is not in a registry: only what is there has a digest of its own");
    };
    let digest = block_on(args.source.fetcher()?.digest(reference))??;
    let uri = args.uri.split_once('@').map_or(args.uri.as_str(), |(name, _)| name);
    Ok(finish(writeln!(std::io::stdout(), "{uri}@{digest}"), ExitCode::SUCCESS))
}
