//! `rollgate serve`.
use std::process::ExitCode;
/// Arguments of `rollgate serve`.
#[derive(clap::Args)]
pub struct Args {}
/// Serves.
/// # Errors
/// Always.
pub fn run(_: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("in the making")
}
