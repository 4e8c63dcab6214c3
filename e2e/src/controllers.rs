//! What a cluster shows of the delivery controllers.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::api::{Patch, path};
use crate::control_plane::ControlPlane;
use crate::kubectl::Kubectl;
use crate::manifests::manifests;
use crate::waiting::wait_until;

/// Makes the cluster show both controllers at work, without running them: the Deployments of `demo/cluster.yaml` with
/// the replicas they report.
///
/// # Errors
/// When the cluster does not take them.
pub fn install_controllers(kubectl: &Kubectl) -> anyhow::Result<()> {
    for mut deployment in manifests("demo/cluster.yaml")? {
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

/// Reports every Pod of a namespace as ready, as the machine would that it ran on; waits until every Deployment of that
/// namespace says that it is available.
///
/// # Errors
/// When one of them does not get available.
pub fn run_pods(cluster: &ControlPlane, namespace: &str) -> anyhow::Result<()> {
    let api = cluster.api();
    let ready = json!({"status": {"phase": "Running", "conditions": [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    wait_until("every Deployment is available", || {
        let pods = api.get(&format!("/api/v1/namespaces/{namespace}/pods"))?;
        for pod in pods.body["items"].as_array().into_iter().flatten() {
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"]});
            let reply = api.patch(&format!("{}/status", path(&pod)), Patch::Merge, &ready)?;
            ensure!(reply.accepted(), "{}", reply.message());
        }
        let deployments = api.get(&format!("/apis/apps/v1/namespaces/{namespace}/deployments"))?;
        let items = deployments.body["items"].as_array().context("no Deployments")?;
        // What was written there before there was a controller says nothing about these Pods.
        Ok(!pods.body["items"].as_array().is_none_or(Vec::is_empty)
            && items.iter().all(|item| item["status"]["availableReplicas"] == item["spec"]["replicas"]))
    })
}
