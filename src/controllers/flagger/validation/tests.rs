//! Every row: a change to a Canary that is in order, where it is refused, why, and the nearest change that is not.

use serde_json::{Value, json};

use super::super::read_canary;
use crate::cluster::Objects;
use crate::controllers::table::{Row, changed, hold, merge};
use crate::plan::Mistake;

fn canary() -> Value {
    json!({
        "metadata": {"name": "c"},
        "spec": {
            "provider": "istio",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
            "service": {"port": 80},
            "analysis": {"interval": "1m", "threshold": 3, "stepWeight": 10, "maxWeight": 50},
        },
    })
}

fn refused(canary: &Value) -> Vec<Mistake> {
    read_canary(&canary.to_string(), "shop", &Objects::default()).unwrap().refused
}

fn hold_in_spec(rows: &[Row]) {
    hold(&canary(), "spec", rows, refused);
}

fn hold_in_analysis(rows: &[Row]) {
    hold(&canary(), "spec.analysis", rows, refused);
}

#[test]
fn targets() {
    let knative = |provider: Option<&str>, more: Value| {
        let mut change = json!({
            "provider": provider,
            "service": null,
            "targetRef": {"apiVersion": "serving.knative.dev/v1", "kind": "Service"},
        });
        merge(&mut change, &more);
        change
    };
    hold_in_spec(&[
        (knative(None, json!({})), ".provider", "knative alone", knative(Some("knative"), json!({}))),
        (
            json!({"provider": "knative"}),
            ".targetRef",
            "Knative Services alone",
            json!({"targetRef": {"apiVersion": "v1", "kind": "Service"}, "service": null}),
        ),
        (
            knative(Some("knative"), json!({"autoscalerRef": {"name": "a"}})),
            ".autoscalerRef",
            "scales by itself",
            json!({"autoscalerRef": {"name": "a"}}),
        ),
        (json!({"service": null}), ".service.port", "no port", json!({"service": {"port": 1}})),
    ]);
}

#[test]
fn routers() {
    let reference = json!({"name": "r"});
    hold_in_spec(&[
        (
            json!({"provider": "nginx"}),
            ".ingressRef",
            "Ingress",
            json!({"provider": "nginx", "ingressRef": reference}),
        ),
        (
            json!({"provider": "skipper", "ingressRef": {"name": ""}}),
            ".ingressRef",
            "Ingress",
            json!({"provider": "skipper", "ingressRef": reference}),
        ),
        (
            json!({"provider": "apisix"}),
            ".routeRef",
            "ApisixRoute",
            json!({"provider": "apisix", "routeRef": reference}),
        ),
        (
            json!({"provider": "gatewayapi:v1beta1", "service": {"gatewayRefs": []}}),
            ".service.gatewayRefs",
            "Gateway",
            json!({"provider": "gatewayapi:v1", "service": {"gatewayRefs": [reference]}}),
        ),
        (json!({"provider": "appmesh"}), ".service.meshName", "mesh", json!({"provider": "appmesh:v1beta2"})),
        (
            json!({"service": {"delegation": true, "hosts": ["h"]}}),
            ".service.delegation",
            "neither hosts nor gateways",
            json!({"provider": null, "service": {"delegation": true, "hosts": ["h"]}}),
        ),
        (
            json!({"service": {"delegation": true, "gateways": ["g"]}}),
            ".service.delegation",
            "neither hosts nor gateways",
            json!({"service": {"delegation": true, "gateways": []}}),
        ),
    ]);
}

#[test]
fn analyses() {
    let cookies =
        |one: &str, two: &str| json!({"sessionAffinity": {"cookieName": one, "primaryCookieName": two}});
    let webhook = |timeout: &str| json!({"webhooks": [{"name": "w", "url": "http://w", "timeout": timeout}]});
    hold_in_analysis(&[
        (json!({"interval": "1mfoo"}), ".interval", "60s", json!({"interval": "1m30s"})),
        (cookies("a", "a"), ".sessionAffinity", "the same", cookies("a", "")),
        (
            json!({"stepWeightPromotion": -1}),
            ".stepWeightPromotion",
            "never ends",
            json!({"stepWeightPromotion": 0}),
        ),
        (webhook("10sec"), ".webhooks[0].timeout", "10sec", webhook("10s")),
        (webhook("10"), ".webhooks[0].timeout", "no duration", webhook("5")),
    ]);
    hold_in_spec(&[(
        json!({"analysis": null, "canaryAnalysis": {"interval": "1m"}}),
        ".canaryAnalysis",
        "drops it",
        json!({"canaryAnalysis": {"interval": "1m"}}),
    )]);
}

#[test]
fn weights() {
    let list = |list: Value| json!({"stepWeight": null, "maxWeight": null, "stepWeights": list});
    hold_in_analysis(&[
        (json!({"maxWeight": 101}), ".maxWeight", "never reached", json!({"maxWeight": 100})),
        (list(json!([50, 50])), ".stepWeights", "do not increase", list(json!([50, 51]))),
        (list(json!([10, 50, 30])), ".stepWeights", "do not increase", list(json!([50, 60, 40]))),
        (list(json!([0, 10])), ".stepWeights", "do not increase", list(json!([100, 1]))),
        (
            json!({"mirror": true, "match": [{"headers": {}}]}),
            ".mirror",
            "never ends",
            json!({"mirror": true}),
        ),
    ]);
    let mirrored = |more: Value| {
        let mut change = json!({"analysis": {"mirror": true}});
        merge(&mut change, &more);
        change
    };
    let iterations = json!({"iterations": 5, "stepWeight": null, "maxWeight": null});
    hold_in_spec(&[
        (
            mirrored(json!({"provider": "linkerd"})),
            ".analysis.mirror",
            "never ends",
            mirrored(json!({"provider": "linkerd", "analysis": iterations})),
        ),
        (
            mirrored(json!({"service": {"appProtocol": "TCP"}})),
            ".analysis.mirror",
            "never ends",
            mirrored(json!({"provider": "kubernetes"})),
        ),
    ]);
}

#[test]
fn a_fraction_is_no_count() {
    for change in [
        json!({"analysis": {"mirrorWeight": 0.5}}),
        json!({"analysis": {"primaryReadyThreshold": 99.5}}),
        json!({"analysis": {"canaryReadyThreshold": 99.5}}),
        json!({"analysis": {"stepWeightPromotion": 1.5}}),
        json!({"analysis": {"webhooks": [{"name": "w", "url": "http://w", "retries": 1.5}]}}),
    ] {
        let canary = changed(&canary(), &change);
        let error = read_canary(&canary.to_string(), "shop", &Objects::default()).unwrap_err();
        assert!(error.path.starts_with("spec.analysis."), "{change}: {error:?}");
    }
}

#[test]
fn all_mistakes_at_once() {
    let change = json!({
        "provider": "nginx",
        "service": null,
        "analysis": {"interval": "1mfoo", "maxWeight": 150, "mirror": true},
    });
    let paths: Vec<String> =
        refused(&changed(&canary(), &change)).into_iter().map(|mistake| mistake.path).collect();
    assert_eq!(
        paths,
        [
            "spec.service.port",
            "spec.ingressRef",
            "spec.analysis.interval",
            "spec.analysis.mirror",
            "spec.analysis.maxWeight",
        ]
    );
}
