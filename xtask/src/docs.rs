//! `cargo xtask docs`.

use std::process::Command;

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, build};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Writes what is generated from the code: docs/rules, docs/settings.schema.json, questions-ui.yml and the examples
that `rollgate explain` shows. And from policy-metadata.yml and the manifests of the webhook: deploy/kubewarden and
artifacthub-pkg.yml. And from the examples: e2e/requests. The tests fail while they are not current.

Every rule needs an example: rejected-X.yaml and accepted-X.yaml in tests/fixtures/<rule> or tests/requests/<rule>.
";

/// Generates the documents.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    process::run(cargo(workspace, "build").args(build::HOST))?;
    let mut documents = Command::new(workspace.released("examples/documents"));
    process::run(documents.arg(&workspace.root).current_dir(&workspace.root))
}
