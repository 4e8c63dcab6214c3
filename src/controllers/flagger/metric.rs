//! A metric of a Canary, read into the plan's terms (`pkg/controller/scheduler_metrics.go`).

use std::cell::OnceCell;

use super::spec::{Metric as Spec, MetricTemplate, MetricTemplateSpec, ThresholdRange};
use super::{Reader, provider};
use crate::cluster::Kind;
use crate::controllers::{Meant, SIGNALS_ANNOTATION, declared_signal, look_up, meant, misdeclared, queried};
use crate::duration::parse_go;
use crate::plan::{
    Evidence, Metric, MetricKind, Mistake, ResultShape, Schedule, Threshold, Unresolved, template_key,
};
use crate::query::{LatencyUnit, Measure};

/// The interval of built-in and inline metrics that name none.
const DEFAULT_INTERVAL: &str = "1m";

impl Reader<'_> {
    /// The metrics that one entry of `spec.analysis.metrics` comes to: a built-in name is measured even where a
    /// template is referred to as well.
    pub(super) fn metrics(&mut self, spec: &Spec, path: &str, schedule: &Schedule) -> Vec<Metric> {
        let mut metrics = Vec::new();
        let (interval, server) = (spec.interval.as_str(), provider::server(self.metrics_server));
        let interval = if interval.is_empty() { DEFAULT_INTERVAL } else { interval };
        let metric = |measure, object: &str, threshold| Metric {
            name: spec.name.clone(),
            path: path.to_owned(),
            object: object.to_owned(),
            kind: MetricKind::Query,
            provider: server.clone(),
            measure,
            evidence: Evidence::Query,
            window: parse_go(interval),
            shape: ResultShape::Number,
            // No data is a failed check.
            empty_unexplained: false,
            threshold,
            schedule: schedule.clone(),
            dry_run: false,
            stands_in: false,
            refused: None,
            assessment: OnceCell::new(),
        };
        match spec.name.as_str() {
            "request-success-rate" => {
                let range = spec.threshold_range.unwrap_or(ThresholdRange {
                    // The old field is a lower bound here, and 0 means that there is none.
                    min: (spec.threshold > 0.0).then_some(spec.threshold),
                    max: None,
                });
                let measured = metric(Measure::SuccessRatio { scale: 100.0 }, "", threshold(range));
                metrics.push(Metric { refused: unreadable_interval(&spec.interval), ..measured });
            }
            "request-duration" => {
                let range = upper_bound(spec);
                // Limits on durations lose what is below a millisecond.
                let whole = ThresholdRange { min: range.min.map(f64::trunc), max: range.max.map(f64::trunc) };
                let measure =
                    Measure::Latency { quantile: Some(0.99), unit: Some(LatencyUnit::Milliseconds) };
                let measured = metric(measure, "", threshold(whole));
                metrics.push(Metric { refused: unreadable_interval(&spec.interval), ..measured });
            }
            _ => {}
        }
        let range = threshold(upper_bound(spec));
        if let Some(reference) = &spec.template_ref {
            let namespace =
                if reference.namespace.is_empty() { self.namespace } else { &reference.namespace };
            let object = format!("MetricTemplate/{}", reference.name);
            self.plan.templates.push(template_key("MetricTemplate", namespace, &reference.name));
            match look_up::<MetricTemplate>(
                self.cluster,
                Kind::METRIC_TEMPLATE,
                Some(namespace),
                &reference.name,
            ) {
                Ok(template) => {
                    let provider = provider::read(&template.spec.provider);
                    let (Meant { measure, evidence }, window) = self.template_measure(&template, spec);
                    let refused = template_interval(&template, &spec.interval);
                    // Without rows InfluxDB's answer is 0.
                    let shape = match provider.name {
                        "influxdb" => ResultShape::NumberOrZero,
                        _ => ResultShape::Number,
                    };
                    metrics.push(Metric {
                        provider,
                        evidence,
                        window,
                        shape,
                        refused,
                        ..metric(measure, &object, range)
                    });
                    self.plan.misdeclared.extend(template_mistakes(&template, spec, &object, path));
                }
                Err(why) => {
                    let path = format!("{path}.templateRef");
                    metrics.push(Metric::stand_in(&object, &path, schedule.clone()));
                    self.plan.unresolved.push(Unresolved::new(path, object, why));
                }
            }
        } else if !spec.query.is_empty() {
            let refused = unreadable_interval(if uses_interval(&spec.query) { &spec.interval } else { "" });
            let queried = queried(&self.render(&spec.query, interval, spec));
            let signal = declared_signal(self.signals, &[&spec.name]);
            let Meant { measure, evidence } = meant(Some(queried.measure), signal, &spec.name);
            let window = queried.window;
            metrics.push(Metric { evidence, window, refused, ..metric(measure, "", range) });
        } else if metrics.is_empty() {
            metrics.push(Metric {
                refused: Some(
                    "its name is no built-in metric, and it has neither a query nor a templateRef, so every check fails"
                        .to_owned(),
                ),
                ..metric(Measure::Unknown, "", range)
            });
        }
        metrics
    }

    /// What a template measures, and how far it looks back. The template's own word goes before the Canary's.
    fn template_measure(&self, template: &MetricTemplate, spec: &Spec) -> (Meant, Option<f64>) {
        let queried = (template.spec.provider.kind == "prometheus")
            .then(|| queried(&self.render(&template.spec.query, &spec.interval, spec)));
        let annotation = template.metadata.annotations.get(SIGNALS_ANNOTATION);
        let signal = declared_signal(annotation, &[&spec.name, &template.metadata.name])
            .or_else(|| declared_signal(self.signals, &[&spec.name]));
        let window = queried.and_then(|queried| queried.window);
        (meant(queried.map(|queried| queried.measure), signal, &spec.name), window)
    }

    /// Fills in the placeholders of a query; what is not known here stays, and makes the query unreadable.
    fn render(&self, query: &str, interval: &str, spec: &Spec) -> String {
        let mut text = String::with_capacity(query.len());
        let mut rest = query;
        while let Some(open) = rest.find("{{") {
            let Some(length) = rest[open..].find("}}") else { break };
            let (before, placeholder) = (&rest[..open], &rest[open..open + length + 2]);
            text.push_str(before);
            let name =
                placeholder[2..placeholder.len() - 2].trim_matches(|c: char| c == '-' || c.is_whitespace());
            text.push_str(match name {
                "interval" => interval,
                "namespace" => self.namespace,
                "name" | "target" | "service" | "ingress" | "route" => self.target,
                _ => name
                    .strip_prefix("variables.")
                    .and_then(|key| spec.template_variables.get(key))
                    .map_or(placeholder, String::as_str),
            });
            rest = &rest[open + length + 2..];
        }
        text.push_str(rest);
        text
    }
}

/// Why a check with this interval always fails: the query gets the text as it is. None is no fault here.
fn unreadable_interval(interval: &str) -> Option<String> {
    (!interval.is_empty() && parse_go(interval).is_none())
        .then(|| format!("its interval {interval:?} is no duration, so every check fails"))
}

/// The same for a metric with a template, which gets no default, where the provider or the query needs an interval
/// (`pkg/metrics/providers`).
fn template_interval(template: &MetricTemplate, interval: &str) -> Option<String> {
    const PROVIDERS: [&str; 5] = ["cloudwatch", "datadog", "dynatrace", "newrelic", "splunk"];
    let MetricTemplateSpec { provider, query } = &template.spec;
    if !PROVIDERS.contains(&provider.kind.as_str()) && !uses_interval(query) {
        return None;
    }
    if interval.is_empty() {
        return Some("it has no interval, and its template needs one, so every check fails".to_owned());
    }
    unreadable_interval(interval)
}

/// Whether a query has a place for the interval.
fn uses_interval(query: &str) -> bool {
    query.replace(' ', "").contains("{{interval}}")
}

/// What is wrong with a template's word. Other Canaries may know its metric by other names.
fn template_mistakes(template: &MetricTemplate, spec: &Spec, object: &str, path: &str) -> Vec<Mistake> {
    let names = [spec.name.as_str(), template.metadata.name.as_str()];
    let annotation = template.metadata.annotations.get(SIGNALS_ANNOTATION);
    match declared_signal(annotation, &names) {
        Some(_) => Vec::new(),
        None => misdeclared(annotation, &names, object, path),
    }
}

/// The range, or the old field as an upper bound. Without either only 0 passes, which is no threshold anyone chose.
fn upper_bound(spec: &Spec) -> ThresholdRange {
    spec.threshold_range
        .unwrap_or(ThresholdRange { min: None, max: (spec.threshold > 0.0).then_some(spec.threshold) })
}

fn threshold(range: ThresholdRange) -> Threshold {
    Threshold::Range { min: range.min, max: range.max }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use crate::cluster::Objects;
    use crate::controllers::flagger::read_canary;

    /// Why a metric is refused, with a template of the provider and the query.
    fn refusal(metric: &Value, provider: &str, query: &str) -> Option<String> {
        let mut cluster = Objects::default();
        let template = json!({"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate",
            "metadata": {"name": "t", "namespace": "shop"},
            "spec": {"provider": {"type": provider}, "query": query}});
        cluster.insert(to_raw_value(&template).unwrap()).unwrap();
        let canary = json!({"spec": {"analysis": {"stepWeight": 10, "metrics": [metric]}}});
        let plan = read_canary(&canary.to_string(), "shop", &cluster).unwrap();
        plan.metrics().next().unwrap().refused.clone()
    }

    #[test]
    fn intervals_that_a_check_cannot_do_without() {
        let template =
            |interval: &str| json!({"name": "m", "interval": interval, "templateRef": {"name": "t"}});
        let built_in = |interval: &str| json!({"name": "request-duration", "interval": interval});
        let inline = |interval: &str, query: &str| json!({"name": "m", "interval": interval, "query": query});
        let (with, without) = ("sum(rate(a[{{ interval }}]))", "sum(rate(a[1m]))");
        for (metric, provider, query) in [
            (template(""), "datadog", without),
            (template("1mfoo"), "newrelic", without),
            (template(""), "prometheus", with),
            (template("1mfoo"), "graphite", "a({{interval}})"),
            (built_in("1mfoo"), "", ""),
            (inline("1mfoo", with), "", ""),
        ] {
            assert!(refusal(&metric, provider, query).is_some(), "{metric} {provider} {query}");
        }
        for (metric, provider, query) in [
            (template("1m"), "datadog", without),
            (template(""), "prometheus", without),
            (template("1mfoo"), "prometheus", without),
            (template("90s"), "prometheus", with),
            (built_in(""), "", ""),
            (inline("", with), "", ""),
            (inline("1mfoo", without), "", ""),
        ] {
            assert_eq!(refusal(&metric, provider, query), None, "{metric} {provider} {query}");
        }
    }
}
