//! What the artifacts are made of.

use std::env::consts::{ARCH, EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::process::{self, outside};
use crate::workspace::Workspace;
use crate::{Failure, setup};

/// The program that writes it.
const TOOL: &str = "cargo-cyclonedx";
const TOOL_VERSION: &str = "0.5.9";

/// Writes one for the policy and one for the command into `folder`; `sources` is a copy of this repository.
pub fn write(workspace: &Workspace, sources: &Path, folder: &Path) -> Result<(), Failure> {
    let tool = provide(workspace)?;
    let date = date(workspace)?;
    let command = format!("{ARCH}-unknown-linux-gnu");
    for (name, package, target) in [("policy", "", setup::WASM), ("rollgate", "host", &*command)] {
        let mut describe = Command::new(&tool);
        describe.args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--target", target]);
        describe.args(["--override-filename", name]);
        // The file is left beside the manifest, which is why this runs in a copy.
        process::run(describe.env("SOURCE_DATE_EPOCH", &date).current_dir(sources))?;
        let written = sources.join(package).join(format!("{name}.json"));
        let text = fs::read_to_string(&written)
            .map_err(|error| format!("cannot read {}: {error}", written.display()))?;
        let path = folder.join(format!("{name}.cdx.json"));
        fs::write(&path, text.replace(&*sources.to_string_lossy(), ""))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// When the sources were committed, in seconds since 1970, unless `SOURCE_DATE_EPOCH` says otherwise.
fn date(workspace: &Workspace) -> Result<String, Failure> {
    if let Ok(date) = env::var("SOURCE_DATE_EPOCH") {
        return Ok(date);
    }
    let date =
        process::output(outside("git").args(["log", "-1", "--format=%ct"]).current_dir(&workspace.root))
            .ok_or("cannot ask git when the sources were committed: set SOURCE_DATE_EPOCH")?;
    Ok(date.trim().to_owned())
}

/// The program, built unless that version of it was.
fn provide(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let root = workspace.target.join("tools").join(format!("{TOOL}-{TOOL_VERSION}"));
    let program = root.join("bin").join(format!("{TOOL}{EXE_SUFFIX}"));
    if !program.is_file() {
        eprintln!("xtask: {TOOL} is missing and is built now, which takes minutes, once");
        let mut install = outside("cargo");
        install.args(["install", "--locked", "--version", TOOL_VERSION, "--root"]).arg(&root);
        install.arg("--target-dir").arg(workspace.target.join("tools/target"));
        process::run(install.arg(TOOL))?;
    }
    Ok(program)
}
