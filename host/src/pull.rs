//! `rollgate pull`: fetches a policy.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::output::finish;
use crate::policy_source::{self, Source};
use crate::push::write_digest;
use crate::registry::{Address, FetchArgs};

/// Arguments of `rollgate pull`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The policy: `registry://host/path:tag`, or https://
    uri: String,
    /// File to write the policy to; without it, the policy is only kept for `run` and `serve`
    #[arg(short, long, value_name = "FILE")]
    output_path: Option<PathBuf>,
    /// File to write the policy's digest to
    #[arg(long, value_name = "FILE")]
    digest_file: Option<PathBuf>,
    #[command(flatten)]
    fetch: FetchArgs,
}

const EXAMPLES: &str = "\
Examples:
  rollgate pull registry://registry.example.com/policies/rollgate:v0.1.0
  rollgate pull --output-path policy.wasm --verification-key cosign.pub registry.example.com/policies/rollgate:v0.1.0";

/// Fetches the policy and prints the address under which it will always be the same.
///
/// # Errors
/// When it cannot be fetched or written.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let source = policy_source::fetch(&args.uri, &args.fetch)?;
    if let Some(path) = &args.output_path {
        write(path, &source.wasm).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let (Some(path), Some(digest)) = (&args.digest_file, &source.digest) {
        write_digest(path, digest)?;
    }
    Ok(finish(writeln!(std::io::stdout(), "pulled {}", pinned(&source)), ExitCode::SUCCESS))
}

/// The address by digest.
pub(crate) fn pinned(source: &Source) -> String {
    match (&source.address, &source.digest) {
        (Address::Registry(reference), Some(digest)) => {
            format!("registry://{}/{}@{digest}", reference.registry(), reference.repository())
        }
        (address, _) => address.to_string(),
    }
}

/// Writes a file that is there as a whole or not at all.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, content).and_then(|()| std::fs::rename(&unfinished, path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&unfinished);
    })
}
