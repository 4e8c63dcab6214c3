//! What a cluster shows of the delivery controllers.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::programs::repository;

/// Makes the cluster show both controllers at work, without running them: the Deployments of `demo/cluster.yaml` with
/// the replicas they report.
///
/// # Errors
/// When the cluster does not take them.
pub fn install_controllers(kubectl: &Kubectl) -> anyhow::Result<()> {
    let path: PathBuf = repository().join("demo/cluster.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    for document in text.split("\n---\n") {
        let mut deployment: Value =
            serde_saphyr::from_str(document).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let (name, namespace) =
            (deployment["metadata"]["name"].clone(), deployment["metadata"]["namespace"].clone());
        let text = |value: &Value| value.as_str().map(str::to_owned).context("demo/cluster.yaml: no name");
        let (name, namespace) = (text(&name)?, text(&namespace)?);
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))?;
        // An API server wants to know of which Pods.
        deployment["spec"]["selector"] = json!({"matchLabels": {"app": name}});
        deployment["spec"]["template"] = json!({"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": name, "image": name}]}});
        kubectl.apply(&deployment)?;
        let status = json!({"status": deployment["status"]}).to_string();
        kubectl.must(
            &[
                "patch",
                "deployment",
                &name,
                "-n",
                &namespace,
                "--subresource=status",
                "--type=merge",
                "-p",
                &status,
            ],
            "",
        )?;
    }
    Ok(())
}
