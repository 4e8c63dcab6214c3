//! `rollgate push`: a policy into a registry, as `kwctl push` puts it there.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use oci_client::Reference;
use serde_json::json;

use crate::output::{Output, finish};
use crate::policy_source::block_on;
use crate::registry::{self, Address, Digest, SourceArgs};
use crate::runtime::{LoadError, Metadata};

/// Arguments of `rollgate push`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The policy: an annotated .wasm file
    file: PathBuf,
    /// Where it goes: `registry://host/path:tag`
    uri: String,
    /// Push a policy that was not annotated
    #[arg(short, long)]
    force: bool,
    /// The form of what is printed
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
    /// File to write the policy's digest to
    #[arg(long, value_name = "FILE")]
    digest_file: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
}

const EXAMPLES: &str = "\
Examples:
  rollgate push policy.wasm registry://registry.example.com/policies/rollgate:v0.1.0
  rollgate push --output json policy.wasm registry.example.com/policies/rollgate:v0.1.0 | jq -r .immutable_ref";

/// Pushes the policy.
///
/// # Errors
/// When the file is no annotated policy, or the registry does not take all of it.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let reference = destination(&args.uri)?;
    let shown = args.file.display();
    let wasm = std::fs::read(&args.file).with_context(|| format!("cannot read policy {shown}"))?;
    let metadata = check(&wasm, args.force).with_context(|| shown.to_string())?;
    let metadata = metadata.and_then(|metadata| metadata.annotations).unwrap_or_default();
    let fetcher = args.source.fetcher()?;
    let pushing = registry::push(&fetcher, &reference, &wasm, registry::annotations(&metadata));
    let digest = block_on(pushing)?.with_context(|| format!("{shown} was not pushed"))?;
    if let Some(path) = &args.digest_file {
        write_digest(path, &digest)?;
    }
    let pinned = format!("{}/{}@{digest}", reference.registry(), reference.repository());
    let mut out = std::io::stdout();
    let written = match args.output {
        Output::Text => writeln!(out, "pushed registry://{pinned}"),
        Output::Json => writeln!(out, "{}", json!({"immutable_ref": pinned})),
    };
    Ok(finish(written, ExitCode::SUCCESS))
}

/// Writes a digest to a file, for programs.
pub(crate) fn write_digest(path: &std::path::Path, digest: &Digest) -> anyhow::Result<()> {
    std::fs::write(path, format!("{digest}\n")).with_context(|| format!("cannot write {}", path.display()))
}

fn destination(uri: &str) -> anyhow::Result<Reference> {
    match Address::parse(uri)? {
        Address::Registry(reference) if reference.digest().is_none() => Ok(reference),
        Address::Registry(_) => {
            bail!("{uri}: the digest is only known once the policy is there; push it to a tag")
        }
        Address::Web(_) | Address::File(_) => {
            bail!("{uri} is not in a registry: push to registry://host/path:tag")
        }
    }
}

/// The metadata of what is to be pushed, which must be a policy.
fn check(wasm: &[u8], force: bool) -> anyhow::Result<Option<Metadata>> {
    if !wasm.starts_with(b"\0asm") {
        bail!(LoadError::NotWasm);
    }
    let metadata = Metadata::read(wasm)?;
    if metadata.is_none() && !force {
        bail!(
            "not annotated: write its metadata into it with `rollgate annotate`, or push it as it is with --force"
        );
    }
    Ok(metadata)
}
