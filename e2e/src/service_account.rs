//! The service account that rollgate reads the cluster with.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::programs::repository;

/// Where it is written what rollgate may read.
const PERMISSIONS: &str = "docs/cluster.md";

/// Makes the service account, which may read what the documentation says and no more; returns a kubeconfig of it.
///
/// # Errors
/// When the cluster does not take it, or the documentation names no permissions.
pub fn kubeconfig(cluster: &ControlPlane) -> anyhow::Result<PathBuf> {
    let kubectl = cluster.kubectl();
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rollgate"}}))?;
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "rollgate", "namespace": "rollgate"}}))?;
    kubectl.apply(&permissions()?)?;
    kubectl.apply(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "rollgate"},
        "subjects": [{"kind": "ServiceAccount", "name": "rollgate", "namespace": "rollgate"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rollgate"}}))?;
    cluster.kubeconfig_of_account("rollgate", "rollgate")
}

fn permissions() -> anyhow::Result<Value> {
    let page = std::fs::read_to_string(repository().join(PERMISSIONS)).context(PERMISSIONS)?;
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let role = blocks.into_iter().find(|block| block.contains("kind: ClusterRole\n"));
    let role = role.with_context(|| format!("{PERMISSIONS} has no ClusterRole"))?;
    serde_saphyr::from_str(role).map_err(|error| anyhow!("{PERMISSIONS}: {error}"))
}
