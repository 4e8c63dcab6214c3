//! `cargo xtask build`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::process::{self, cargo};
use crate::setup;
use crate::workspace::Workspace;

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds the policy for Wasm and the rollgate command, and leaves them in dist/:
  dist/policy.wasm  the policy with its metadata, for Kubewarden and `rollgate serve`
  dist/rollgate     the command

Installs the Rust target wasm32-wasip1 if it is missing.
";

/// What is built for the host: the command and the programs that xtask runs.
///
/// The whole workspace and examples, though one binary is wanted: features are chosen as for the tests, and wasmtime
/// is compiled once for both.
pub const HOST: [&str; 8] =
    ["--release", "--workspace", "--bin", "rollgate", "--example", "demo", "--example", "documents"];

/// What `cargo rustc` builds of the command alone. Its flags are for the program; what it is made of stays the same, and
/// is not compiled anew.
pub const COMMAND: [&str; 5] = ["--release", "--package", "rollgate", "--bin", "rollgate"];

/// The largest policy: it is fetched by every policy server and compiled when it starts. Policies of other projects,
/// with a rule each, come to about as much.
const SIZE_BUDGET: u64 = 1_200_000;

/// Builds what people install and run.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    process::run(cargo(workspace, "build").args(HOST))?;
    fs::create_dir_all(workspace.dist()).map_err(|error| format!("cannot create dist/: {error}"))?;
    replace(&workspace.released("rollgate"), &workspace.command())?;
    policy(workspace, &workspace.command())
}

/// Builds dist/policy.wasm; `command` is the `rollgate` that writes its metadata into it.
pub fn policy(workspace: &Workspace, command: &Path) -> Result<(), Failure> {
    setup::wasm_target(setup::WASM)?;
    let mut guest = cargo(workspace, "build");
    guest.args(["--profile", "policy", "--target", setup::WASM, "-p", "rollgate-policy", "--lib"]);
    process::run(guest.arg("--config").arg(without_paths(setup::WASM)?))?;
    fs::create_dir_all(workspace.dist()).map_err(|error| format!("cannot create dist/: {error}"))?;
    annotate(workspace, command)?;
    check_size(&workspace.policy())
}

/// Has the compiler write no path of this machine into Wasm: what is built of the same sources is the same
/// everywhere. Cargo adds this to the flags of `.cargo/config.toml`.
pub fn without_paths(target: &str) -> Result<String, Failure> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .ok_or("cannot find cargo's home: set CARGO_HOME")?;
    Ok(format!("target.{target}.rustflags=['--remap-path-prefix={}=/cargo']", home.display()))
}

fn annotate(workspace: &Workspace, command: &Path) -> Result<(), Failure> {
    let compiled = workspace.target.join(setup::WASM).join("policy/rollgate_policy.wasm");
    let mut annotate = Command::new(command);
    annotate.arg("annotate").args(["-m", "policy-metadata.yml", "-u", "README.md"]);
    annotate.arg("-o").arg(workspace.policy()).arg(compiled).current_dir(&workspace.root);
    process::run(&mut annotate)
}

/// Copies beside the destination and renames: a program that is running cannot be written to.
pub fn replace(from: &Path, to: &Path) -> Result<(), Failure> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside)
        .and_then(|_| fs::rename(&beside, to))
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}

fn check_size(policy: &Path) -> Result<(), Failure> {
    let size =
        fs::metadata(policy).map_err(|error| format!("cannot read {}: {error}", policy.display()))?.len();
    eprintln!("xtask: dist/policy.wasm has {size} bytes, of {SIZE_BUDGET} it may have");
    if size > SIZE_BUDGET {
        return Err(format!("dist/policy.wasm is {} bytes too large", size - SIZE_BUDGET));
    }
    Ok(())
}
