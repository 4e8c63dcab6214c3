//! What keeps the controller from ever running a Canary that the API server has accepted: errors at every tick,
//! releases that never move, fields that cannot be read (`pkg/controller/controller.go`, `pkg/controller/scheduler.go`,
//! `pkg/router`).
//!
//! The provider may be left to the controller's own settings; then nothing that depends on it is refused.

use serde_json::Value;

use super::spec::{Analysis, CanarySpec, TargetRef};
use super::stages::Progression;
use crate::duration::parse_go;
use crate::plan::Mistake;

/// A check: whether it fails; then the field, what is wrong, how to mend it.
type Check = (bool, &'static [&'static str; 3]);

/// Everything in a Canary with which the controller gets nowhere.
pub(super) fn mistakes(spec: &CanarySpec) -> Vec<Mistake> {
    let mut found = Vec::new();
    check(&mut found, &target(spec));
    check(&mut found, &routes(spec));
    match &spec.analysis {
        Some(analysis) => {
            check(&mut found, &conduct(spec, analysis));
            if by_weights(spec, analysis) {
                check(&mut found, &[mirror(spec, analysis), progression(analysis)]);
            }
            timeouts(analysis, &mut found);
        }
        None if spec.canary_analysis.is_some() => found.push(Mistake::new(
            "spec.canaryAnalysis",
            "the API no longer knows canaryAnalysis and drops it",
            "name it analysis",
        )),
        None => {}
    }
    found
}

fn check(found: &mut Vec<Mistake>, checks: &[Check]) {
    for (_, [field, message, help]) in checks.iter().filter(|check| check.0) {
        found.push(Mistake::new(format!("spec.{field}"), *message, *help));
    }
}

/// What the target and its Services need.
fn target(spec: &CanarySpec) -> [Check; 4] {
    let TargetRef { kind, api_version, .. } = &spec.target_ref;
    let knative = kind == "Service" && api_version == "serving.knative.dev/v1";
    let by_knative = spec.provider == "knative";
    [
        (
            knative && !by_knative,
            &[
                "provider",
                "a Knative Service is released by the provider knative alone",
                "set provider to knative",
            ],
        ),
        (
            by_knative && !knative,
            &[
                "targetRef",
                "the provider knative releases Knative Services alone",
                "refer to a Service of serving.knative.dev/v1, or use another provider",
            ],
        ),
        (
            knative && spec.autoscaler_ref.is_some(),
            &[
                "autoscalerRef",
                "a Knative Service scales by itself, so the controller refuses an autoscaler beside it",
                "leave it out",
            ],
        ),
        (
            // Of a Service, whether Kubernetes' or Knative's, none is made.
            kind != "Service"
                && !spec.service["port"].as_i64().is_some_and(|port| (1..=65535).contains(&port)),
            &[
                "service.port",
                "no port is declared, so the controller cannot make its Services",
                "set the port the workload serves",
            ],
        ),
    ]
}

/// What a router needs before it makes its first route.
fn routes(spec: &CanarySpec) -> [Check; 5] {
    let (provider, service) = (spec.provider.as_str(), &spec.service);
    [
        (
            matches!(provider, "nginx" | "skipper") && spec.ingress_ref.name.is_empty(),
            &["ingressRef", "the provider routes through an Ingress, and none is named", "name the Ingress"],
        ),
        (
            provider == "apisix" && spec.route_ref.name.is_empty(),
            &[
                "routeRef",
                "the provider routes through an ApisixRoute, and none is named",
                "name the ApisixRoute",
            ],
        ),
        (
            provider.starts_with("gatewayapi:v1") && is_empty(&service["gatewayRefs"]),
            &[
                "service.gatewayRefs",
                "the provider routes through a Gateway, and none is named",
                "name the Gateway",
            ],
        ),
        (
            provider == "appmesh" && is_empty(&service["meshName"]),
            &["service.meshName", "the provider needs the name of the mesh", "set meshName"],
        ),
        (
            provider == "istio"
                && service["delegation"] == true
                && !(is_empty(&service["hosts"]) && is_empty(&service["gateways"])),
            &[
                "service.delegation",
                "a delegated VirtualService has neither hosts nor gateways",
                "leave out hosts and gateways, or delegation",
            ],
        ),
    ]
}

/// What the analysis needs, whichever way it goes.
fn conduct(spec: &CanarySpec, analysis: &Analysis) -> [Check; 3] {
    [
        (
            !analysis.interval.is_empty() && parse_go(&analysis.interval).is_none(),
            &[
                "analysis.interval",
                "the interval is no duration, and the controller takes 60s instead without a word",
                "write a duration such as 1m",
            ],
        ),
        (
            analysis
                .session_affinity
                .as_ref()
                .is_some_and(|cookies| cookies["cookieName"] == cookies["primaryCookieName"]),
            &[
                "analysis.sessionAffinity",
                "cookieName and primaryCookieName are the same",
                "give each cookie a name of its own",
            ],
        ),
        (
            analysis.step_weight_promotion < 0 && spec.provider != "kubernetes",
            &[
                "analysis.stepWeightPromotion",
                "stepWeightPromotion is below 0, so the promotion takes requests from the primary and never ends",
                "set it above 0, or leave it out",
            ],
        ),
    ]
}

/// Whether requests move by weights, rather than by iterations.
fn by_weights(spec: &CanarySpec, analysis: &Analysis) -> bool {
    analysis.iterations < 1 && spec.provider != "kubernetes"
}

/// One step of mirroring before the weights, which only Istio's HTTP routes without a match ever report as done.
fn mirror(spec: &CanarySpec, analysis: &Analysis) -> Check {
    let mirrors = matches!(spec.provider.as_str(), "" | "istio")
        && analysis.matches.is_empty()
        && !spec.service["appProtocol"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("tcp"));
    (
        analysis.mirror && !mirrors,
        &[
            "analysis.mirror",
            "the mirroring before the first weight never ends: only HTTP routes of istio without a match tell that they mirror",
            "leave mirror out, or set iterations",
        ],
    )
}

/// Weights that are never reached.
fn progression(analysis: &Analysis) -> Check {
    let stuck = Progression::of(analysis).stuck.is_some();
    if analysis.step_weight > 0 {
        (
            stuck,
            &[
                "analysis.maxWeight",
                "maxWeight is above 100 and never reached, so the release is never promoted",
                "set 100 or less",
            ],
        )
    } else {
        (
            stuck,
            &[
                "analysis.stepWeights",
                "stepWeights do not increase, so the release stays where they stop doing so",
                "let each be larger than the one before",
            ],
        )
    }
}

/// Whether a text or a list holds nothing, or is not there.
fn is_empty(value: &Value) -> bool {
    value.as_str().is_none_or(str::is_empty) && value.as_array().is_none_or(Vec::is_empty)
}

/// Webhooks that are never called.
fn timeouts(analysis: &Analysis, found: &mut Vec<Mistake>) {
    for (index, webhook) in analysis.webhooks.iter().enumerate() {
        // Of less than two characters the controller makes its default.
        if webhook.timeout.len() >= 2 && parse_go(&webhook.timeout).is_none() {
            found.push(Mistake::new(
                format!("spec.analysis.webhooks[{index}].timeout"),
                format!(
                    "the timeout {:?} is no duration, so the webhook fails without being called",
                    webhook.timeout
                ),
                "write a duration such as 30s",
            ));
        }
    }
}

#[cfg(test)]
mod tests;
