//! Where things are.

use std::path::{Path, PathBuf};

use crate::Failure;

/// The folders of this repository.
pub struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the user put it.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the folders.
    pub fn find() -> Result<Self, Failure> {
        // At run time, since a cached xtask may have been compiled in another clone.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run it as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().ok_or("xtask has no parent folder")?.to_owned();
        // Cargo put this very program at <target>/debug/xtask.
        let program =
            std::env::current_exe().map_err(|error| format!("cannot find xtask itself: {error}"))?;
        let target = program.ancestors().nth(2).ok_or("cannot find cargo's target folder")?.to_owned();
        Ok(Self { root, target })
    }

    /// The folder of what people install and run.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// What a container image holds.
    pub fn image(&self) -> PathBuf {
        self.dist().join("image")
    }

    /// The annotated policy.
    pub fn policy(&self) -> PathBuf {
        self.dist().join("policy.wasm")
    }

    /// The `rollgate` command.
    pub fn command(&self) -> PathBuf {
        self.dist().join(executable("rollgate"))
    }

    /// A binary in the target folder of the release profile.
    pub fn released(&self, name: &str) -> PathBuf {
        self.target.join("release").join(executable(name))
    }
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}
