//! What the server counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::cluster_metrics::ClusterMetrics;
use crate::cluster::LiveCluster;
use crate::runtime::CallError;

/// Content type of the exposition.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics. Their labels have few values whatever clients send.
pub(super) struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    duration: Histogram,
    refused: Family<RefusedLabels, Counter>,
    in_progress: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReviewLabels {
    operation: Operation,
    outcome: Outcome,
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

/// How a review ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the label values")]
pub(super) enum Outcome {
    accepted,
    rejected,
    deadline,
    memory_limit,
    guest_error,
    host_error,
}

impl From<&CallError> for Outcome {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Deadline { .. } => Self::deadline,
            CallError::MemoryLimit { .. } => Self::memory_limit,
            CallError::Busy(_) => Self::host_error,
            _ => Self::guest_error,
        }
    }
}

impl Metrics {
    /// With those of the cluster that is watched, if one is.
    pub(super) fn new(live: Option<Arc<LiveCluster>>) -> Self {
        let mut registry = Registry::with_prefix("rollgate");
        if let Some(live) = live {
            registry.register_collector(Box::new(ClusterMetrics(live)));
        }
        let reviews = Family::default();
        registry.register("reviews", "Admission reviews answered", reviews.clone());
        let duration = Histogram::new(exponential_buckets(0.000_05, 2.0, 17));
        registry.register_with_unit(
            "review_duration",
            "Time from the whole body to the answer, waiting included",
            Unit::Seconds,
            duration.clone(),
        );
        let refused = Family::default();
        registry.register(
            "requests_refused",
            "Requests that were no admission reviews, or too many",
            refused.clone(),
        );
        let in_progress = Gauge::default();
        registry.register(
            "reviews_in_progress",
            "Reviews that wait or are being evaluated",
            in_progress.clone(),
        );
        Self { registry, reviews, duration, refused, in_progress }
    }

    pub(super) fn reviewed(&self, operation: &str, outcome: Outcome, duration: Duration) {
        let operation = match operation {
            "CREATE" => Operation::create,
            "UPDATE" => Operation::update,
            "DELETE" => Operation::delete,
            "CONNECT" => Operation::connect,
            _ => Operation::other,
        };
        self.reviews.get_or_create(&ReviewLabels { operation, outcome }).inc();
        self.duration.observe(duration.as_secs_f64());
    }

    pub(super) fn refused(&self, status: u16) {
        self.refused.get_or_create(&RefusedLabels { status }).inc();
    }

    pub(super) fn exposition(&self, in_progress: usize) -> Result<String, fmt::Error> {
        self.in_progress.set(i64::try_from(in_progress).unwrap_or(i64::MAX));
        let mut exposition = String::new();
        text::encode(&mut exposition, &self.registry)?;
        Ok(exposition)
    }
}
