//! What a cluster shows of the delivery controllers.

use anyhow::Context;
use serde_json::{Value, json};

use crate::api::Api;
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

/// Waits until every Deployment of a namespace has its Pods, and they are available.
///
/// # Errors
/// When one of them does not get available.
pub fn wait_for_deployments(api: &Api, namespace: &str) -> anyhow::Result<()> {
    wait_until("every Deployment is available", || {
        let list = |path: &str| Ok::<_, anyhow::Error>(api.get(path)?.body["items"].take());
        let pods = list(&format!("/api/v1/namespaces/{namespace}/pods"))?;
        let deployments = list(&format!("/apis/apps/v1/namespaces/{namespace}/deployments"))?;
        let available = |item: &Value| item["status"]["availableReplicas"] == item["spec"]["replicas"];
        // What was written there before there was a controller says nothing about these Pods.
        Ok(pods.as_array().is_some_and(|pods| !pods.is_empty())
            && deployments.as_array().is_some_and(|items| items.iter().all(available)))
    })
}
