//! What has to be on the machine beside cargo: looked for, and installed where it is missing.

use std::env;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::process::{output, outside, run};

/// The target the policy is compiled for.
pub const WASM: &str = "wasm32-wasip1";

/// The oldest Node that the page is built with.
const OLDEST_NODE: u32 = 20;

/// Sees to the standard library for a target.
pub fn wasm_target(target: &str) -> Result<(), Failure> {
    let libraries = output(outside("rustc").args(["--print", "target-libdir", "--target", target]));
    if libraries.is_some_and(|path| Path::new(path.trim()).is_dir()) {
        return Ok(());
    }
    install(&format!("the target {target}"), &["target", "add", target])
}

/// Sees to `cargo fmt` and `cargo clippy`.
pub fn lints() -> Result<(), Failure> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if output(outside("cargo").args([subcommand, "--version"])).is_none() {
            install(component, &["component", "add", component])?;
        }
    }
    Ok(())
}

/// Looks for Node, which is no part of a Rust toolchain and is not installed.
pub fn node() -> Result<(), Failure> {
    let told = output(outside("node").arg("--version"));
    let version = told.as_deref().map_or("none", str::trim);
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= OLDEST_NODE) {
        return Ok(());
    }
    Err(format!(
        "the page is built with Node {OLDEST_NODE} or later and its npm, and here is {version}; get it from https://nodejs.org"
    ))
}

/// The browser that the page is tested in: what `CHROMIUM` names, or Debian's, which is installed where it may be.
pub fn chromium() -> Result<PathBuf, Failure> {
    if let Some(program) = env::var_os("CHROMIUM") {
        return Ok(program.into());
    }
    let program = PathBuf::from("/usr/bin/chromium");
    if !program.is_file() {
        eprintln!("xtask: Chromium is missing and is installed now");
        let apt = |args: &[&str]| run(outside("apt-get").args(["--quiet=2", "--yes"]).args(args));
        apt(&["update"]).and_then(|()| apt(&["install", "--no-install-recommends", "chromium"])).map_err(
            |failure| format!("{failure}\nxtask: Chromium could not be installed; name one with CHROMIUM"),
        )?;
    }
    Ok(program)
}

fn install(what: &str, args: &[&str]) -> Result<(), Failure> {
    eprintln!("xtask: {what} is missing and is installed now");
    run(outside("rustup").args(args)).map_err(|failure| {
        format!("{failure}\nxtask: {what} could not be installed; `rustup {}` must succeed", args.join(" "))
    })
}
