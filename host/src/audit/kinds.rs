//! The kinds that an audit goes through.

use rollgate_policy::cluster::Kind;
use rollgate_policy::settings::{Scope, WORKLOAD_KINDS};

/// What a release is made of, whatever the settings say.
const ALWAYS: [Kind; 5] = [
    Kind::ROLLOUT,
    Kind::CANARY,
    Kind::ANALYSIS_TEMPLATE,
    Kind::CLUSTER_ANALYSIS_TEMPLATE,
    Kind::METRIC_TEMPLATE,
];

/// The kinds whose objects are judged, in this order.
pub(super) fn judged(scope: &Scope) -> Vec<Kind> {
    let workloads = WORKLOAD_KINDS.into_iter().filter(|kind| scope.includes_kind(kind));
    ALWAYS.into_iter().chain(workloads.map(workload)).collect()
}

fn workload(kind: &'static str) -> Kind {
    let api_version = if matches!(kind, "Pod" | "ReplicationController") { "v1" } else { "apps/v1" };
    Kind { api_version, kind }
}
