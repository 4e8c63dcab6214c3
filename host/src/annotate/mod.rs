//! `rollgate annotate`: writes a policy's metadata into its module, as `kwctl annotate` does.

mod metadata;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use wasm_encoder::{CustomSection, Section};

use crate::policy_source;
use crate::runtime::{Limits, METADATA_SECTION, ModuleCache, Policy};
pub use metadata::{InvalidMetadata, PolicyMetadata, Rule};

/// Arguments of `rollgate annotate`.
#[derive(clap::Args)]
pub struct Args {
    /// The policy as the compiler wrote it: a .wasm file without metadata
    wasm: PathBuf,
    /// File with the policy's metadata in YAML
    #[arg(short, long, value_name = "FILE")]
    metadata_path: PathBuf,
    /// Where to write the annotated policy
    #[arg(short, long, value_name = "FILE")]
    output_path: PathBuf,
    /// File with the policy's documentation, often README.md
    #[arg(short, long, value_name = "FILE")]
    usage_path: Option<PathBuf>,
}

/// The annotation that holds a policy's documentation.
const USAGE: &str = "io.kubewarden.policy.usage";
/// The only protocol there is for waPC policies.
const PROTOCOL: &str = "v1";

/// Writes the annotated policy.
///
/// # Errors
/// When a file cannot be read or written, the metadata is not valid, or the module is no policy or has metadata
/// already.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut metadata = PolicyMetadata::parse(&read(&args.metadata_path)?)
        .with_context(|| format!("cannot use the metadata in {}", args.metadata_path.display()))?;
    if let Some(path) = &args.usage_path {
        metadata.annotations.get_or_insert_default().insert(USAGE.to_owned(), read(path)?);
    }
    let path = &args.wasm;
    let wasm = std::fs::read(path).with_context(|| format!("cannot read policy {}", path.display()))?;
    // The annotated module has other bytes than this one: what is compiled here is never wanted again.
    let policy = Policy::from_bytes(&wasm, &Limits::default(), &ModuleCache::Disabled)
        .map_err(|error| policy_source::explain(&path.display(), &error))?;
    if policy.metadata().is_some() {
        // Readers take the first section, so a second one would have no effect.
        bail!("{} has metadata already: annotate the module as the compiler wrote it", path.display());
    }
    metadata.protocol_version = Some(match policy.protocol_version() {
        Ok(version) if version == PROTOCOL => version,
        Ok(other) => bail!("{} speaks protocol {other:?}; only {PROTOCOL:?} is known", path.display()),
        Err(error) => bail!("{} is not a Kubewarden policy: {error}", path.display()),
    });
    let annotated = embed(wasm, &metadata)?;
    std::fs::write(&args.output_path, annotated)
        .with_context(|| format!("cannot write {}", args.output_path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn embed(mut wasm: Vec<u8>, metadata: &PolicyMetadata) -> anyhow::Result<Vec<u8>> {
    let section = CustomSection {
        name: Cow::Borrowed(METADATA_SECTION),
        data: Cow::Owned(serde_json::to_vec(metadata)?),
    };
    section.append_to(&mut wasm);
    Ok(wasm)
}
