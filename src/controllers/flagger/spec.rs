//! The fields of Flagger's objects that decide what becomes of a release (`v1beta1/canary.go`, `v1beta1/metric.go`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::kubernetes::{Metadata, or_default};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Canary {
    pub metadata: Metadata,
    pub spec: CanarySpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CanarySpec {
    pub provider: String,
    #[serde(deserialize_with = "or_default")]
    pub metrics_server: String,
    pub target_ref: TargetRef,
    pub analysis: Option<Analysis>,
    pub skip_analysis: bool,
    pub suspend: bool,
    /// A value as it is, like others below: a reader for each would cost more than it is worth.
    pub service: Value,
    pub autoscaler_ref: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    pub ingress_ref: TargetRef,
    #[serde(deserialize_with = "or_default")]
    pub route_ref: TargetRef,
    pub canary_analysis: Option<IgnoredAny>,
}

impl CanarySpec {
    /// The router, without the version of its API; empty for the controller's own.
    pub fn router(&self) -> &str {
        self.provider.split(':').next().unwrap_or_default()
    }
}

/// A reference to an object of the same namespace, above all to the workload a Canary releases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TargetRef {
    /// Deployment, `DaemonSet` or Service.
    pub kind: String,
    /// Its name, in the Canary's namespace.
    pub name: String,
    /// What tells a Knative Service from one of Kubernetes.
    pub api_version: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Analysis {
    pub interval: String,
    pub threshold: i64,
    pub iterations: i64,
    pub mirror: bool,
    pub max_weight: i64,
    pub step_weight: i64,
    #[serde(deserialize_with = "or_default")]
    pub step_weights: Vec<i64>,
    #[serde(rename = "match", deserialize_with = "or_default")]
    pub matches: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    pub metrics: Vec<Metric>,
    #[serde(deserialize_with = "or_default")]
    pub webhooks: Vec<Webhook>,
    pub step_weight_promotion: i64,
    pub session_affinity: Option<Value>,
    /// Read, like the two after it, so that a fraction is refused: the schema accepts it, the controller does not.
    pub mirror_weight: i64,
    pub primary_ready_threshold: Option<i64>,
    pub canary_ready_threshold: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub alerts: Vec<Alert>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Alert {
    pub severity: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metric {
    pub name: String,
    pub interval: String,
    pub threshold: f64,
    pub threshold_range: Option<ThresholdRange>,
    pub query: String,
    pub template_ref: Option<TemplateRef>,
    #[serde(deserialize_with = "or_default")]
    pub template_variables: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct ThresholdRange {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TemplateRef {
    pub name: String,
    pub namespace: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Webhook {
    pub name: String,
    pub url: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
    pub timeout: String,
    /// Read so that a fraction is refused.
    pub retries: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetricTemplate {
    pub metadata: Metadata,
    pub spec: MetricTemplateSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetricTemplateSpec {
    pub provider: MetricProvider,
    pub query: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MetricProvider {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub address: String,
    #[serde(deserialize_with = "or_default")]
    pub region: String,
    pub secret_ref: Option<IgnoredAny>,
}
