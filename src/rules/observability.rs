//! What confirms a release can be seen.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::{Document, Report, Rule, WARN_THEN_DENY};
use crate::case::Case;
use crate::cluster::{Kind, Unreadable};
use crate::json;
use crate::kubernetes::{Metadata, PodTemplate, or_default};
use crate::label_selector::LabelSelector;
use crate::plan::Workload;
use crate::service::Service;

pub(super) static RULE: Rule = Rule {
    name: "observability",
    requirement: "REQ-PD-VER-02",
    levels: WARN_THEN_DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "metrics are scraped, logs go to stdout, and traces are exported where they are declared",
    why: "Whoever confirms a release, or looks for the cause of a rollback, needs its metrics, logs and traces. Where \
          logs go cannot be seen in a manifest, so it is declared.",
    mend: "Annotate the pods or their Service with prometheus.io/scrape: \"true\", or apply a PodMonitor or ServiceMonitor \
           that selects them and has an endpoint; annotate the Rollout or Canary with rollgate.dev/logs: stdout; with \
           rollgate.dev/tracing, give the pods an OpenTelemetry exporter.",
};

/// Says where logs go.
const LOGS: &str = "rollgate.dev/logs";
/// Says that requests are traced: `true`, or the name of the exporter.
const TRACING: &str = "rollgate.dev/tracing";
/// Says that Prometheus takes its metrics here.
const SCRAPE: &str = "prometheus.io/scrape";
/// Environment variables that say where traces go.
const EXPORTERS: [&str; 3] =
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER"];
/// Annotations by which the OpenTelemetry operator brings an exporter into the pods.
const INJECTIONS: [&str; 2] = ["instrumentation.opentelemetry.io/inject-", "sidecar.opentelemetry.io/inject"];

/// A `PodMonitor` or a `ServiceMonitor`.
#[derive(Deserialize)]
struct Monitor {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: MonitorSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MonitorSpec {
    selector: Option<LabelSelector>,
    namespace_selector: NamespaceSelector,
    #[serde(alias = "podMetricsEndpoints", deserialize_with = "or_default")]
    endpoints: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NamespaceSelector {
    any: bool,
    #[serde(deserialize_with = "or_default")]
    match_names: Vec<String>,
}

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    if case.annotations.get(LOGS).map(String::as_str) != Some("stdout") {
        report.find(
            format!("metadata.annotations[{LOGS}]"),
            "it is not declared that logs go to stdout",
            format!("write logs to stdout, and say so: {LOGS}: stdout"),
        );
    }
    let Some(workload) = &release.plan.workload else { return };
    metrics(case, &release.plan.made_services, workload, report);
    let traced = case.annotations.get(TRACING).is_some_and(|value| !is_off(value));
    if traced && !exports_traces(&workload.template) {
        report.find(
            workload.path("spec.containers"),
            format!("{TRACING} declares traces, and the pods carry nothing that exports them"),
            "set OTEL_EXPORTER_OTLP_ENDPOINT in a container, or annotate the pods for the OpenTelemetry operator",
        );
    }
}

fn metrics(case: &Case<'_>, made_services: &[Metadata], workload: &Workload, report: &mut Report<'_>) {
    match is_scraped(case, &workload.template.metadata, made_services) {
        Ok(true) => {}
        Ok(false) => report.find(
            workload.path("metadata.annotations"),
            "no scrape of the pods' metrics is declared: no annotation, no PodMonitor and no ServiceMonitor",
            format!("annotate the pods with {SCRAPE}: \"true\", or apply a monitor that selects them"),
        ),
        Err(Unreadable(error)) => report.unasked(
            case,
            &workload.path("metadata.annotations"),
            format!("it could not be found out whether the pods' metrics are scraped: {error}"),
            "grant the policy access to Services and monitors, or set context",
        ),
    }
}

fn is_scraped(case: &Case<'_>, pods: &Metadata, made_services: &[Metadata]) -> Result<bool, Unreadable> {
    if is_annotated(pods) || made_services.iter().any(is_annotated) {
        return Ok(true);
    }
    let listed_services: Vec<Service> =
        read(&case.cluster.list_selecting(Some(case.namespace), &pods.labels)?);
    let selecting = listed_services.iter().filter(|service| service.selects(&pods.labels));
    let services: Vec<&Metadata> = selecting.map(|service| &service.metadata).chain(made_services).collect();
    if services.iter().any(|service| is_annotated(service)) {
        return Ok(true);
    }
    // Monitors often stand in a namespace of their own.
    let pod_monitors: Vec<Monitor> = listed(case, Kind::POD_MONITOR, None)?;
    if pod_monitors.iter().any(|monitor| monitor.watches(case.namespace, &pods.labels)) {
        return Ok(true);
    }
    let monitors: Vec<Monitor> = listed(case, Kind::SERVICE_MONITOR, None)?;
    Ok(services
        .iter()
        .any(|service| monitors.iter().any(|monitor| monitor.watches(case.namespace, &service.labels))))
}

fn is_annotated(metadata: &Metadata) -> bool {
    metadata.annotations.get(SCRAPE).is_some_and(|value| value == "true")
}

/// The objects of a kind, without those that make no sense.
fn listed<T: DeserializeOwned>(
    case: &Case<'_>,
    kind: Kind,
    namespace: Option<&str>,
) -> Result<Vec<T>, Unreadable> {
    Ok(read(&case.cluster.list(kind, namespace)?))
}

fn read<T: DeserializeOwned>(objects: &[Box<RawValue>]) -> Vec<T> {
    objects.iter().filter_map(|json| json::from_str(json.get()).ok()).collect()
}

impl Monitor {
    /// Whether it scrapes what carries these labels in a namespace.
    fn watches(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let NamespaceSelector { any, match_names } = &self.spec.namespace_selector;
        let here = if match_names.is_empty() {
            // A manifest without a namespace goes where the others go.
            *any || self.metadata.namespace.as_deref().is_none_or(|own| own == namespace)
        } else {
            *any || match_names.iter().any(|name| name == namespace)
        };
        here && !self.spec.endpoints.is_empty()
            && self.spec.selector.as_ref().is_some_and(|selector| selector.selects(labels))
    }
}

/// Whether a value means that something is not wanted.
fn is_off(value: &str) -> bool {
    matches!(value, "" | "false" | "none")
}

fn exports_traces(pods: &PodTemplate) -> bool {
    let injected =
        pods.metadata.annotations.iter().any(|(key, value)| {
            INJECTIONS.iter().any(|injection| key.starts_with(injection)) && !is_off(value)
        });
    injected
        || pods.spec.containers.iter().any(|container| {
            container.env.iter().any(|variable| {
                EXPORTERS.contains(&variable.name.as_str())
                    && (variable.value_from.is_some()
                        || variable.value.as_deref().is_some_and(|value| !is_off(value)))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_exported_by_the_containers_or_by_the_operator() {
        let exports = |annotations: &str, env: &str| {
            let template = format!(
                r#"{{"metadata":{{"annotations":{annotations}}},"spec":{{"containers":[{{"env":{env}}}]}}}}"#
            );
            exports_traces(&json::from_str(&template).unwrap())
        };
        assert!(exports("{}", r#"[{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","value":"http://otel:4317"}]"#));
        assert!(exports(
            "{}",
            r#"[{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}}]"#
        ));
        assert!(exports(r#"{"instrumentation.opentelemetry.io/inject-java":"true"}"#, "[]"));
        assert!(exports(r#"{"sidecar.opentelemetry.io/inject":"collector"}"#, "[]"));
        assert!(!exports(r#"{"instrumentation.opentelemetry.io/inject-java":"false"}"#, "[]"));
        assert!(!exports("{}", r#"[{"name":"OTEL_TRACES_EXPORTER","value":"none"}]"#));
        assert!(!exports("{}", r#"[{"name":"OTEL_SERVICE_NAME","value":"payments"}]"#));
    }

    #[test]
    fn a_monitor_watches_what_it_selects_where_it_looks() {
        let labels = BTreeMap::from([("app".to_owned(), "pay".to_owned())]);
        for (monitor, watches) in [
            (r#"{"selector":{},"endpoints":[{}]}"#, true),
            (r#"{"selector":{"matchLabels":{"app":"pay"}},"podMetricsEndpoints":[{}]}"#, true),
            (r#"{"selector":{"matchLabels":{"app":"other"}},"endpoints":[{}]}"#, false),
            (r#"{"selector":{},"endpoints":[]}"#, false),
            (r#"{"endpoints":[{}]}"#, false),
            (r#"{"selector":{},"endpoints":[{}],"namespaceSelector":{"matchNames":["web"]}}"#, false),
            (r#"{"selector":{},"endpoints":[{}],"namespaceSelector":{"matchNames":["shop"]}}"#, true),
            (r#"{"selector":{},"endpoints":[{}],"namespaceSelector":{"any":true}}"#, true),
        ] {
            let json = format!(r#"{{"metadata":{{"namespace":"shop"}},"spec":{monitor}}}"#);
            let read: Monitor = json::from_str(&json).unwrap();
            assert_eq!(read.watches("shop", &labels), watches, "{monitor}");
        }
    }
}
