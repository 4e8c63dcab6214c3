//! `cargo xtask release`.

mod archive;
mod bill_of_materials;
mod reproduction;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process;
use crate::workspace::Workspace;
use crate::{Failure, build, e2e, image, playground};
use reproduction::Reproduction;

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Makes what a release consists of, in dist/release:
  policy.wasm                   the policy with its metadata, for a registry
  rollgate-linux-<ARCH>.tar.gz  the command with its playground, linked statically; completions, manual pages
  rollgate-<VERSION>.tgz        the Helm chart
  artifacthub-pkg.yml           what Artifact Hub shows of the policy
  *.cdx.json                    what the policy and the command are made of, as CycloneDX 1.5
  SHA256SUMS                    the checksums of all of these

The policy is built a second time, from a copy of the sources in another folder, and has to come out byte for byte the
same. It works on Linux.

Needs Node 20.11 or later with npm, for the page. Helm is built from its Go module with `go`, which has to be on PATH,
and cargo-cyclonedx by cargo; each once.
";

/// The version of every part.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes all artifacts anew.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    playground::page(workspace)?;
    let command = image::static_command(workspace, &playground::EMBEDDED)?;
    build::policy(workspace, &command)?;
    let reproduction = Reproduction::of(workspace)?;
    reproduction.compare(workspace, &command)?;
    let folder = workspace.dist().join("release");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    copy(&workspace.policy(), &folder.join("policy.wasm"))?;
    copy(&workspace.root.join("artifacthub-pkg.yml"), &folder.join("artifacthub-pkg.yml"))?;
    archive::pack(workspace, &command, &folder)?;
    let mut chart = Command::new(e2e::helm(workspace)?);
    chart.args(["package", "deploy/helm/rollgate", "--version", VERSION, "--destination"]);
    process::run(chart.arg(&folder).current_dir(&workspace.root))?;
    bill_of_materials::write(workspace, reproduction.sources(), &folder)?;
    checksums(&folder)
}

fn checksums(folder: &Path) -> Result<(), Failure> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        })
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    names.sort();
    let sums = process::output(Command::new("sha256sum").args(&names).current_dir(folder))
        .ok_or("cannot compute checksums: `sha256sum` is missing or fails")?;
    eprint!("{sums}");
    let path = folder.join("SHA256SUMS");
    fs::write(&path, sums).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}
