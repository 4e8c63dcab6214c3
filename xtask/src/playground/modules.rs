//! What the page is made with: packages that npm installs into cargo's target folder.

use std::fs;
use std::path::Path;

use super::{NPM, folder, sources};
use crate::Failure;
use crate::process::{self, outside};
use crate::workspace::Workspace;

/// Installs what the page is made with, when the lock file has changed since, or nothing is there.
pub fn install(workspace: &Workspace) -> Result<(), Failure> {
    let (page, folder) = (sources(workspace), folder(workspace));
    let modules = page.join("node_modules");
    let is_ours = fs::symlink_metadata(&modules).map_or(true, |metadata| metadata.is_symlink());
    if !is_ours {
        eprintln!("xtask: playground/page/node_modules is taken as it is");
        return Ok(());
    }
    let lock = fs::read(page.join("package-lock.json"))
        .map_err(|error| format!("cannot read playground/page/package-lock.json: {error}"))?;
    let installed = folder.join("installed-lock.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) || !folder.join("node_modules").is_dir() {
        eprintln!("xtask: what the page is made with is installed now");
        let cannot_write = |error| format!("cannot write to {}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(page.join(file), folder.join(file)).map_err(cannot_write)?;
        }
        process::run(outside(NPM).args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
        fs::write(&installed, &lock).map_err(cannot_write)?;
    }
    link(&folder.join("node_modules"), &modules)
}

/// Node looks for modules beside the files that name them.
fn link(modules: &Path, from: &Path) -> Result<(), Failure> {
    if fs::read_link(from).is_ok_and(|target| target == modules) {
        return Ok(());
    }
    let _ = fs::remove_file(from);
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(modules, from);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_dir(modules, from);
    linked.map_err(|error| format!("cannot link {} to {}: {error}", from.display(), modules.display()))
}
