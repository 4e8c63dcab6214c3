//! The fields of Argo Rollouts' objects that decide what becomes of a release (`v1alpha1/types.go`,
//! `v1alpha1/analysis_types.go`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::controllers::Named;
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
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(super) struct Canary {
    #[serde(deserialize_with = "or_default")]
    pub steps: Vec<Step>,
    pub analysis: Option<AnalysisReference>,
    pub traffic_routing: Option<TrafficRouting>,
    pub max_surge: Option<IntOrString>,
    pub stable_service: String,
    pub canary_service: String,
    pub ping_pong: Option<PingPong>,
}

/// Two Services that take turns at being the stable one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PingPong {
    pub ping_service: String,
    pub pong_service: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TrafficRouting {
    pub alb: Option<Router>,
    pub ambassador: Option<Router>,
    pub apisix: Option<Router>,
    pub app_mesh: Option<Router>,
    pub istio: Option<Router>,
    pub nginx: Option<Router>,
    #[serde(deserialize_with = "or_default")]
    pub plugins: Entries,
    pub smi: Option<Router>,
    pub traefik: Option<Router>,
    pub max_traffic_weight: Option<f64>,
}

impl TrafficRouting {
    /// Whether any router is named; without one no traffic is ever moved.
    pub fn has_provider(&self) -> bool {
        self.routers().next().is_some() || self.plugins.0 > 0
    }

    /// The routers that are named, each with its field; plugins are no business but their own.
    pub fn routers(&self) -> impl Iterator<Item = (&'static str, &Router)> {
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

/// What a router is told, whichever it is: each has some of the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Router {
    pub ingress: String,
    #[serde(deserialize_with = "or_default")]
    pub ingresses: Vec<String>,
    pub stable_ingress: String,
    #[serde(deserialize_with = "or_default")]
    pub stable_ingresses: Vec<String>,
    pub virtual_service: Option<Named>,
    #[serde(deserialize_with = "or_default")]
    pub virtual_services: Vec<Named>,
    pub destination_rule: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    pub mappings: Vec<String>,
    pub weighted_traefik_service_name: String,
    pub route: Option<Named>,
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
    /// How many things it does.
    pub fn kinds(&self) -> usize {
        [
            self.set_weight.is_some(),
            self.pause.is_some(),
            self.set_canary_scale.is_some(),
            self.analysis.is_some(),
            self.experiment.is_some(),
            self.set_header_route.is_some(),
            self.set_mirror_route.is_some(),
            self.plugin.is_some(),
        ]
        .into_iter()
        .filter(|done| *done)
        .count()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MirrorRoute {
    pub percentage: Option<i64>,
    #[serde(rename = "match", deserialize_with = "or_default")]
    pub matches: Vec<IgnoredAny>,
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
    pub matches: Vec<HeaderMatch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HeaderMatch {
    pub header_value: Option<StringMatch>,
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
    pub kayenta: Option<IgnoredAny>,
    pub web: Option<IgnoredAny>,
    pub datadog: Option<IgnoredAny>,
    pub wavefront: Option<IgnoredAny>,
    pub new_relic: Option<IgnoredAny>,
    pub job: Option<IgnoredAny>,
    pub cloud_watch: Option<IgnoredAny>,
    pub graphite: Option<IgnoredAny>,
    pub influxdb: Option<IgnoredAny>,
    pub skywalking: Option<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    pub plugin: Entries,
}

impl Provider {
    /// How many providers are named; the controller wants exactly one.
    pub fn count(&self) -> usize {
        usize::from(self.prometheus.is_some())
            + [
                &self.kayenta,
                &self.web,
                &self.datadog,
                &self.wavefront,
                &self.new_relic,
                &self.job,
                &self.cloud_watch,
                &self.graphite,
                &self.influxdb,
                &self.skywalking,
            ]
            .iter()
            .filter(|provider| provider.is_some())
            .count()
            + self.plugin.0
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Prometheus {
    pub query: String,
    pub range_query: Option<IgnoredAny>,
}
