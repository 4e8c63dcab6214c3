//! Helm, and the chart.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, anyhow, bail};
use serde_json::Value;

use crate::kubectl::Answer;
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
        Ok(Answer {
            succeeded: output.status.success(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command that has to succeed, and returns its output.
    ///
    /// # Errors
    /// When it does not succeed; the error holds what Helm said.
    pub fn must(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let answer = self.run(arguments)?;
        if !answer.succeeded {
            bail!("helm {}: {}{}", arguments.join(" "), answer.output, answer.errors);
        }
        Ok(answer.output)
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

/// The documents of a manifest, without the empty ones.
///
/// # Errors
/// When one of them is no YAML.
pub fn documents(manifest: &str) -> anyhow::Result<Vec<Value>> {
    let documents = manifest.split("---\n").map(|document| {
        let read: Option<Value> =
            serde_saphyr::from_str(document).map_err(|error| anyhow!("{error}: {document}"))?;
        Ok(read.filter(|value| !value.is_null()))
    });
    documents.filter_map(Result::transpose).collect()
}
