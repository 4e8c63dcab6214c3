//! Pods in a cluster without nodes.

use std::thread;

use serde_json::{Value, json};

use crate::api::{Api, Patch};

/// Makes every pod ready as soon as it is there, from now on until the API server stops. Without a node a pod that is
/// deleted goes at once.
///
/// # Errors
/// When the cluster does not show its pods.
pub fn make_pods_ready(api: &Api) -> anyhow::Result<()> {
    let pods = api.watch("/api/v1/pods")?;
    let api = api.clone();
    thread::spawn(move || {
        for change in pods {
            let pod = &change.object;
            if change.deleted || pod["status"]["phase"] == "Running" {
                continue;
            }
            let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default();
            let path = format!("/api/v1/namespaces/{}/pods/{}/status", text("namespace"), text("name"));
            // It may be gone again.
            let _ = api.patch(&path, Patch::Merge, &ready(text("creationTimestamp")));
        }
    });
    Ok(())
}

fn ready(since: &str) -> Value {
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": since});
    json!({"status": {
        "phase": "Running",
        "conditions": [condition("PodScheduled"), condition("ContainersReady"), condition("Ready")],
    }})
}
