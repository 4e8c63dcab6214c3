//! From a manifest to the reviews the API server would send.

use std::path::Path;

use anyhow::{Context, anyhow};
use rollgate::manifest::{self, Document, Source};
use serde_json::{Value, json};

/// One object on its way into the cluster.
pub struct Case {
    /// Kind, namespace and name.
    pub object: String,
    /// The review.
    pub review: Value,
    /// The rules that must reject it; none where it must be accepted.
    pub expected: Vec<String>,
}

/// Governed kinds: group, version, kind and the resource's name in requests.
const GOVERNED: [(&str, &str, &str, &str); 10] = [
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
    ("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"),
    ("argoproj.io", "v1alpha1", "ClusterAnalysisTemplate", "clusteranalysistemplates"),
    ("flagger.app", "v1beta1", "Canary", "canaries"),
    ("flagger.app", "v1beta1", "MetricTemplate", "metrictemplates"),
    ("apps", "v1", "Deployment", "deployments"),
    ("apps", "v1", "StatefulSet", "statefulsets"),
    ("apps", "v1", "DaemonSet", "daemonsets"),
    ("apps", "v1", "ReplicaSet", "replicasets"),
    ("", "v1", "ReplicationController", "replicationcontrollers"),
];

/// How a comment names the rules that must reject the object below it.
const REJECTED: &str = "# rejected: ";

/// The objects of a file.
pub fn documents(file: &Path) -> anyhow::Result<Vec<Document>> {
    let sources = [Source::Path(file.to_owned())];
    manifest::read(&sources).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("{}", errors.join("\n"))
    })
}

/// The governed objects of a file.
pub fn read(file: &Path) -> anyhow::Result<Vec<Case>> {
    let text = text(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut cases = Vec::new();
    for document in documents(file)? {
        let object: Value = serde_json::from_str(&document.json)?;
        let above = lines.get(..document.line.saturating_sub(1)).unwrap_or_default();
        if let Some(case) = case(object, expected(above)) {
            cases.push(case);
        }
    }
    Ok(cases)
}

/// The first sentence of the comment at the head of a file.
pub fn summary(file: &Path) -> anyhow::Result<String> {
    let text = text(file)?;
    let head = text.lines().filter(|line| !line.starts_with(REJECTED));
    let comment: Vec<&str> = head.map_while(|line| line.strip_prefix("# ")).collect();
    let comment = comment.join(" ");
    Ok(comment.split_once(". ").map_or(comment.clone(), |(sentence, _)| format!("{sentence}.")))
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The rules named in the comment that ends with the last line of `above`.
fn expected(above: &[&str]) -> Vec<String> {
    let comment = above.iter().rev().take_while(|line| line.starts_with('#'));
    let rules = comment.filter_map(|line| line.strip_prefix(REJECTED)).flat_map(|rules| rules.split(", "));
    rules.map(str::to_owned).collect()
}

fn case(mut object: Value, expected: Vec<String>) -> Option<Case> {
    let api_version = object["apiVersion"].as_str()?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let &(.., kind, resource) = GOVERNED
        .iter()
        .find(|governed| (governed.0, governed.1) == (group, version) && governed.2 == object["kind"])?;
    let (group, version) = (group.to_owned(), version.to_owned());
    let name = object["metadata"]["name"].as_str()?.to_owned();
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    let title = match &namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    };
    let mut request = json!({
        "uid": title,
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": resource},
        "name": name,
        "operation": "CREATE",
        "userInfo": {"username": "dev@example.com", "groups": ["system:authenticated"]},
        "object": object.take(),
        "oldObject": null,
        "dryRun": false,
    });
    if let Some(namespace) = namespace {
        request["namespace"] = namespace.into();
    }
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    Some(Case { object: title, review, expected })
}
