//! Plans of Argo Rollouts.

use rollgate_policy::plan::Signal;
use rollgate_policy::plan::Signal::{Availability, ErrorRate, Latency};
use serde_json::{Value, json};

use crate::plan::Bad::{Alone, Everything, Nothing};
use crate::plan::{Place, Plan, Weight};
use crate::workload::{NAME, metadata, query, service, template, virtual_service, with};

pub const PLANS: &[Plan] = &[
    Plan::new(
        "argo-analysis-steps",
        "setWeight 20 and 60, an analysis at each, one failure borne",
        |place| {
            let measured = json!({"interval": "5s", "count": 3, "failureLimit": 1});
            let steps =
                json!([set_weight(20), analysis("signals"), set_weight(60), pause(5), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &measured)])
        },
        &[Nothing, Everything, Alone(Latency)],
    ),
    Plan::new(
        "argo-background",
        "4 pods, 25, 50 and 75 for 15 s each, an analysis beside them, one failure borne",
        |place| {
            let measured = json!({"interval": "5s", "failureLimit": 1});
            let canary = json!({"analysis": templates("signals"),
                "steps": [set_weight(25), pause(15), set_weight(50), pause(15), set_weight(75), pause(15)]});
            by_pods(place, 4, &canary, vec![signals(place, &measured)])
        },
        &[Nothing, Everything, Alone(Availability)],
    )
    .weighed_by(Weight::Pods),
    Plan::new(
        "argo-starting-step",
        "an analysis beside the steps from the third on, after an initial delay of 5 s",
        |place| {
            let measured = json!({"initialDelay": "5s", "interval": "5s", "failureLimit": 1});
            let beside = with(templates("signals"), &json!({"startingStep": 2}));
            let canary = json!({"analysis": beside,
                "steps": [set_weight(20), pause(10), set_weight(50), pause(20)]});
            routed(place, &canary, vec![signals(place, &measured)])
        },
        &[Nothing, Everything],
    ),
    Plan::new(
        "argo-initial-delay",
        "an analysis at 30 that starts to measure after 5 s",
        |place| {
            let measured = json!({"initialDelay": "5s", "interval": "5s", "count": 4, "failureLimit": 2});
            let steps = json!([set_weight(30), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &measured)])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-limit-as-high-as-count",
        "an analysis of 3 measurements that bears 3 failures",
        |place| {
            let measured = json!({"interval": "5s", "count": 3, "failureLimit": 3});
            let steps = json!([set_weight(20), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &measured)])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-outrun",
        "an analysis beside the steps that would fail after 30 s, and steps of 20 s",
        |place| {
            let measured = json!({"interval": "10s", "failureLimit": 3});
            let canary = json!({"analysis": templates("signals"), "steps": [set_weight(50), pause(20)]});
            routed(place, &canary, vec![signals(place, &measured)])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-errors",
        "a condition that is an error for a bad result, one error borne",
        |place| {
            let errors = json!({"interval": "5s", "count": 3, "consecutiveErrorLimit": 1,
                "successCondition": "result[0] <= 0.05 || result[7] > 0"});
            let steps = json!([set_weight(20), analysis("signals")]);
            let template = analysis_template(place, "signals", &[metric(place, ErrorRate, &errors)]);
            routed(place, &json!({"steps": steps}), vec![template])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-inconclusive",
        "an analysis at 40 with a gap between success and failure; a fifth of the requests fails",
        |place| {
            let gap = json!({"interval": "5s", "count": 3,
                "successCondition": "len(result) > 0 && result[0] < 0.01", "failureCondition": "len(result) == 0 || result[0] > 0.5"});
            let steps = json!([set_weight(40), analysis("signals")]);
            let template = analysis_template(place, "signals", &[metric(place, ErrorRate, &gap)]);
            routed(place, &json!({"steps": steps}), vec![template])
        },
        &[Everything],
    )
    .just_bad(),
    Plan::new(
        "argo-inconclusive-beside",
        "the same gap beside the steps, one inconclusive measurement borne",
        |place| {
            let gap = json!({"interval": "5s", "inconclusiveLimit": 1,
                "successCondition": "len(result) > 0 && result[0] < 0.01", "failureCondition": "len(result) == 0 || result[0] > 0.5"});
            let template = analysis_template(place, "signals", &[metric(place, ErrorRate, &gap)]);
            let canary = json!({"analysis": templates("signals"),
                "steps": [set_weight(20), pause(30), set_weight(60), pause(10)]});
            routed(place, &canary, vec![template])
        },
        &[Everything],
    )
    .just_bad(),
    Plan::new(
        "argo-one-pod",
        "one pod at setWeight 10",
        |place| {
            let steps = json!([set_weight(10), analysis("signals")]);
            by_pods(place, 1, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Everything],
    )
    .weighed_by(Weight::Pods),
    Plan::new(
        "argo-ten-pods",
        "ten pods at setWeight 25",
        |place| {
            let steps = json!([set_weight(25), analysis("signals")]);
            by_pods(place, 10, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Everything],
    )
    .weighed_by(Weight::Pods),
    Plan::new(
        "argo-no-surge",
        "three pods at setWeight 10 without a pod more",
        |place| {
            let canary =
                json!({"maxSurge": 0, "maxUnavailable": 1, "steps": [set_weight(10), analysis("signals")]});
            by_pods(place, 3, &canary, vec![signals(place, &two_of_three())])
        },
        &[Everything],
    )
    .weighed_by(Weight::Pods),
    Plan::new(
        "argo-no-pod",
        "one pod at setWeight 10 without a pod more, measured before the first request",
        |place| {
            let canary =
                json!({"maxSurge": 0, "maxUnavailable": 1, "steps": [set_weight(10), analysis("signals")]});
            by_pods(place, 1, &canary, vec![signals(place, &two_of_three())])
        },
        &[Everything],
    )
    .weighed_by(Weight::Pods),
    Plan::new(
        "argo-measured-too-early",
        "an analysis before the first weight, and none after it",
        |place| {
            let steps = json!([analysis("signals"), set_weight(50), pause(5)]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-pause",
        "a pause without end at 30",
        |place| {
            let steps = json!([set_weight(30), {"pause": {}}, set_weight(60), pause(5)]);
            routed(place, &json!({"steps": steps}), vec![])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-pause-watched",
        "a pause without end at 30, an analysis of failing requests beside it",
        |place| {
            let errors = json!({"interval": "5s", "failureLimit": 1});
            let template = analysis_template(place, "signals", &[metric(place, ErrorRate, &errors)]);
            let canary = json!({"analysis": templates("signals"), "steps": [set_weight(30), {"pause": {}}]});
            routed(place, &canary, vec![template])
        },
        &[Everything, Alone(Latency)],
    ),
    Plan::new(
        "argo-header-route",
        "requests with a header, an analysis of those, then 50 for 5 s",
        |place| {
            let matches = json!([{"headerName": "x-canary", "headerValue": {"exact": "yes"}}]);
            let routing = json!({"managedRoutes": [{"name": "by-header"}],
                "istio": {"virtualService": {"name": NAME, "routes": ["primary"]}}});
            let steps = json!([{"setHeaderRoute": {"name": "by-header", "match": matches}},
                analysis("signals"), set_weight(50), pause(5)]);
            let canary = json!({"trafficRouting": routing, "steps": steps});
            routed(place, &canary, vec![signals(place, &two_of_three())])
        },
        &[Nothing, Everything],
    ),
    Plan::new(
        "argo-there-and-back",
        "60 for 5 s, then an analysis at 20",
        |place| {
            let steps = json!([set_weight(60), pause(5), set_weight(20), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Nothing, Everything],
    ),
    Plan::new(
        "argo-measured-once",
        "an analysis beside the steps that measures once",
        |place| {
            let canary = json!({"analysis": templates("signals"), "steps": [set_weight(50), pause(10)]});
            routed(place, &canary, vec![signals(place, &json!({}))])
        },
        &[Everything],
    ),
    Plan::new(
        "argo-beside-and-between",
        "failing requests measured beside the steps, latency at 30",
        |place| {
            let errors = json!({"interval": "6s", "failureLimit": 2});
            let canary = json!({"analysis": templates("errors"), "steps": [set_weight(30), analysis("latency")]});
            let templates = vec![
                analysis_template(place, "errors", &[metric(place, ErrorRate, &errors)]),
                analysis_template(place, "latency", &[metric(place, Latency, &two_of_three())]),
            ];
            routed(place, &canary, templates)
        },
        &[Nothing, Alone(ErrorRate), Alone(Latency)],
    ),
    Plan::new(
        "argo-inconclusive-first",
        "failing requests with a gap, latency with one failure borne; a fifth of the requests fails",
        |place| {
            let gap = json!({"interval": "5s", "count": 3, "successCondition": "result[0] < 0.01",
                "failureCondition": "result[0] > 0.5", "consecutiveErrorLimit": 2});
            let both = [metric(place, ErrorRate, &gap), metric(place, Latency, &two_of_three())];
            let steps = json!([set_weight(20), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![analysis_template(place, "signals", &both)])
        },
        &[Everything, Alone(Latency)],
    )
    .just_bad(),
    Plan::new(
        "argo-dry-run",
        "an analysis whose latency is a dry run",
        |place| {
            let mut template = signals(place, &two_of_three());
            template["spec"]["dryRun"] = json!([{"metricName": "latency"}]);
            let steps = json!([set_weight(20), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![template])
        },
        &[Everything, Alone(Latency)],
    ),
    Plan::new(
        "argo-successes-in-a-row",
        "any number of failures of 4 measurements, 3 successes in a row wanted",
        |place| {
            let measured =
                json!({"interval": "5s", "count": 4, "failureLimit": -1, "consecutiveSuccessLimit": 3});
            let steps = json!([set_weight(20), analysis("signals")]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &measured)])
        },
        &[Nothing, Everything],
    ),
    Plan::new(
        "argo-dynamic-stable",
        "4 pods, the stable side shrinking with its weight",
        |place| {
            let canary = json!({"dynamicStableScale": true,
                "steps": [set_weight(25), pause(5), set_weight(75), analysis("signals")]});
            let mut objects = routed(place, &canary, vec![signals(place, &two_of_three())]);
            rollout_of(&mut objects)["spec"]["replicas"] = json!(4);
            objects
        },
        &[Nothing, Alone(ErrorRate)],
    ),
    Plan::new(
        "argo-blue-green-before",
        "blue-green, an analysis of the preview side",
        |place| {
            let strategy = json!({"prePromotionAnalysis": templates("signals")});
            blue_green(place, &strategy, signals(place, &two_of_three()))
        },
        &[Nothing, Everything, Alone(Latency)],
    )
    .weighed_by(Weight::ActiveService)
    .shown_from_the_start(),
    Plan::new(
        "argo-blue-green-after",
        "blue-green, an analysis after the switch",
        |place| {
            let strategy = json!({"postPromotionAnalysis": templates("signals")});
            blue_green(place, &strategy, signals(place, &two_of_three()))
        },
        &[Nothing, Everything],
    )
    .weighed_by(Weight::ActiveService)
    .shown_from_the_start(),
    Plan::new(
        "argo-blue-green-inconclusive",
        "blue-green, an analysis with a gap after the switch; a fifth of the requests fails",
        |place| {
            let gap = json!({"interval": "5s", "count": 3, "successCondition": "result[0] < 0.01",
                "failureCondition": "result[0] > 0.5", "consecutiveErrorLimit": 2});
            let strategy = json!({"postPromotionAnalysis": templates("signals")});
            blue_green(place, &strategy, analysis_template(place, "signals", &[metric(place, ErrorRate, &gap)]))
        },
        &[Everything],
    )
    .weighed_by(Weight::ActiveService)
    .shown_from_the_start()
    .just_bad(),
    Plan::new(
        "argo-blue-green-by-hand",
        "blue-green, an analysis of failing requests, promotion by hand",
        |place| {
            let errors = metric(place, ErrorRate, &two_of_three());
            let strategy =
                json!({"prePromotionAnalysis": templates("signals"), "autoPromotionEnabled": false});
            blue_green(place, &strategy, analysis_template(place, "signals", &[errors]))
        },
        &[Everything, Alone(Latency)],
    )
    .weighed_by(Weight::ActiveService)
    .shown_from_the_start(),
    Plan::new(
        "argo-blue-green-delayed",
        "blue-green, promotion 10 s after an analysis of failing requests",
        |place| {
            let errors = metric(place, ErrorRate, &two_of_three());
            let strategy = json!({"prePromotionAnalysis": templates("signals"), "autoPromotionSeconds": 10});
            blue_green(place, &strategy, analysis_template(place, "signals", &[errors]))
        },
        &[Alone(Latency)],
    )
    .weighed_by(Weight::ActiveService)
    .shown_from_the_start(),
    Plan::new(
        "argo-experiment",
        "an experiment of 30 s with a required analysis, then 50 for 5 s",
        |place| {
            let experiment = experiment(
                "30s",
                &json!([{"name": "signals", "templateName": "signals",
                "requiredForCompletion": true}]),
            );
            let steps = json!([experiment, set_weight(50), pause(5)]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "argo-experiment-weighted",
        "20, then an experiment that gets 10 of its own, with a required analysis",
        |place| {
            let mut experiment = experiment("30s", &json!([{"name": "signals", "templateName": "signals",
                "requiredForCompletion": true}]));
            experiment["experiment"]["templates"][0]["weight"] = json!(10);
            let steps = json!([set_weight(20), pause(5), experiment, set_weight(50), pause(5)]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &two_of_three())])
        },
        &[Nothing, Everything],
    ),
    Plan::new(
        "argo-experiment-outrun",
        "an experiment of 10 s with an analysis that would fail after 20 s, then 50 for 5 s",
        |place| {
            let experiment = experiment("10s", &json!([{"name": "signals", "templateName": "signals"}]));
            let measured = json!({"interval": "10s", "count": 4, "failureLimit": 2});
            let steps = json!([experiment, set_weight(50), pause(5)]);
            routed(place, &json!({"steps": steps}), vec![signals(place, &measured)])
        },
        &[Everything],
    )
    .shown_from_the_start(),
];

/// Three measurements, of which one may fail.
fn two_of_three() -> Value {
    json!({"interval": "5s", "count": 3, "failureLimit": 1})
}

fn set_weight(percent: u8) -> Value {
    json!({"setWeight": percent})
}

fn pause(seconds: u32) -> Value {
    json!({"pause": {"duration": seconds}})
}

fn analysis(template: &str) -> Value {
    json!({"analysis": templates(template)})
}

fn templates(name: &str) -> Value {
    json!({"templates": [{"templateName": name}]})
}

fn experiment(duration: &str, analyses: &Value) -> Value {
    json!({"experiment": {"duration": duration, "analyses": analyses,
        "templates": [{"name": "canary", "specRef": "canary", "replicas": 1}]}})
}

/// A metric of a signal, measured as `measured` says.
fn metric(place: &Place, signal: Signal, measured: &Value) -> Value {
    let condition = match signal {
        Signal::ErrorRate => "len(result) > 0 && result[0] <= 0.05",
        Signal::Latency => "len(result) > 0 && result[0] <= 0.5",
        Signal::Availability => "len(result) > 0 && result[0] >= 0.9",
    };
    let prometheus =
        json!({"address": place.measurements.prometheus(), "query": query(signal, &place.namespace)});
    let metric =
        json!({"name": signal.name(), "successCondition": condition, "provider": {"prometheus": prometheus}});
    with(metric, measured)
}

/// A template that measures all signals.
fn signals(place: &Place, measured: &Value) -> Value {
    analysis_template(place, "signals", &Signal::ALL.map(|signal| metric(place, signal, measured)))
}

fn analysis_template(place: &Place, name: &str, metrics: &[Value]) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": metadata(place, name),
        "spec": {"metrics": metrics}})
}

fn rollout(place: &Place, replicas: u8, strategy: &Value) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata(place, NAME),
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": NAME}}, "template": template(),
            "progressDeadlineAbort": true, "strategy": strategy}})
}

fn rollout_of(objects: &mut [Value]) -> &mut Value {
    let rollout = objects.iter_mut().find(|object| object["kind"] == "Rollout");
    rollout.expect("every plan of Argo Rollouts has a Rollout")
}

/// A canary behind Istio.
fn routed(place: &Place, canary: &Value, mut objects: Vec<Value>) -> Vec<Value> {
    let routing = json!({"stableService": NAME, "canaryService": "shop-canary",
        "trafficRouting": {"istio": {"virtualService": {"name": NAME}}}});
    objects.extend([service(place, NAME), service(place, "shop-canary"), virtual_service(place)]);
    objects.push(rollout(place, 1, &json!({"canary": with(routing, canary)})));
    objects
}

/// A canary whose requests follow its pods.
fn by_pods(place: &Place, replicas: u8, canary: &Value, mut objects: Vec<Value>) -> Vec<Value> {
    objects.push(service(place, NAME));
    objects.push(rollout(place, replicas, &json!({"canary": canary})));
    objects
}

fn blue_green(place: &Place, strategy: &Value, template: Value) -> Vec<Value> {
    let sides = json!({"activeService": "shop-active", "previewService": "shop-preview"});
    vec![
        template,
        service(place, "shop-active"),
        service(place, "shop-preview"),
        rollout(place, 1, &json!({"blueGreen": with(sides, strategy)})),
    ]
}
