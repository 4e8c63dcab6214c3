//! The kinds that are reviewed, each by one object of the repository's examples.

use rollgate::manifest::{Source, read};
use serde_json::Value;

use super::root;

/// A kind, and the object that stands for it.
pub struct Subject {
    /// What it is called on the page.
    pub name: &'static str,
    file: &'static str,
    kind: &'static str,
    object: &'static str,
    /// What the whole rulebook says to it.
    pub accepted: bool,
}

/// Every kind.
pub const SUBJECTS: [Subject; 7] = [
    accepted("Rollout, canary", "canary-rollout.yaml", "Rollout", "payments"),
    accepted("Rollout, blue-green", "bluegreen-rollout.yaml", "Rollout", "payments-ledger"),
    accepted("Canary", "flagger-canary.yaml", "Canary", "payments-api"),
    accepted("AnalysisTemplate", "analysis-template.yaml", "AnalysisTemplate", "request-signals"),
    accepted("MetricTemplate", "flagger-canary.yaml", "MetricTemplate", "error-rate"),
    accepted("Deployment of a Canary", "flagger-canary.yaml", "Deployment", "payments-api"),
    Subject {
        name: "Deployment of nobody",
        file: "gallery/bare-deployment.yaml",
        kind: "Deployment",
        object: "payments",
        accepted: false,
    },
];

const fn accepted(
    name: &'static str,
    file: &'static str,
    kind: &'static str,
    object: &'static str,
) -> Subject {
    Subject { name, file, kind, object, accepted: true }
}

impl Subject {
    /// The object as it is in its manifest.
    pub fn object(&self) -> Value {
        let folder = if self.accepted { "delivery/_examples" } else { "" };
        let documents = read(&[Source::Path(root().join(folder).join(self.file))]).expect("the manifest");
        let values = documents.iter().map(|document| serde_json::from_str(&document.json).expect("JSON"));
        let is_it = |value: &Value| value["kind"] == self.kind && value["metadata"]["name"] == self.object;
        values.into_iter().find(is_it).expect("the object")
    }
}

/// What no rule of the standard profile needs.
const SPARE: [&str; 14] = [
    "/metadata/annotations",
    "/metadata/labels",
    "/spec/alerts",
    "/spec/metrics/3",
    "/spec/metrics/2",
    "/spec/metrics/1",
    "/spec/minReadySeconds",
    "/spec/revisionHistoryLimit",
    "/spec/strategy/canary/abortScaleDownDelaySeconds",
    "/spec/strategy/blueGreen/abortScaleDownDelaySeconds",
    "/spec/template/spec/containers/0/envFrom",
    "/spec/template/spec/containers/0/livenessProbe",
    "/spec/template/spec/containers/0/resources",
    "/spec/webhooks/2",
];

/// `object` without what it can do without.
pub(super) fn trimmed(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in SPARE {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match object.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(key)),
            Some(Value::Array(items)) => {
                let at: usize = key.parse().expect("an index");
                if at < items.len() {
                    items.remove(at);
                }
            }
            _ => {}
        }
    }
    if object["kind"] == "AnalysisTemplate" {
        // Under another name, to which nothing refers: the releases that are judged by it need all of its metrics.
        object["metadata"]["name"] = "error-rate".into();
    }
    object
}
