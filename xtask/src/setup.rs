//! What has to be on the machine beside cargo: looked for, and installed where it is missing.

use std::path::Path;

use crate::Failure;
use crate::process::{output, outside, run};

/// The target the policy is compiled for.
pub const WASM: &str = "wasm32-wasip1";

/// Sees to the standard library for [`WASM`].
pub fn wasm_target() -> Result<(), Failure> {
    let libraries = output(outside("rustc").args(["--print", "target-libdir", "--target", WASM]));
    if libraries.is_some_and(|path| Path::new(path.trim()).is_dir()) {
        return Ok(());
    }
    install("the Wasm target", &["target", "add", WASM])
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

fn install(what: &str, args: &[&str]) -> Result<(), Failure> {
    eprintln!("xtask: {what} is missing and is installed now");
    run(outside("rustup").args(args)).map_err(|failure| {
        format!("{failure}\nxtask: {what} could not be installed; `rustup {}` must succeed", args.join(" "))
    })
}
