//! The objects that are written: the canonical releases, and what is wrong with one of them.

use anyhow::Context;
use rollgate_e2e::{manifests, moved};
use serde_json::{Value, json};

const ROLLOUT: &str = "delivery/_examples/canary-rollout.yaml";
const BLUE_GREEN: &str = "delivery/_examples/bluegreen-rollout.yaml";
const TEMPLATES: &str = "delivery/_examples/analysis-template.yaml";
const FLAGGER: &str = "delivery/_examples/flagger-canary.yaml";

/// A Rollout that every rule accepts, released as a canary.
pub fn rollout(namespace: &str) -> anyhow::Result<Value> {
    first(ROLLOUT, "Rollout", namespace)
}

/// The same as blue-green.
pub fn blue_green(namespace: &str) -> anyhow::Result<Value> {
    first(BLUE_GREEN, "Rollout", namespace)
}

/// A Canary that every rule accepts.
pub fn canary(namespace: &str) -> anyhow::Result<Value> {
    first(FLAGGER, "Canary", namespace)
}

/// What the Canary releases; it says so itself.
pub fn target(namespace: &str) -> anyhow::Result<Value> {
    first(FLAGGER, "Deployment", namespace)
}

/// The templates of the Rollouts.
pub fn templates(namespace: &str) -> anyhow::Result<Vec<Value>> {
    Ok(manifests(TEMPLATES)?.into_iter().map(|object| moved(object, namespace)).collect())
}

/// The same under another name.
pub fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = json!(name);
    object
}

/// The same with one field set to another value; `path` is a JSON pointer.
pub fn with(mut object: Value, path: &str, value: Value) -> Value {
    set(&mut object, path, value);
    object
}

fn set(object: &mut Value, path: &str, value: Value) {
    let Some((parent, field)) = path.rsplit_once('/') else { return };
    let Some(parent) = object.pointer_mut(parent) else { return };
    match field.parse::<usize>() {
        Ok(index) if parent.is_array() => parent[index] = value,
        _ => parent[field.replace("~1", "/")] = value,
    }
}

/// A Rollout that nothing watches.
pub fn unwatched(mut rollout: Value) -> Value {
    if let Some(canary) = rollout.pointer_mut("/spec/strategy/canary").and_then(Value::as_object_mut) {
        canary.remove("analysis");
    }
    rollout
}

/// A template that looks at errors and no longer at latency. Nothing is wrong with it but for who relies on it.
pub fn narrowed(mut template: Value) -> Value {
    if let Some(metrics) = template["spec"]["metrics"].as_array_mut() {
        metrics.retain(|metric| !metric["name"].as_str().is_some_and(|name| name.starts_with("latency")));
    }
    template
}

/// A `ReplicaSet` as the controller makes one for a revision of a Rollout that is stored.
pub fn replica_set(stored: &Value, revision: u8) -> Value {
    let hash = format!("{revision}f9b");
    let mut labels = stored["spec"]["template"]["metadata"]["labels"].clone();
    labels["rollouts-pod-template-hash"] = json!(hash);
    let (namespace, name) = (&stored["metadata"]["namespace"], stored["metadata"]["name"].as_str());
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": format!("{}-{hash}", name.unwrap_or_default()), "namespace": namespace, "labels": labels,
            "annotations": {"rollout.argoproj.io/revision": revision.to_string()},
            "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": name,
                "uid": stored["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true}]},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels},
            "template": with(stored["spec"]["template"].clone(), "/metadata/labels", labels.clone())}})
}

/// The same with another image in its first container.
pub fn with_image(object: Value, image: &str) -> Value {
    with(object, "/spec/template/spec/containers/0/image", json!(image))
}

/// A Deployment that nothing governs.
pub fn bare_deployment(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "containers": [{"name": "app", "image": "registry.example.com/app:1.0.0"}]}}}})
}

pub fn config_map(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
        "data": {"a": "b"}})
}

pub fn pod(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1.0.0"}]}})
}

fn first(file: &str, kind: &str, namespace: &str) -> anyhow::Result<Value> {
    let found = manifests(file)?.into_iter().find(|object| object["kind"] == kind);
    Ok(moved(found.with_context(|| format!("{file} has no {kind}"))?, namespace))
}
