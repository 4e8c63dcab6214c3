//! `cargo xtask demo`.

use std::process::Command;

use crate::workspace::Workspace;
use crate::{Failure, build, process};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds what is missing, starts the webhook with the Wasm policy on a free port of this machine, and sends it
AdmissionReviews made from delivery/_examples and from the bad releases in gallery. Every verdict is shown with
its reasons.

Exits with 0 if every verdict is the expected one.
";

/// Builds, then shows the webhook at work.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    build::run(workspace)?;
    let mut demo = Command::new(workspace.released("examples/demo"));
    demo.arg(workspace.command()).arg(workspace.policy()).current_dir(&workspace.root);
    process::run(&mut demo)
}
