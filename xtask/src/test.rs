//! `cargo xtask test`.

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, bench, build, e2e, playground, setup};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds, checks the formatting, lints with every warning an error, and runs all tests.

Installs the Rust target wasm32-wasip1 and the components rustfmt and clippy if they are missing.
";

/// Runs every check there is.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::lints()?;
    process::run(cargo(workspace, "fmt").args(["--all", "--check"]))?;
    bench::check_format(workspace)?;
    playground::check_format(workspace)?;
    build::run(workspace)?;
    let warnings = ["--", "-D", "warnings"];
    let mut everything = cargo(workspace, "clippy");
    everything.args(["--release", "--workspace", "--all-targets"]).args(e2e::every_test());
    process::run(everything.args(warnings))?;
    // The guest's side of the policy is compiled for no other target.
    let guest = ["--profile", "policy", "--target", setup::WASM, "-p", "rollgate-policy", "--lib"];
    process::run(cargo(workspace, "clippy").args(guest).args(warnings))?;
    process::run(cargo(workspace, "test").args(["--release", "--workspace"]))
}
