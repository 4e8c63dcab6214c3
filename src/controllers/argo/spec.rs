//! The fields of Argo Rollouts' objects that decide what becomes of a release (`v1alpha1/types.go`,
//! `v1alpha1/analysis_types.go`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::kubernetes::{Entries, IntOrString, Metadata, PodTemplate, or_default};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rollout {
    pub metadata: Metadata,
    pub spec: RolloutSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RolloutSpec {
    pub replicas: Option<i64>,
    pub template: Option<PodTemplate>,
    pub workload_ref: Option<WorkloadRef>,
    pub strategy: RolloutStrategy,
    pub progress_deadline_abort: bool,
    pub selector: Option<Selector>,
    pub min_ready_seconds: i64,
    pub progress_deadline_seconds: Option<i64>,
    pub revision_history_limit: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Selector {
    #[serde(deserialize_with = "or_default")]
    pub match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: Vec<IgnoredAny>,
}

impl Selector {
    /// Whether it asks for nothing, and so selects every pod.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WorkloadRef {
    pub kind: String,
    pub name: String,
    pub scale_down: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RolloutStrategy {
    pub canary: Option<Canary>,
    pub blue_green: Option<BlueGreen>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "the controller's names")]
pub(super) struct Canary {
    #[serde(deserialize_with = "or_default")]
    pub steps: Vec<Step>,
    pub analysis: Option<AnalysisReference>,
    pub traffic_routing: Option<TrafficRouting>,
    pub max_surge: Option<IntOrString>,
    pub max_unavailable: Option<IntOrString>,
    pub stable_service: String,
    pub canary_service: String,
    /// A value as it is, like others below: a reader for each would cost more than it is worth.
    pub ping_pong: Option<Value>,
    pub anti_affinity: Option<Value>,
    pub scale_down_delay_seconds: Option<i64>,
    pub scale_down_delay_revision_limit: Option<i64>,
    pub abort_scale_down_delay_seconds: Option<i64>,
    pub dynamic_stable_scale: bool,
    pub replica_progress_threshold: Option<ReplicaProgressThreshold>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReplicaProgressThreshold {
    #[serde(rename = "type")]
    pub kind: String,
    pub value: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TrafficRouting {
    pub alb: Option<Value>,
    pub ambassador: Option<Value>,
    pub apisix: Option<Value>,
    pub app_mesh: Option<Value>,
    pub istio: Option<Value>,
    pub nginx: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    pub plugins: Entries,
    pub smi: Option<Value>,
    pub traefik: Option<Value>,
    pub max_traffic_weight: Option<f64>,
    pub managed_routes: Value,
}

impl TrafficRouting {
    /// Whether any router is named; without one no traffic is ever moved.
    pub fn has_provider(&self) -> bool {
        self.routers().next().is_some() || self.plugins.0 > 0
    }

    /// The routers that are named, each with its field; plugins are no business but their own.
    pub fn routers(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        [
            ("alb", &self.alb),
            ("ambassador", &self.ambassador),
            ("apisix", &self.apisix),
            ("appMesh", &self.app_mesh),
            ("istio", &self.istio),
            ("nginx", &self.nginx),
            ("smi", &self.smi),
            ("traefik", &self.traefik),
        ]
        .into_iter()
        .filter_map(|(field, router)| router.as_ref().map(|router| (field, router)))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Step {
    pub set_weight: Option<i64>,
    pub pause: Option<Pause>,
    pub set_canary_scale: Option<CanaryScale>,
    pub analysis: Option<AnalysisReference>,
    pub experiment: Option<Experiment>,
    pub set_header_route: Option<HeaderRoute>,
    pub set_mirror_route: Option<MirrorRoute>,
    pub plugin: Option<IgnoredAny>,
}

impl Step {
    /// How many things it does. A route is set beside another thing, unless that is a plugin, which the step would
    /// not wait for.
    pub fn kinds(&self) -> usize {
        let awaited = [
            self.set_weight.is_some(),
            self.pause.is_some(),
            self.set_canary_scale.is_some(),
            self.analysis.is_some(),
            self.experiment.is_some(),
        ];
        let awaited = awaited.into_iter().filter(|done| *done).count();
        let routes = self.set_header_route.is_some() || self.set_mirror_route.is_some();
        awaited + usize::from(self.plugin.is_some()) + usize::from(routes && awaited == 0)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MirrorRoute {
    pub percentage: Option<i64>,
    #[serde(rename = "match", deserialize_with = "or_default")]
    pub matches: Vec<RouteMatch>,
    pub name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pause {
    pub duration: Option<IntOrString>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CanaryScale {
    pub weight: Option<i64>,
    pub replicas: Option<i64>,
    pub match_traffic_weight: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HeaderRoute {
    #[serde(rename = "match", deserialize_with = "or_default")]
    pub matches: Vec<RouteMatch>,
    pub name: String,
}

/// What a header route or a mirror route picks requests by.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RouteMatch {
    pub header_value: Option<StringMatch>,
    pub method: Option<StringMatch>,
    pub path: Option<StringMatch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct StringMatch {
    pub exact: String,
    pub regex: String,
    pub prefix: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Experiment {
    pub duration: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub templates: Vec<ExperimentTemplate>,
    #[serde(deserialize_with = "or_default")]
    pub analyses: Vec<ExperimentAnalysis>,
    #[serde(deserialize_with = "or_default")]
    pub dry_run: Vec<DryRun>,
    pub analysis_run_metadata: RunMetadata,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExperimentTemplate {
    pub spec_ref: String,
    pub weight: Option<i64>,
    pub replicas: Option<i64>,
    pub name: String,
    pub selector: Option<Selector>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExperimentAnalysis {
    pub template_name: String,
    pub cluster_scope: bool,
    #[serde(deserialize_with = "or_default")]
    pub args: Vec<Argument>,
    pub required_for_completion: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct BlueGreen {
    pub active_service: String,
    pub preview_service: String,
    pub auto_promotion_enabled: Option<bool>,
    pub auto_promotion_seconds: f64,
    pub pre_promotion_analysis: Option<AnalysisReference>,
    pub post_promotion_analysis: Option<AnalysisReference>,
    pub scale_down_delay_seconds: Option<i64>,
    pub scale_down_delay_revision_limit: Option<i64>,
    pub anti_affinity: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunMetadata {
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AnalysisReference {
    #[serde(deserialize_with = "or_default")]
    pub templates: Vec<TemplateReference>,
    #[serde(deserialize_with = "or_default")]
    pub args: Vec<Argument>,
    #[serde(deserialize_with = "or_default")]
    pub dry_run: Vec<DryRun>,
    pub starting_step: Option<i64>,
    pub analysis_run_metadata: RunMetadata,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TemplateReference {
    pub template_name: String,
    pub cluster_scope: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DryRun {
    pub metric_name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Argument {
    pub name: String,
    pub value: Option<String>,
    pub value_from: Option<ArgumentSource>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ArgumentSource {
    pub field_ref: Option<FieldReference>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FieldReference {
    pub field_path: String,
}

/// An `AnalysisTemplate` or a `ClusterAnalysisTemplate`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnalysisTemplate {
    pub metadata: Metadata,
    pub spec: AnalysisTemplateSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AnalysisTemplateSpec {
    /// As text: arguments are substituted in it before it is read, as the controller does.
    #[serde(deserialize_with = "or_default")]
    pub metrics: Vec<Box<RawValue>>,
    #[serde(deserialize_with = "or_default")]
    pub args: Vec<Argument>,
    #[serde(deserialize_with = "or_default")]
    pub dry_run: Vec<DryRun>,
    #[serde(deserialize_with = "or_default")]
    pub templates: Vec<TemplateReference>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metric {
    pub name: String,
    pub interval: String,
    pub initial_delay: String,
    pub count: Option<IntOrString>,
    pub success_condition: String,
    pub failure_condition: String,
    pub failure_limit: Option<IntOrString>,
    pub inconclusive_limit: Option<IntOrString>,
    pub consecutive_error_limit: Option<IntOrString>,
    pub consecutive_success_limit: Option<IntOrString>,
    pub provider: Provider,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Provider {
    pub prometheus: Option<Prometheus>,
    pub kayenta: Option<Endpoint>,
    pub web: Option<Endpoint>,
    pub datadog: Option<Datadog>,
    pub wavefront: Option<Endpoint>,
    pub new_relic: Option<IgnoredAny>,
    pub job: Option<IgnoredAny>,
    pub cloud_watch: Option<IgnoredAny>,
    pub graphite: Option<Endpoint>,
    pub influxdb: Option<IgnoredAny>,
    pub skywalking: Option<Endpoint>,
    #[serde(deserialize_with = "or_default")]
    pub plugin: Entries,
}

impl Provider {
    /// How many providers are named; the controller wants exactly one.
    pub fn count(&self) -> usize {
        [
            self.prometheus.is_some(),
            self.kayenta.is_some(),
            self.web.is_some(),
            self.datadog.is_some(),
            self.wavefront.is_some(),
            self.new_relic.is_some(),
            self.job.is_some(),
            self.cloud_watch.is_some(),
            self.graphite.is_some(),
            self.influxdb.is_some(),
            self.skywalking.is_some(),
        ]
        .into_iter()
        .filter(|named| *named)
        .count()
            + self.plugin.0
    }
}

/// What is asked over the network: a provider's `address`, a web metric's `url`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Endpoint {
    pub address: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Datadog {
    #[serde(deserialize_with = "or_default")]
    pub secret_ref: SecretReference,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SecretReference {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub namespaced: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Prometheus {
    pub address: Option<String>,
    pub query: String,
    pub range_query: Option<IgnoredAny>,
}

/// The text in a field of what is kept as it is; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
