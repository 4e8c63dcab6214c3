//! Every row: a change to a Rollout that is in order, where it is refused, why, and the nearest change that is not.

use serde_json::{Value, json};

use super::super::read_rollout;
use crate::cluster::Objects;
use crate::controllers::table::{Row, changed, hold, merge};
use crate::plan::Mistake;

fn canary() -> Value {
    json!({
        "metadata": {"name": "r"},
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": {"app": "r"}},
            "template": {
                "metadata": {"labels": {"app": "r"}},
                "spec": {"containers": [{"name": "r", "image": "r:1"}]},
            },
            "strategy": {"canary": {
                "stableService": "s",
                "canaryService": "c",
                "trafficRouting": {"istio": {"virtualService": {"name": "v"}}, "managedRoutes": [{"name": "m"}]},
                "steps": [{"setWeight": 10}],
            }},
        },
    })
}

fn blue_green() -> Value {
    let mut rollout = canary();
    rollout["spec"]["strategy"] = json!({"blueGreen": {"activeService": "a", "previewService": "b"}});
    rollout
}

fn refused(rollout: &Value) -> Vec<Mistake> {
    read_rollout(&rollout.to_string(), "shop", &Objects::default()).unwrap().refused
}

fn hold_in_canary(rows: &[Row]) {
    hold(&canary(), "spec.strategy.canary", rows, refused);
}

#[test]
fn numbers() {
    hold(
        &canary(),
        "spec",
        &[
            (json!({"replicas": -1}), ".replicas", "below 0", json!({"replicas": 0})),
            (json!({"minReadySeconds": -1}), ".minReadySeconds", "below 0", json!({"minReadySeconds": 0})),
            (
                json!({"revisionHistoryLimit": -1}),
                ".revisionHistoryLimit",
                "below 0",
                json!({"revisionHistoryLimit": 0}),
            ),
            (
                json!({"progressDeadlineSeconds": -1}),
                ".progressDeadlineSeconds",
                "below 0",
                json!({"progressDeadlineSeconds": 1}),
            ),
            (
                json!({"minReadySeconds": 600}),
                ".progressDeadlineSeconds",
                "(600) is not above",
                json!({"minReadySeconds": 599}),
            ),
            (
                json!({"progressDeadlineSeconds": 0}),
                ".progressDeadlineSeconds",
                "(0) is not above",
                json!({"progressDeadlineSeconds": 601, "minReadySeconds": 600}),
            ),
        ],
        refused,
    );
}

#[test]
fn pods() {
    let reference = json!({"kind": "Deployment", "name": "d"});
    let containers = |containers: Value| json!({"template": {"spec": {"containers": containers}}});
    hold(
        &canary(),
        "spec",
        &[
            (
                json!({"selector": null}),
                ".selector",
                "no selector",
                json!({"selector": null, "template": null, "workloadRef": reference}),
            ),
            (
                json!({"selector": {"matchLabels": null}}),
                ".selector",
                "empty",
                json!({"selector": {"matchLabels": null, "matchExpressions": [{"key": "app", "operator": "Exists"}]}}),
            ),
            (
                json!({"workloadRef": reference}),
                ".template",
                "both",
                json!({"workloadRef": reference, "template": {"metadata": {"labels": null}}}),
            ),
            (
                json!({"template": null}),
                ".template",
                "neither",
                json!({"template": null, "workloadRef": reference}),
            ),
            (
                json!({"template": {"metadata": {"labels": {"app": "other"}}}}),
                ".template.metadata.labels",
                "app: r",
                json!({"template": {"metadata": {"labels": {"tier": "other"}}}}),
            ),
            (
                containers(json!([])),
                ".template.spec.containers",
                "no container",
                containers(json!([{"name": "0", "image": "r"}])),
            ),
            (
                containers(json!([{"name": "My_App", "image": "r"}])),
                ".template.spec.containers[0].name",
                "no DNS label",
                containers(json!([{"name": "my-app", "image": "r"}])),
            ),
            (
                containers(json!([{"name": "a", "image": "r"}, {"name": "a", "image": "r"}])),
                ".template.spec.containers[1].name",
                "two containers",
                containers(json!([{"name": "a", "image": "r"}, {"name": "b", "image": "r"}])),
            ),
            (
                containers(json!([{"name": "a"}])),
                ".template.spec.containers[0]",
                "no image",
                containers(json!([{"name": "a", "image": " "}])),
            ),
            (
                json!({"template": {"spec": {"restartPolicy": "OnFailure"}}}),
                ".template.spec.restartPolicy",
                "OnFailure",
                json!({"template": {"spec": {"restartPolicy": "Always"}}}),
            ),
        ],
        refused,
    );
}

#[test]
fn canaries() {
    let none = json!({"trafficRouting": null});
    let with = |base: &Value, more: Value| {
        let mut both = base.clone();
        merge(&mut both, &more);
        both
    };
    let weight = |weight: i64| json!({"antiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": {"weight": weight}}});
    hold_in_canary(&[
        (json!({"maxSurge": "0%", "maxUnavailable": 0}), ".maxSurge", "both 0", json!({"maxSurge": 0})),
        (
            json!({"maxSurge": "none", "maxUnavailable": "0"}),
            ".maxSurge",
            "both 0",
            json!({"maxSurge": "1%", "maxUnavailable": "0"}),
        ),
        (json!({"canaryService": "s"}), ".stableService", "same Service", json!({"canaryService": "t"})),
        (
            with(&none, json!({"scaleDownDelaySeconds": 30})),
            ".scaleDownDelaySeconds",
            "needs trafficRouting",
            json!({"scaleDownDelaySeconds": 30}),
        ),
        (
            with(&none, json!({"dynamicStableScale": true})),
            ".dynamicStableScale",
            "needs trafficRouting",
            json!({"dynamicStableScale": true}),
        ),
        (
            json!({"dynamicStableScale": true, "scaleDownDelaySeconds": 0}),
            ".dynamicStableScale",
            "exclude each other",
            json!({"dynamicStableScale": false, "scaleDownDelaySeconds": 0}),
        ),
        (json!({"antiAffinity": {}}), ".antiAffinity", "exactly one", weight(1)),
        (
            with(&weight(1), json!({"antiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}})),
            ".antiAffinity",
            "exactly one",
            json!({"antiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}),
        ),
        (weight(101), ".antiAffinity", "between 1 and 100", weight(100)),
    ]);
}

#[test]
fn routers() {
    let router = |routing: Value| {
        let mut routing = routing;
        routing["istio"] = Value::Null;
        json!({"trafficRouting": routing})
    };
    let turns = |routing: Value| {
        let mut change = router(routing);
        merge(
            &mut change,
            &json!({"pingPong": {"pingService": "a", "pongService": "b"}, "stableService": null}),
        );
        change
    };
    let ping_pong = |ping: &str, pong: &str| json!({"pingPong": {"pingService": ping, "pongService": pong}});
    hold_in_canary(&[
        (
            json!({"stableService": null}),
            ".stableService",
            "needs both",
            json!({"stableService": null, "trafficRouting": {"istio": {"destinationRule": {"name": "d"}}}}),
        ),
        (
            json!({"canaryService": null}),
            ".canaryService",
            "needs both",
            json!({"canaryService": null, "trafficRouting": null}),
        ),
        (ping_pong("", "b"), ".pingPong.pingService", "not named", ping_pong("a", "b")),
        (ping_pong("a", ""), ".pingPong.pongService", "not named", ping_pong("a", "b")),
        (ping_pong("a", "a"), ".pingPong.pongService", "same Service", ping_pong("a", "b")),
        (
            turns(json!({"alb": {"ingress": "i"}})),
            ".trafficRouting.alb",
            "rootService",
            turns(json!({"alb": {"ingress": "i", "rootService": "r"}})),
        ),
        (
            {
                let mut change = turns(json!({"nginx": {"stableIngress": "i"}}));
                change["stableService"] = json!("s");
                change
            },
            ".pingPong",
            "alb, istio and plugins",
            turns(json!({"plugins": {"p": {}}})),
        ),
        (
            json!({"trafficRouting": {"maxTrafficWeight": 1000}}),
            ".trafficRouting.maxTrafficWeight",
            "nginx and plugins",
            router(json!({"maxTrafficWeight": 1000, "nginx": {"stableIngress": "i"}})),
        ),
        (
            router(json!({"nginx": {}})),
            ".trafficRouting.nginx",
            "exactly one of stableIngress",
            router(json!({"nginx": {"stableIngresses": []}})),
        ),
        (
            router(json!({"nginx": {"stableIngress": "i", "stableIngresses": ["j"]}})),
            ".trafficRouting.nginx",
            "exactly one of stableIngress",
            router(json!({"nginx": {"stableIngress": "i"}})),
        ),
        (
            router(json!({"alb": {"ingress": "i", "ingresses": ["j"]}})),
            ".trafficRouting.alb",
            "exactly one of ingress",
            router(json!({"alb": {"ingresses": ["j"]}})),
        ),
        (
            json!({"trafficRouting": {"istio": {"virtualServices": [{"name": "w"}]}}}),
            ".trafficRouting.istio",
            "exactly one of virtualService",
            json!({"trafficRouting": {"istio": {"virtualServices": [{"name": "w"}], "virtualService": null}}}),
        ),
        (
            router(json!({"ambassador": {"mappings": []}})),
            ".trafficRouting.ambassador",
            "no mapping",
            router(json!({"ambassador": {"mappings": ["m"]}})),
        ),
        (
            router(json!({"appMesh": {}})),
            ".trafficRouting.appMesh",
            "no virtualService",
            router(json!({"appMesh": {"virtualService": {"name": "v"}}})),
        ),
    ]);
}

#[test]
fn steps() {
    let step = |step: Value| json!({"steps": [{"setWeight": 10}, step]});
    let unrouted = |step: Value| json!({"steps": [step], "trafficRouting": null});
    let routed = |router: &str, step: Value| {
        let mut change = json!({"steps": [{"setWeight": 10}, step], "trafficRouting": {"istio": null}});
        change["trafficRouting"][router] = json!({"ingress": "i", "stableIngress": "i"});
        change
    };
    hold_in_canary(&[
        (
            step(json!({"setWeight": 101})),
            ".steps[1].setWeight",
            "0 and 100",
            step(json!({"setWeight": 100})),
        ),
        (step(json!({"setWeight": -1})), ".steps[1].setWeight", "0 and 100", step(json!({"setWeight": 0}))),
        (routed("plugins", json!({"setWeight": 101})), ".steps[1].setWeight", "0 and 100", {
            let mut change = routed("plugins", json!({"setWeight": 101}));
            change["trafficRouting"]["maxTrafficWeight"] = json!(101);
            change
        }),
        (
            step(json!({"pause": {"duration": "1d"}})),
            ".steps[1].pause.duration",
            "no duration",
            step(json!({"pause": {"duration": "24h"}})),
        ),
        (
            step(json!({"pause": {"duration": "-1"}})),
            ".steps[1].pause.duration",
            "below 0",
            step(json!({"pause": {"duration": "-0.5s"}})),
        ),
        (
            step(json!({"pause": {"duration": "4294967296"}})),
            ".steps[1].pause.duration",
            "no duration",
            step(json!({"pause": {"duration": 0}})),
        ),
        (
            step(json!({"analysis": {"templates": []}})),
            ".steps[1].analysis.templates",
            "never ends",
            step(json!({"analysis": {"templates": [{"templateName": "t"}]}})),
        ),
        (
            unrouted(json!({"setCanaryScale": {"replicas": 1}})),
            ".steps[0].setCanaryScale",
            "needs trafficRouting",
            step(json!({"setCanaryScale": {"replicas": 1}})),
        ),
    ]);
}

#[test]
fn routes_of_steps() {
    let step = |step: Value| json!({"steps": [{"setWeight": 10}, step]});
    let unrouted = |step: Value| json!({"steps": [step], "trafficRouting": null});
    let routed = |router: &str, step: Value| {
        let mut change = json!({"steps": [{"setWeight": 10}, step], "trafficRouting": {"istio": null}});
        change["trafficRouting"][router] = json!({"ingress": "i", "stableIngress": "i"});
        change
    };
    let header = |value: Value| json!({"setHeaderRoute": {"name": "m", "match": [{"headerName": "h", "headerValue": value}]}});
    let mirror = |one: Value| json!({"setMirrorRoute": {"name": "m", "match": [one]}});
    hold_in_canary(&[
        (
            unrouted(header(json!({"exact": "a"}))),
            ".steps[0].setHeaderRoute",
            "istio, alb, apisix",
            step(header(json!({"exact": "a"}))),
        ),
        (
            routed("nginx", header(json!({"exact": "a"}))),
            ".steps[1].setHeaderRoute",
            "istio, alb, apisix",
            routed("apisix", header(json!({"exact": "a"}))),
        ),
        (
            step(header(json!({"exact": "a", "prefix": "b"}))),
            ".steps[1].setHeaderRoute.match[0]",
            "exactly one",
            step(header(json!({"prefix": "b"}))),
        ),
        (
            step(json!({"setHeaderRoute": {"name": "m", "match": [{"headerName": "h"}]}})),
            ".steps[1].setHeaderRoute.match[0]",
            "exactly one",
            step(json!({"setHeaderRoute": {"name": "m"}})),
        ),
        (
            routed("alb", header(json!({"prefix": "b"}))),
            ".steps[1].setHeaderRoute.match[0]",
            "in full",
            routed("alb", header(json!({"exact": "b"}))),
        ),
        // A route takes no time; what comes after it in a step is not waited for.
        (
            step(json!({"setHeaderRoute": {"name": "m"}, "plugin": {"name": "p"}})),
            ".steps[1]",
            "several things",
            step(
                json!({"setHeaderRoute": {"name": "m"}, "setMirrorRoute": {"name": "m"}, "setCanaryScale": {"replicas": 1}}),
            ),
        ),
        (
            step(
                json!({"setHeaderRoute": {"name": "m"}, "setCanaryScale": {"replicas": 1}, "setWeight": 20}),
            ),
            ".steps[1]",
            "several things",
            step(json!({"setHeaderRoute": {"name": "m"}, "setWeight": 20})),
        ),
        (
            step(json!({"setHeaderRoute": {"name": "n"}})),
            ".steps[1].setHeaderRoute",
            "managedRoutes",
            step(json!({"setHeaderRoute": {"name": "m"}})),
        ),
        (
            routed("apisix", mirror(json!({"path": {"prefix": "/"}}))),
            ".steps[1].setMirrorRoute",
            "istio and plugins",
            routed("plugins", mirror(json!({"path": {"prefix": "/"}}))),
        ),
        (
            step(mirror(json!({"method": {}}))),
            ".steps[1].setMirrorRoute.match[0].method",
            "exactly one",
            step(mirror(json!({"headers": {"a": {}}}))),
        ),
        (
            step(json!({"setMirrorRoute": {"name": "n"}})),
            ".steps[1].setMirrorRoute",
            "managedRoutes",
            step(json!({"setMirrorRoute": {"name": "m"}})),
        ),
    ]);
}

#[test]
fn experiments_and_arguments() {
    let templates = |templates: Value| {
        let experiment = json!({"duration": "1m", "templates": templates});
        json!({"steps": [{"experiment": experiment}]})
    };
    let field = |path: &str| {
        let args = json!([{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": path}}}]);
        json!({"analysis": {"templates": [{"templateName": "t"}], "args": args}})
    };
    let in_step = |analysis: Value| json!({"steps": [analysis]});
    let mut unrouted = templates(json!([{"name": "a", "specRef": "canary", "weight": 1}]));
    unrouted["trafficRouting"] = Value::Null;
    hold_in_canary(&[
        (
            unrouted,
            ".steps[0].experiment.templates[0].weight",
            "alb, smi, istio",
            templates(json!([{"name": "a", "specRef": "canary", "weight": 1}])),
        ),
        (
            templates(json!([{"specRef": "canary"}])),
            ".steps[0].experiment.templates[0].name",
            "no name",
            templates(json!([{"name": "a", "specRef": "stable"}])),
        ),
        (
            templates(json!([{"name": "a", "specRef": "canary"}, {"name": "a", "specRef": "stable"}])),
            ".steps[0].experiment.templates[1].name",
            "same name",
            templates(json!([{"name": "a", "specRef": "canary"}, {"name": "b", "specRef": "canary"}])),
        ),
        (
            templates(json!([{"name": "a", "specRef": "preview"}])),
            ".steps[0].experiment.templates[0].specRef",
            "neither canary nor stable",
            templates(json!([{"name": "a", "specRef": "stable"}])),
        ),
        (
            templates(json!([{"name": "a", "specRef": "stable", "selector": {}}])),
            ".steps[0].experiment.templates[0].selector",
            "every pod",
            templates(json!([{"name": "a", "specRef": "stable", "selector": {"matchLabels": {"a": "b"}}}])),
        ),
        (
            field("metadata.generation"),
            ".analysis.args[0].valueFrom.fieldRef.fieldPath",
            "metadata.generation",
            field("metadata.uid"),
        ),
        (
            in_step(field("metadata.name['a']")),
            ".steps[0].analysis.args[0].valueFrom.fieldRef.fieldPath",
            "cannot be an argument",
            in_step(field("metadata.labels['app.kubernetes.io/name']")),
        ),
        (
            in_step(field("metadata.labels.app")),
            ".steps[0].analysis.args[0].valueFrom.fieldRef.fieldPath",
            "cannot be an argument",
            in_step(field("spec.replicas")),
        ),
    ]);
}

#[test]
fn blue_greens() {
    let field = |path: &str| {
        let args = json!([{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": path}}}]);
        json!({"prePromotionAnalysis": {"templates": [{"templateName": "t"}], "args": args}})
    };
    hold(
        &blue_green(),
        "spec.strategy.blueGreen",
        &[
            (
                json!({"scaleDownDelayRevisionLimit": 11}),
                ".scaleDownDelayRevisionLimit",
                "revisionHistoryLimit is 10",
                json!({"scaleDownDelayRevisionLimit": 10}),
            ),
            (
                json!({"antiAffinity": {}}),
                ".antiAffinity",
                "exactly one",
                json!({"antiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}),
            ),
            (json!({"previewService": "a"}), "", "same Service", json!({"previewService": "c"})),
            (
                field("metadata.foo"),
                ".prePromotionAnalysis.args[0].valueFrom.fieldRef.fieldPath",
                "metadata.foo",
                field("metadata.namespace"),
            ),
        ],
        refused,
    );
}

#[test]
fn all_mistakes_at_once() {
    let change = json!({
        "replicas": -1,
        "selector": null,
        "strategy": {"canary": {"canaryService": "s", "steps": [{"setWeight": 200}, {}]}},
    });
    let rollout = changed(&canary(), &change);
    let mut paths: Vec<String> = refused(&rollout).into_iter().map(|mistake| mistake.path).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "spec.replicas",
            "spec.selector",
            "spec.strategy.canary.stableService",
            "spec.strategy.canary.steps[0].setWeight",
            "spec.strategy.canary.steps[1]",
        ]
    );
}
