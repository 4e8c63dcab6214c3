//! `rollgate inspect`: what a policy says about itself.

mod text;
mod yaml;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::Value;

use crate::output::{finish, print_json};
use crate::policy_source::{self, Source, block_on};
use crate::registry::{Address, FetchArgs};
use crate::runtime::metadata_section;

/// Arguments of `rollgate inspect`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The policy: a .wasm file, or its address: registry://, https:// or file://
    policy: String,
    /// The form of what is printed
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Form,
    /// Show the policy's signatures in its registry too; whether they are good is not looked at
    #[arg(long)]
    show_signatures: bool,
    #[command(flatten)]
    fetch: FetchArgs,
}

const EXAMPLES: &str = "\
Examples:
  rollgate inspect policy.wasm
  rollgate inspect --output json registry://registry.example.com/policies/rollgate:v0.1.0 | jq .rules";

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Yaml,
    Json,
}

/// Prints the policy's metadata.
///
/// # Errors
/// When the policy cannot be had, or has no metadata.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let source = policy_source::fetch(&args.policy, &args.fetch)?;
    let Some(section) = metadata_section(&source.wasm) else {
        bail!("{} has no metadata: it was never annotated with `rollgate annotate`", source.address);
    };
    let mut metadata: Value = serde_json::from_slice(section).context("cannot read the policy's metadata")?;
    if args.show_signatures {
        let signatures = signatures(args, &source)?;
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("signatures".to_owned(), signatures);
        }
    }
    let mut out = std::io::stdout().lock();
    let written = match args.output {
        Form::Text => write!(out, "{}", text::text(&source, &metadata)),
        Form::Yaml => write!(out, "{}", yaml::yaml(&metadata)),
        Form::Json => {
            drop(out);
            print_json(&metadata)
        }
    };
    Ok(finish(written, ExitCode::SUCCESS))
}

fn signatures(args: &Args, source: &Source) -> anyhow::Result<Value> {
    let (Address::Registry(reference), Some(digest)) = (&source.address, &source.digest) else {
        bail!("{} is not in a registry, so there are no signatures beside it", source.address);
    };
    let found = block_on(args.fetch.fetcher()?.signatures(reference, digest))??;
    Ok(serde_json::to_value(found)?)
}
