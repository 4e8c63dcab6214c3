//! The acceptance suites of the policy, in Bash.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::Failure;
use crate::process::{self, output, outside};
use crate::workspace::Workspace;

const VERSION: &str = "1.13.0";

/// The checksum of its content, as npm writes it.
const INTEGRITY: &str =
    "sha512-giSYKGTOcPZyJDbfbTtzAedLcNWdjCLbXYU3/MwPnjyvDXzu6Dgw8d2M+8jHhZXSmsCMSQqCp+YBsJ603UO4vQ==";

/// Runs the suites in e2e/: with what KWCTL names, else with dist/rollgate.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut suites = outside(&provide(workspace)?.display().to_string());
    suites.arg(workspace.root.join("e2e"));
    if env::var_os("KWCTL").is_none() {
        suites.env("KWCTL", workspace.command());
    }
    process::run(suites.current_dir(&workspace.root))
}

/// The program, installed unless it was.
fn provide(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let root = workspace.target.join("e2e/tools/bats").join(VERSION);
    let program = root.join("node_modules/bats/bin/bats");
    if output(outside(&program.display().to_string()).arg("--version")).is_some() {
        return Ok(program);
    }
    if output(outside("npm").arg("--version")).is_none() {
        return Err("npm is missing, which installs bats: install Node.js from https://nodejs.org".to_owned());
    }
    eprintln!("xtask: bats is missing and is installed now, into {}", root.display());
    fs::create_dir_all(&root).map_err(|error| format!("cannot create {}: {error}", root.display()))?;
    let mut install = outside("npm");
    install.arg("install").arg("--prefix").arg(&root);
    process::run(
        install.args(["--ignore-scripts", "--no-audit", "--no-fund"]).arg(format!("bats@{VERSION}")),
    )?;
    let lock = root.join("node_modules/.package-lock.json");
    let locked =
        fs::read_to_string(&lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
    if locked.contains(INTEGRITY) {
        return Ok(program);
    }
    let _ = fs::remove_dir_all(&root);
    Err(format!("bats {VERSION} has not the checksum {INTEGRITY}"))
}
