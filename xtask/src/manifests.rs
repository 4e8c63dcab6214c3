//! `cargo xtask manifests`.

use std::process::Command;

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, e2e};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Writes deploy/rollgate.yaml and deploy/webhook.yaml, which are the Helm chart for whoever does not use Helm.
`cargo xtask e2e` fails while they are not current.

Helm is built from its Go module with `go`, which has to be on PATH, once.
";

/// Renders the chart.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    let helm = e2e::helm(workspace)?;
    // The whole workspace, as elsewhere: nothing is compiled twice.
    process::run(cargo(workspace, "build").args(["--release", "--workspace", "--example", "manifests"]))?;
    let mut manifests = Command::new(workspace.released("examples/manifests"));
    process::run(manifests.arg(helm).current_dir(&workspace.root))
}
