//! The load generator.

use std::path::PathBuf;

use crate::Failure;
use crate::process::{self, output, outside};
use crate::workspace::Workspace;

const VERSION: &str = "1.16.0";

/// The program, built unless it was.
pub fn provide(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let root = workspace.target.join("bench/oha").join(VERSION);
    let program = root.join("bin/oha");
    if output(outside(&program.display().to_string()).arg("--version")).is_some() {
        return Ok(program);
    }
    eprintln!("xtask: the load generator is missing and is built now; that takes minutes, once");
    let mut install = outside("cargo");
    install.args(["install", "oha", "--version", VERSION, "--locked"]);
    install.args(["--no-default-features", "--features", "rustls"]);
    install.arg("--root").arg(&root).arg("--target-dir").arg(root.join("build"));
    process::run(install.env_remove("CARGO_BUILD_TARGET"))?;
    Ok(program)
}
