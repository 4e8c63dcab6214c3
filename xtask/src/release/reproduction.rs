//! The policy, built once more where nothing is as it was.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;
use crate::{Failure, build};

/// What is made, not written, wherever it is.
const MADE: [&str; 4] = [".git", "dist", "node_modules", "target"];

/// A copy of the sources, with a target folder of its own.
pub struct Reproduction(Workspace);

impl Reproduction {
    /// Copies the sources. What was compiled of dependencies by an earlier reproduction stays.
    pub fn of(workspace: &Workspace) -> Result<Self, Failure> {
        let folder = workspace.target.join("reproduction");
        let root = folder.join("sources");
        let _ = fs::remove_dir_all(&root);
        copy(&workspace.root, &root)
            .map_err(|error| format!("cannot copy the sources to {}: {error}", root.display()))?;
        Ok(Self(Workspace { root, target: folder.join("target") }))
    }

    /// The copy.
    pub fn sources(&self) -> &Path {
        &self.0.root
    }

    /// Builds the policy there and holds it against that of `workspace`; `command` writes its metadata.
    pub fn compare(&self, workspace: &Workspace, command: &Path) -> Result<(), Failure> {
        build::policy(&self.0, command)?;
        let (original, reproduced) = (workspace.policy(), self.0.policy());
        if read(&original)? != read(&reproduced)? {
            return Err(format!(
                "{} and {} differ: the policy cannot be reproduced",
                original.display(),
                reproduced.display()
            ));
        }
        eprintln!("xtask: dist/policy.wasm came out the same, byte for byte, of sources in another folder");
        Ok(())
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if MADE.iter().any(|made| entry.file_name() == *made) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&path, &copied)?;
        } else {
            fs::copy(&path, &copied)?;
        }
    }
    Ok(())
}
