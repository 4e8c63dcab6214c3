//! The canary strategy and its routers.

use serde_json::Value;

use super::{CANARY, Mistakes};
use crate::controllers::argo::spec::{Canary, TrafficRouting, text};
use crate::kubernetes::IntOrString;

const BOTH: &str = "the router needs both stableService and canaryService";

impl Mistakes {
    pub(super) fn canary(&mut self, spec: &Canary) {
        let routed = spec.traffic_routing.is_some();
        let delayed = spec.scale_down_delay_seconds.is_some();
        let dynamic = spec.dynamic_stable_scale;
        let same_service = !spec.stable_service.is_empty() && spec.stable_service == spec.canary_service;
        let no_surge = is_zero(spec.max_surge.as_ref()) && is_zero(spec.max_unavailable.as_ref());
        let checks = [
            (
                no_surge,
                &[
                    "maxSurge",
                    "maxSurge and maxUnavailable are both 0, so no pod can ever be replaced",
                    "raise one",
                ],
            ),
            (
                same_service,
                &[
                    "stableService",
                    "stableService and canaryService are the same Service",
                    "name two Services",
                ],
            ),
            (
                delayed && !routed,
                &[
                    "scaleDownDelaySeconds",
                    "scaleDownDelaySeconds needs trafficRouting",
                    "leave it out, or declare trafficRouting",
                ],
            ),
            (
                dynamic && !routed,
                &[
                    "dynamicStableScale",
                    "dynamicStableScale needs trafficRouting",
                    "leave it out, or declare trafficRouting",
                ],
            ),
            (
                dynamic && delayed && routed,
                &[
                    "dynamicStableScale",
                    "dynamicStableScale and scaleDownDelaySeconds exclude each other",
                    "keep one",
                ],
            ),
        ];
        self.check(&CANARY, &checks);
        if let Some(services) = &spec.ping_pong {
            let (first, second) = (text(services, "pingService"), text(services, "pongService"));
            let checks = [
                (first.is_empty(), &["pingService", "pingService is not named", "name both Services"]),
                (second.is_empty(), &["pongService", "pongService is not named", "name both Services"]),
                (
                    !first.is_empty() && first == second,
                    &["pongService", "pingService and pongService are the same Service", "name two Services"],
                ),
            ];
            self.check(&format_args!("{CANARY}.pingPong"), &checks);
        }
    }

    pub(super) fn routing(&mut self, spec: &Canary, routing: &TrafficRouting) {
        let turns = spec.ping_pong.is_some();
        let (alb, istio, nginx) = (routing.alb.as_ref(), routing.istio.as_ref(), routing.nginx.as_ref());
        let plugin = routing.plugins.0 > 0;
        let services = routing.smi.is_some()
            || routing.apisix.is_some()
            || routing.traefik.is_some()
            || routing.ambassador.is_some()
            || routing.app_mesh.is_some()
            || nginx.is_some()
            || (alb.is_some() && !turns)
            || (istio.is_some_and(|istio| !has(istio, "destinationRule")) && !turns);
        let checks = [
            (services && spec.stable_service.is_empty(), &["stableService", BOTH, "name the stable Service"]),
            (services && spec.canary_service.is_empty(), &["canaryService", BOTH, "name the canary Service"]),
            (
                turns && alb.is_none() && istio.is_none() && !plugin,
                &[
                    "pingPong",
                    "pingPong works with the routers alb, istio and plugins alone",
                    "use stableService and canaryService",
                ],
            ),
            (
                turns && alb.is_some_and(|alb| text(alb, "rootService").is_empty()),
                &[
                    "trafficRouting.alb",
                    "pingPong needs a rootService with the router alb",
                    "name the rootService",
                ],
            ),
            (
                routing.max_traffic_weight.is_some() && nginx.is_none() && !plugin,
                &[
                    "trafficRouting.maxTrafficWeight",
                    "maxTrafficWeight works with the routers nginx and plugins alone",
                    "leave it out, and write weights in percent",
                ],
            ),
            (
                alb.is_some_and(|alb| has(alb, "ingresses") != text(alb, "ingress").is_empty()),
                &[
                    "trafficRouting.alb",
                    "exactly one of ingress and ingresses has to be named",
                    "name one of them",
                ],
            ),
            (
                nginx.is_some_and(|nginx| {
                    has(nginx, "stableIngresses") != text(nginx, "stableIngress").is_empty()
                }),
                &[
                    "trafficRouting.nginx",
                    "exactly one of stableIngress and stableIngresses has to be named",
                    "name one of them",
                ],
            ),
            (
                istio.is_some_and(|istio| has(istio, "virtualServices") == has(istio, "virtualService")),
                &[
                    "trafficRouting.istio",
                    "exactly one of virtualService and virtualServices has to be named",
                    "name one of them",
                ],
            ),
            (
                routing
                    .ambassador
                    .as_ref()
                    .is_some_and(|ambassador| ambassador["mappings"].as_array().is_none_or(Vec::is_empty)),
                &["trafficRouting.ambassador", "no mapping is named", "set mappings"],
            ),
            (
                routing.app_mesh.as_ref().is_some_and(|mesh| !has(mesh, "virtualService")),
                &["trafficRouting.appMesh", "no virtualService is named", "set virtualService"],
            ),
        ];
        self.check(&CANARY, &checks);
    }
}

/// Whether a number of pods is 0 as the controller reads it: a percentage, a number, a number as text, and 0 for
/// any other text. Left out it is 25%.
fn is_zero(pods: Option<&IntOrString>) -> bool {
    match pods {
        None => false,
        Some(IntOrString::Int(pods)) => *pods == 0,
        Some(IntOrString::String(text)) => {
            let percent = text.strip_suffix('%').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            percent.unwrap_or(text).parse().unwrap_or(0) == 0
        }
    }
}

fn has(value: &Value, field: &str) -> bool {
    !value[field].is_null()
}
