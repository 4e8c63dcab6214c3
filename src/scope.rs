//! What is governed, and what is none of the policy's business.

use crate::admission::Request;
use crate::settings::Settings;

/// Service accounts that act as a controller, as `namespace:name`: both projects' defaults and those of
/// Kubernetes' own controllers that write workloads. Dashboards are people.
const CONTROLLERS: [&str; 19] = [
    "argo-rollouts:argo-rollouts",
    "flagger-system:flagger",
    "istio-system:flagger",
    "appmesh-system:flagger",
    "projectcontour:flagger",
    "kong-mesh-system:flagger",
    "linkerd:flagger",
    "kube-system:deployment-controller",
    "kube-system:replicaset-controller",
    "kube-system:replication-controller",
    "kube-system:statefulset-controller",
    "kube-system:daemon-set-controller",
    "kube-system:job-controller",
    "kube-system:cronjob-controller",
    "kube-system:disruption-controller",
    "kube-system:horizontal-pod-autoscaler",
    "kube-system:generic-garbage-collector",
    "kube-system:namespace-controller",
    "kube-system:endpointslice-controller",
];

/// The controller manager, where it uses no service accounts.
const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";

/// A kind the policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governed {
    /// Argo Rollouts' Rollout.
    Rollout,
    /// Argo Rollouts' `AnalysisTemplate` or `ClusterAnalysisTemplate`.
    AnalysisTemplate,
    /// Flagger's Canary.
    Canary,
    /// Flagger's `MetricTemplate`.
    MetricTemplate,
    /// A workload that Kubernetes itself would roll out.
    Workload,
}

/// What the request is to be judged as; `None` when it is none of the policy's business.
#[must_use]
pub fn governed(request: &Request<'_>, settings: &Settings) -> Option<Governed> {
    if !matches!(&*request.operation, "CREATE" | "UPDATE")
        || request.sub_resource.as_deref().is_some_and(|s| !s.is_empty())
    {
        return None;
    }
    let kind = match (&*request.kind.group, &*request.kind.kind) {
        ("argoproj.io", "Rollout") => Governed::Rollout,
        ("argoproj.io", "AnalysisTemplate" | "ClusterAnalysisTemplate") => Governed::AnalysisTemplate,
        ("flagger.app", "Canary") => Governed::Canary,
        ("flagger.app", "MetricTemplate") => Governed::MetricTemplate,
        ("apps" | "", kind) if settings.scope.includes_kind(kind) => Governed::Workload,
        _ => return None,
    };
    let namespace_governed =
        request.namespace.as_deref().is_none_or(|namespace| settings.scope.includes_namespace(namespace));
    (namespace_governed && !is_controller(&request.user_info.username, settings)).then_some(kind)
}

fn is_controller(user: &str, settings: &Settings) -> bool {
    let account = user.strip_prefix("system:serviceaccount:");
    user == CONTROLLER_MANAGER
        || account.is_some_and(|account| CONTROLLERS.contains(&account))
        || settings.controllers.iter().any(|controller| controller == user)
}
