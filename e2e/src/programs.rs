//! Where the programs and files are that a run needs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The root of this repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Everything `cargo xtask e2e` provides.
pub struct Programs {
    /// Where etcd, kube-apiserver, kubectl and kube-controller-manager are, as `KUBEBUILDER_ASSETS` names it.
    kubernetes: PathBuf,
    /// The folder of everything else, and of what a run leaves behind.
    provided: PathBuf,
}

impl Programs {
    /// Finds them through the environment.
    ///
    /// # Errors
    /// When `ROLLGATE_E2E` or a program is missing.
    pub fn find() -> anyhow::Result<Self> {
        let provided =
            std::env::var_os("ROLLGATE_E2E").context("ROLLGATE_E2E is not set: run `cargo xtask e2e`")?;
        let provided = PathBuf::from(provided);
        let kubernetes =
            std::env::var_os("KUBEBUILDER_ASSETS").map_or_else(|| provided.join("kubernetes"), PathBuf::from);
        let programs = Self { kubernetes, provided };
        for needed in ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] {
            let program = programs.kubernetes(needed);
            if !program.is_file() {
                bail!(
                    "{} is missing: KUBEBUILDER_ASSETS has to name a folder that has it",
                    program.display()
                );
            }
        }
        Ok(programs)
    }

    /// A program of Kubernetes, by name.
    #[must_use]
    pub fn kubernetes(&self, name: &str) -> PathBuf {
        self.kubernetes.join(name)
    }

    /// A delivery controller, by name.
    #[must_use]
    pub fn controller(&self, name: &str) -> PathBuf {
        self.provided.join("controllers").join(name)
    }

    /// The version of a delivery controller, by name.
    ///
    /// # Errors
    /// When it is not written beside it.
    pub fn controller_version(&self, name: &str) -> anyhow::Result<String> {
        let path = self.controller(name).with_extension("version");
        let version = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(version.trim().to_owned())
    }

    /// The manifests that a delivery controller, by name, gets its account and its rights from.
    #[must_use]
    pub fn accounts(&self, name: &str) -> PathBuf {
        self.provided.join("accounts").join(name)
    }

    /// The program of Helm.
    #[must_use]
    pub fn helm(&self) -> PathBuf {
        self.provided.join("tools/helm")
    }

    /// The program of the registry.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.provided.join("tools/registry")
    }

    /// The folder of the custom resource definitions.
    #[must_use]
    pub fn definitions(&self) -> PathBuf {
        self.provided.join("definitions")
    }

    /// An empty folder for a run, which keeps its logs until the next run of that name.
    ///
    /// # Errors
    /// When it cannot be emptied or made.
    pub fn run(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.provided.join("runs").join(name);
        let made = match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => std::fs::create_dir_all(&folder),
        };
        made.with_context(|| format!("cannot empty {}", folder.display()))?;
        Ok(folder)
    }
}
