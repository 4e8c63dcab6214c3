//! `cargo xtask playground`.

mod embedded;
mod modules;
mod served;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, cargo, outside};
use crate::workspace::Workspace;
use crate::{Failure, build, setup};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds the page in which manifests are judged while they are written, and leaves it in
  playground/dist  the page as files, for any web server
  dist/rollgate    the command with the page in it, for `rollgate playground`

Options:
  --test  Runs the page's tests as well, in the browser that CHROMIUM names, or in Debian's Chromium, which is installed
          if it is missing

Needs Node 20.11 or later with npm. Installs the Rust target wasm32-unknown-unknown if it is missing, and what the page is
made with, as package-lock.json has it.
";

/// The target the page's policy is compiled for.
const WASM: &str = "wasm32-unknown-unknown";

/// The package of the program that writes the JavaScript.
const BIND: &str = "playground/bind/Cargo.toml";

/// Has the compiler put the page into the command, once it is built.
pub const EMBEDDED: [&str; 2] = ["--cfg", "embedded_page"];

/// Builds the page and the command with it.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    page(workspace)?;
    let mut command = cargo(workspace, "rustc");
    process::run(command.args(build::COMMAND).arg("--").args(EMBEDDED))?;
    fs::create_dir_all(workspace.dist()).map_err(|error| format!("cannot create dist/: {error}"))?;
    build::replace(&workspace.released("rollgate"), &workspace.command())
}

/// Builds the page into playground/dist, for a command that takes it in.
pub fn page(workspace: &Workspace) -> Result<(), Failure> {
    setup::node()?;
    let policy = bind(workspace)?;
    modules::install(workspace)?;
    let dist = workspace.root.join("playground/dist");
    remove(&dist)?;
    let mut page = npm(workspace, "run");
    page.args(["build", "--", "--policy"]).arg(policy).arg("--out").arg(&dist);
    process::run(&mut page)?;
    embedded::write(&dist, &workspace.root.join("playground/embedded.rs"))
}

/// Builds the page, and tests it.
pub fn run_test(workspace: &Workspace) -> Result<(), Failure> {
    run(workspace)?;
    process::run(npm(workspace, "run").arg("check"))?;
    let mut test = npm(workspace, "test");
    test.env("ROLLGATE", workspace.command()).env("PLAYGROUND", workspace.root.join("playground/dist"));
    process::run(test.env("CHROMIUM", setup::chromium()?))?;
    served::check(workspace)
}

/// Compiles the policy for the page and writes the JavaScript that calls it; the folder with both.
fn bind(workspace: &Workspace) -> Result<PathBuf, Failure> {
    setup::wasm_target(WASM)?;
    let mut module = cargo(workspace, "build");
    module.args(["--profile", "page", "--target", WASM, "-p", "rollgate-playground", "--lib"]);
    process::run(module.arg("--config").arg(build::without_paths(WASM)?))?;
    let tool = Workspace { root: workspace.root.clone(), target: folder(workspace).join("bind") };
    process::run(cargo(&tool, "build").args(["--release", "--manifest-path", BIND]))?;
    let bound = folder(workspace).join("policy");
    remove(&bound)?;
    let mut bind = Command::new(tool.released("rollgate-playground-bind"));
    bind.arg(workspace.target.join(WASM).join("page/rollgate_playground.wasm")).arg(&bound);
    process::run(&mut bind)?;
    Ok(bound)
}

/// Checks the formatting of that program, which is no part of the workspace.
pub fn check_format(workspace: &Workspace) -> Result<(), Failure> {
    process::run(cargo(workspace, "fmt").args(["--check", "--manifest-path", BIND]))
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn npm(workspace: &Workspace, command: &str) -> Command {
    let mut npm = outside(NPM);
    npm.arg(command).current_dir(sources(workspace));
    npm
}

/// The sources of the page.
fn sources(workspace: &Workspace) -> PathBuf {
    workspace.root.join("playground/page")
}

/// What is kept between builds.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("playground")
}
