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

/// The kinds, with their groups, by which the two controllers, and Argo Rollouts' Gateway API plugin, divide traffic.
const ROUTES: [(&str, &str); 17] = [
    ("networking.istio.io", "VirtualService"),
    ("networking.istio.io", "DestinationRule"),
    ("networking.k8s.io", "Ingress"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("gateway.networking.k8s.io", "TCPRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
    ("split.smi-spec.io", "TrafficSplit"),
    ("traefik.io", "TraefikService"),
    ("traefik.containo.us", "TraefikService"),
    ("apisix.apache.org", "ApisixRoute"),
    ("projectcontour.io", "HTTPProxy"),
    ("gateway.solo.io", "RouteTable"),
    ("getambassador.io", "Mapping"),
    ("x.getambassador.io", "AmbassadorMapping"),
    ("appmesh.k8s.aws", "VirtualRouter"),
    ("kuma.io", "TrafficRoute"),
];

/// What a request is judged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The kind of the object.
    pub kind: Governed,
    /// What is done to it.
    pub act: Act,
}

/// A kind the policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governed {
    /// Argo Rollouts' Rollout.
    Rollout,
    /// Argo Rollouts' `AnalysisTemplate` or `ClusterAnalysisTemplate`.
    AnalysisTemplate,
    /// Argo Rollouts' `AnalysisRun` or Experiment: what a Rollout has under way.
    Run,
    /// Flagger's Canary.
    Canary,
    /// Flagger's `MetricTemplate`.
    MetricTemplate,
    /// A workload that Kubernetes itself would roll out.
    Workload,
    /// A Service, which may carry the traffic of one side.
    Service,
    /// What divides traffic between the sides.
    Route,
}

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is created, or its specification updated.
    Apply,
    /// Its status is updated.
    Status,
    /// It is deleted.
    Delete,
}

/// What the request is to be judged as; `None` when it is none of the policy's business.
#[must_use]
pub fn target(request: &Request<'_>, settings: &Settings) -> Option<Target> {
    let kind = match (&*request.kind.group, &*request.kind.kind) {
        ("argoproj.io", "Rollout") => Governed::Rollout,
        ("argoproj.io", "AnalysisTemplate" | "ClusterAnalysisTemplate") => Governed::AnalysisTemplate,
        ("argoproj.io", "AnalysisRun" | "Experiment") => Governed::Run,
        ("flagger.app", "Canary") => Governed::Canary,
        ("flagger.app", "MetricTemplate") => Governed::MetricTemplate,
        ("", "Service") => Governed::Service,
        ("apps" | "", kind) if settings.scope.includes_kind(kind) => Governed::Workload,
        (group, kind) if ROUTES.contains(&(group, kind)) => Governed::Route,
        _ => return None,
    };
    // What carries the traffic of a release comes into being in many ways; only what happens to it later counts.
    let created_freely = matches!(kind, Governed::Service | Governed::Route);
    let act = match (&*request.operation, request.sub_resource.as_deref().unwrap_or_default()) {
        ("CREATE", "") if !created_freely => Act::Apply,
        ("UPDATE", "") => Act::Apply,
        ("UPDATE", "status") if matches!(kind, Governed::Rollout | Governed::Canary) => Act::Status,
        ("DELETE", "") => Act::Delete,
        _ => return None,
    };
    let namespace_governed =
        request.namespace.as_deref().is_none_or(|namespace| settings.scope.includes_namespace(namespace));
    (namespace_governed && !is_controller(&request.user_info.username, settings))
        .then_some(Target { kind, act })
}

fn is_controller(user: &str, settings: &Settings) -> bool {
    let account = user.strip_prefix("system:serviceaccount:");
    user == CONTROLLER_MANAGER
        || account.is_some_and(|account| CONTROLLERS.contains(&account))
        || settings.controllers.iter().any(|controller| controller == user)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::settings::WORKLOAD_KINDS;

    /// The kinds of the controllers, and the Service.
    const OTHERS: [(&str, &str); 8] = [
        ("argoproj.io", "Rollout"),
        ("argoproj.io", "AnalysisTemplate"),
        ("argoproj.io", "ClusterAnalysisTemplate"),
        ("argoproj.io", "AnalysisRun"),
        ("argoproj.io", "Experiment"),
        ("flagger.app", "Canary"),
        ("flagger.app", "MetricTemplate"),
        ("", "Service"),
    ];

    fn resource(kind: &str) -> String {
        let singular = kind.to_lowercase();
        match (singular.strip_suffix('y'), singular.ends_with('s')) {
            (Some(stem), _) => format!("{stem}ies"),
            (None, true) => format!("{singular}es"),
            (None, false) => format!("{singular}s"),
        }
    }

    fn governed() -> BTreeSet<[String; 3]> {
        let workloads = WORKLOAD_KINDS.map(|kind| {
            let core = matches!(kind, "ReplicationController" | "Pod");
            (if core { "" } else { "apps" }, kind)
        });
        let mut governed = BTreeSet::new();
        for (group, kind) in OTHERS.into_iter().chain(ROUTES).chain(workloads) {
            for sub_resource in ["", "status", "scale"] {
                for operation in ["CREATE", "UPDATE", "DELETE", "CONNECT"] {
                    let request = json!({"uid": "", "operation": operation, "subResource": sub_resource,
                        "kind": {"group": group, "version": "v1", "kind": kind}, "userInfo": {}})
                    .to_string();
                    let request: Request<'_> = serde_json::from_str(&request).expect("a request");
                    if target(&request, &Settings::default()).is_some() {
                        let resource = [&resource(kind), sub_resource].join("/");
                        let resource = resource.trim_end_matches('/').to_owned();
                        governed.insert([group.to_owned(), resource, operation.to_owned()]);
                    }
                }
            }
        }
        governed
    }

    fn registered() -> BTreeSet<[String; 3]> {
        let metadata: Value = serde_saphyr::from_str(include_str!("../policy-metadata.yml")).expect("YAML");
        let texts = |rule: &Value, key: &str| -> Vec<String> {
            let texts = rule[key].as_array().expect("a list").iter();
            texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let mut registered = BTreeSet::new();
        for rule in metadata["rules"].as_array().expect("rules") {
            for group in texts(rule, "apiGroups") {
                for resource in texts(rule, "resources") {
                    for operation in texts(rule, "operations") {
                        registered.insert([group.clone(), resource.clone(), operation]);
                    }
                }
            }
        }
        registered
    }

    #[test]
    fn what_is_judged_is_what_the_metadata_registers() {
        let mut governed = governed();
        // Neither controller releases them, so nothing depends on one that is deleted.
        for [group, resource] in [["apps", "statefulsets"], ["", "replicationcontrollers"]] {
            let deleted = [group, resource, "DELETE"].map(str::to_owned);
            assert!(governed.remove(&deleted), "{deleted:?}");
        }
        assert_eq!(registered(), governed);
    }
}
