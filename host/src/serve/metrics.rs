//! What the server counts.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::certificate_metrics::CertificateMetrics;
use super::cluster_metrics::ClusterMetrics;
use super::decision::Decision;
use super::evaluator::Evaluator;
use super::tls::Endpoint;
use crate::cluster::LiveCluster;

/// Content type of the exposition.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics. Their labels have few values whatever clients send and policies answer.
pub(super) struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    kinds: Names,
    findings: Family<FindingLabels, Counter>,
    rules: Names,
    whole: Histogram,
    queue: Histogram,
    guest: Histogram,
    refused: Family<RefusedLabels, Counter>,
    in_progress: Gauge,
    instances_in_use: Gauge,
    connections: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReviewLabels {
    kind: String,
    operation: Operation,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FindingLabels {
    rule: String,
    level: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusedLabels {
    status: u16,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the label values")]
enum Operation {
    create,
    update,
    delete,
    connect,
    other,
}

/// The first names that are seen, up to [`MOST_NAMES`]; all others are one.
#[derive(Default)]
struct Names(RwLock<HashSet<String>>);

/// How many values a label has at most that others than rollgate name.
const MOST_NAMES: usize = 100;

impl Names {
    fn bounded(&self, name: &str) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name);
        if !known {
            let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if names.len() >= MOST_NAMES || name.len() > MOST_NAMES {
                return "other".to_owned();
            }
            names.insert(name.to_owned());
        }
        name.to_owned()
    }
}

impl Metrics {
    /// With those of the cluster that is watched, if one is.
    pub(super) fn new(live: Option<Arc<LiveCluster>>, endpoint: Arc<Endpoint>) -> Self {
        let mut registry = Registry::with_prefix("rollgate");
        if let Some(live) = live {
            registry.register_collector(Box::new(ClusterMetrics(live)));
        }
        registry.register_collector(Box::new(CertificateMetrics(endpoint)));
        let duration = || Histogram::new(exponential_buckets(0.000_05, 2.0, 17));
        let (whole, queue, guest) = (duration(), duration(), duration());
        for (name, help, histogram) in [
            ("review_duration", "Time from the whole body to the answer, waiting included", &whole),
            ("queue_duration", "Time a review waited for its turn", &queue),
            ("guest_duration", "Time a review took in the guest", &guest),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        let (in_progress, instances_in_use, open) = (Gauge::default(), Gauge::default(), Gauge::default());
        for (name, help, gauge) in [
            ("reviews_in_progress", "Reviews that wait or are being evaluated", &in_progress),
            ("instances_in_use", "Instances of the guest that are evaluating", &instances_in_use),
            ("connections", "Connections that are open", &open),
        ] {
            registry.register(name, help, Gauge::clone(gauge));
        }
        let (reviews, findings, refused) = (Family::default(), Family::default(), Family::default());
        registry.register("reviews", "Admission reviews answered", reviews.clone());
        registry.register("findings", "Reviews in which a rule denied or warned", findings.clone());
        registry.register(
            "requests_refused",
            "Requests that were no admission reviews, or too many",
            refused.clone(),
        );
        Self {
            registry,
            reviews,
            kinds: Names::default(),
            findings,
            rules: Names::default(),
            whole,
            queue,
            guest,
            refused,
            in_progress,
            instances_in_use,
            connections: open,
        }
    }

    pub(super) fn decided(&self, decision: &Decision<'_>) {
        let operation = match &*decision.request.operation {
            "CREATE" => Operation::create,
            "UPDATE" => Operation::update,
            "DELETE" => Operation::delete,
            "CONNECT" => Operation::connect,
            _ => Operation::other,
        };
        let kind = self.kinds.bounded(&decision.request.kind.kind);
        let outcome = decision.ended.name();
        self.reviews.get_or_create(&ReviewLabels { kind, operation, outcome }).inc();
        for (level, names) in [("deny", decision.denied_by()), ("warn", decision.warned_by())] {
            for name in names.into_iter().flat_map(|names| names.split(',')) {
                let rule = self.rules.bounded(name);
                self.findings.get_or_create(&FindingLabels { rule, level }).inc();
            }
        }
        self.whole.observe(decision.duration().as_secs_f64());
        self.queue.observe(decision.queued().as_secs_f64());
        self.guest.observe(decision.in_guest().as_secs_f64());
    }

    pub(super) fn refused(&self, status: u16) {
        self.refused.get_or_create(&RefusedLabels { status }).inc();
    }

    pub(super) fn exposition(&self, evaluator: &Evaluator, connections: usize) -> Result<String, fmt::Error> {
        let gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        self.in_progress.set(gauge(evaluator.in_progress()));
        self.instances_in_use.set(gauge(evaluator.in_use()));
        self.connections.set(gauge(connections));
        let mut exposition = String::new();
        text::encode(&mut exposition, &self.registry)?;
        Ok(exposition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_few_values_whatever_is_sent() {
        let names = Names::default();
        assert_eq!(names.bounded("Rollout"), "Rollout");
        assert_eq!(names.bounded(&"long".repeat(1000)), "other");
        for number in 0..MOST_NAMES - 1 {
            assert_eq!(names.bounded(&number.to_string()), number.to_string());
        }
        assert_eq!(names.bounded("one more"), "other");
        assert_eq!(names.bounded("Rollout"), "Rollout");
    }
}
