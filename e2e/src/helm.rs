//! Helm, and the chart.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::kubectl::Answer;
use crate::manifests::documents;
use crate::programs::repository;

/// Helm with a kubeconfig, or without a cluster.
#[derive(Clone, Debug)]
pub struct Helm {
    program: PathBuf,
    kubeconfig: Option<PathBuf>,
}

impl Helm {
    /// Helm that reaches no cluster.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program, kubeconfig: None }
    }

    /// The same for the cluster of a kubeconfig.
    #[must_use]
    pub fn of_cluster(&self, kubeconfig: PathBuf) -> Self {
        Self { program: self.program.clone(), kubeconfig: Some(kubeconfig) }
    }

    /// Runs one command, in the namespace `rollgate`.
    ///
    /// # Errors
    /// When Helm cannot be run. What it refuses is no error: it is in the answer.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        let folder = std::env::temp_dir().join("rollgate-e2e-helm");
        let mut helm = Command::new(&self.program);
        helm.args(arguments).args(["--namespace", "rollgate"]);
        // Neither the user's cluster nor their plug-ins.
        for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            helm.env(name, &folder);
        }
        helm.env_remove("KUBECONFIG");
        if let Some(kubeconfig) = &self.kubeconfig {
            helm.arg("--kubeconfig").arg(kubeconfig);
        }
        let output = helm.output().with_context(|| format!("cannot run {}", self.program.display()))?;
        Ok(output.into())
    }

    /// Runs a command that has to succeed, and returns its output.
    ///
    /// # Errors
    /// When it does not succeed; the error holds what Helm said.
    pub fn must(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.run(arguments)?.must_succeed("helm", arguments)
    }

    /// The objects that release `rollgate` of the chart becomes with `arguments`.
    ///
    /// # Errors
    /// When Helm refuses them, or writes what is no YAML.
    pub fn objects(&self, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        documents(&self.must(&[&["template", "rollgate", &chart()], arguments].concat())?)
    }
}

/// Where the chart is.
#[must_use]
pub fn chart() -> String {
    repository().join("deploy/helm/rollgate").display().to_string()
}
