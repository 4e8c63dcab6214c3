//! The requests of the acceptance suite, made of the manifests in this repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use crate::manifest::{Source, read};

const FOLDER: &str = "e2e/requests";

const PERSON: &str = "dev@example.com";
const ARGO_ROLLOUTS: &str = "system:serviceaccount:argo-rollouts:argo-rollouts";

const CANARY_ROLLOUT: &str = "delivery/_examples/canary-rollout.yaml";
const BLUE_GREEN_ROLLOUT: &str = "delivery/_examples/bluegreen-rollout.yaml";
const FLAGGER_CANARY: &str = "delivery/_examples/flagger-canary.yaml";
const TEMPLATES: &str = "delivery/_examples/analysis-template.yaml";

/// What somebody does to an object.
enum Act {
    Create,
    /// A merge patch.
    Update(Value),
    /// A merge patch of the status.
    Status(Value),
    Delete,
}

/// A request: its name, who sends it, the file and the object as `Kind name`, and what is done to it.
struct Sent(&'static str, &'static str, &'static str, &'static str, Act);

fn requests() -> Vec<Sent> {
    let image = "registry.example.com/shop/payments:2.15.0@sha256:\
                 9c2f1e7a4be0356814d2f7c3a86e5b90d17f3c42ae6985b01c7d24e8f9a3b651";
    let other_image =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "payments", "image": image}]}}}});
    let promoted = json!({"status": {"promoteFull": true}});
    let scaled = json!({"spec": {"replicas": 9}});
    vec![
        Sent("canary-rollout", PERSON, CANARY_ROLLOUT, "Rollout payments", Act::Create),
        Sent("blue-green-rollout", PERSON, BLUE_GREEN_ROLLOUT, "Rollout payments-ledger", Act::Create),
        Sent("flagger-canary", PERSON, FLAGGER_CANARY, "Canary payments-api", Act::Create),
        Sent("analysis-template", PERSON, TEMPLATES, "AnalysisTemplate request-signals", Act::Create),
        Sent("metric-template", PERSON, FLAGGER_CANARY, "MetricTemplate error-rate", Act::Create),
        Sent("config-map", PERSON, CANARY_ROLLOUT, "ConfigMap payments-config-5h8bf2ck9t", Act::Create),
        Sent("first-weight-100", PERSON, "gallery/first-weight-100.yaml", "Rollout payments", Act::Create),
        Sent("no-analysis", PERSON, "gallery/no-analysis.yaml", "Rollout payments", Act::Create),
        Sent("success-rate-only", PERSON, "gallery/success-rate-only.yaml", "Rollout payments", Act::Create),
        Sent("manual-blue-green", PERSON, "gallery/manual-blue-green.yaml", "Rollout payments", Act::Create),
        Sent(
            "unlimited-failures",
            PERSON,
            "gallery/unlimited-failures.yaml",
            "Rollout payments",
            Act::Create,
        ),
        Sent(
            "flagger-skip-analysis",
            PERSON,
            "gallery/flagger-skip-analysis.yaml",
            "Canary payments",
            Act::Create,
        ),
        Sent("bare-deployment", PERSON, "gallery/bare-deployment.yaml", "Deployment payments", Act::Create),
        Sent("rollout-scaled", PERSON, CANARY_ROLLOUT, "Rollout payments", Act::Update(scaled.clone())),
        Sent(
            "deployment-scaled",
            PERSON,
            "gallery/bare-deployment.yaml",
            "Deployment payments",
            Act::Update(scaled),
        ),
        Sent(
            "deployment-new-image",
            PERSON,
            "gallery/bare-deployment.yaml",
            "Deployment payments",
            Act::Update(other_image),
        ),
        Sent(
            "status-by-the-controller",
            ARGO_ROLLOUTS,
            CANARY_ROLLOUT,
            "Rollout payments",
            Act::Status(promoted.clone()),
        ),
        Sent("status-by-a-person", PERSON, CANARY_ROLLOUT, "Rollout payments", Act::Status(promoted)),
        Sent("template-deleted", PERSON, TEMPLATES, "AnalysisTemplate request-signals", Act::Delete),
        Sent("rollout-deleted", PERSON, CANARY_ROLLOUT, "Rollout payments", Act::Delete),
    ]
}

/// The requests by their files in the repository at `root`.
pub(super) fn files(root: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let written = requests().into_iter().map(|sent| {
        let review = sent.review(root).with_context(|| sent.0.to_owned())?;
        Ok((Path::new(FOLDER).join(format!("{}.json", sent.0)), format!("{review:#}\n")))
    });
    written.collect()
}

impl Sent {
    fn review(&self, root: &Path) -> anyhow::Result<Value> {
        let Self(name, user, file, described, act) = self;
        let manifest = object(&root.join(file), described)?;
        let api_version = manifest["apiVersion"].as_str().unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = json!({"group": group, "version": version, "kind": manifest["kind"]});
        let resource = json!({"group": group, "version": version, "resource": plural(&manifest)});
        let mut request = json!({
            "uid": name,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": manifest["metadata"]["name"],
            "namespace": manifest["metadata"]["namespace"],
            "operation": act.operation(),
            "userInfo": {"username": user, "groups": ["system:authenticated"]},
            "dryRun": false,
        });
        match act {
            Act::Create => request["object"] = manifest,
            Act::Delete => request["oldObject"] = manifest,
            Act::Update(patch) | Act::Status(patch) => {
                let mut object = manifest.clone();
                json_patch::merge(&mut object, patch);
                request["object"] = object;
                request["oldObject"] = manifest;
            }
        }
        if let Act::Status(_) = act {
            request["subResource"] = json!("status");
            request["requestSubResource"] = json!("status");
        }
        Ok(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}))
    }
}

impl Act {
    fn operation(&self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update(_) | Self::Status(_) => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

fn object(file: &Path, described: &str) -> anyhow::Result<Value> {
    let documents = read(&[Source::Path(file.to_owned())]).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    for document in documents {
        let object: Value = serde_json::from_str(&document.json)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"])) == described {
            return Ok(object);
        }
    }
    anyhow::bail!("there is no {described}")
}

/// The resource of an object, as the names of these kinds are formed.
fn plural(object: &Value) -> String {
    let singular = object["kind"].as_str().unwrap_or_default().to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{singular}s"),
    }
}
