//! Plans of Flagger. Its least interval is 10 s.

use rollgate_policy::plan::Signal;
use rollgate_policy::plan::Signal::{Availability, ErrorRate, Latency};
use serde_json::{Value, json};

use crate::plan::Bad::{Alone, Everything, Nothing};
use crate::plan::{Place, Plan, Weight};
use crate::workload::{NAME, metadata, query, template, with};

pub const PLANS: &[Plan] = &[
    Plan::new(
        "flagger-step-weight",
        "steps of 20 up to 50, threshold 1",
        |place| canary(place, &Signal::ALL, &json!({"threshold": 1, "stepWeight": 20, "maxWeight": 50}), &[]),
        &[Nothing, Everything, Alone(Latency)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-step-weights",
        "steps to 5, 30 and 60, threshold 2",
        |place| canary(place, &Signal::ALL, &json!({"threshold": 2, "stepWeights": [5, 30, 60]}), &[]),
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-weights-to-the-end",
        "steps to 50 and 100, threshold 1",
        |place| canary(place, &Signal::ALL, &json!({"threshold": 1, "stepWeights": [50, 100]}), &[]),
        &[Nothing],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-threshold-zero",
        "one step to 50, threshold 0",
        |place| canary(place, &Signal::ALL, &json!({"threshold": 0, "stepWeights": [50]}), &[]),
        &[Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-built-in",
        "the metrics Flagger has by itself, threshold 3",
        |place| {
            let metrics = json!([
                {"name": "request-success-rate", "interval": "1m", "thresholdRange": {"min": 99}},
                {"name": "request-duration", "interval": "1m", "thresholdRange": {"max": 500}},
            ]);
            let analysis = json!({"threshold": 3, "stepWeight": 50, "maxWeight": 50, "metrics": metrics});
            canary(place, &[], &analysis, &[])
        },
        &[Everything, Alone(Latency)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-unmeasured",
        "steps of 50 with a metric of failing requests alone, threshold 1",
        |place| canary(place, &[ErrorRate], &json!({"threshold": 1, "stepWeight": 50, "maxWeight": 50}), &[]),
        &[Alone(Latency)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-promotion-in-steps",
        "one step to 50, back in steps of 50",
        |place| {
            let analysis =
                json!({"threshold": 1, "stepWeight": 50, "maxWeight": 50, "stepWeightPromotion": 50});
            canary(place, &Signal::ALL, &analysis, &[])
        },
        &[Nothing],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-blue-green",
        "provider kubernetes, 2 iterations, threshold 2",
        |place| {
            let analysis = json!({"threshold": 2, "iterations": 2});
            of_provider(canary(place, &Signal::ALL, &analysis, &[]), "kubernetes")
        },
        &[Nothing, Everything, Alone(Availability)],
    )
    .weighed_by(Weight::Nowhere)
    .shown_from_the_start(),
    Plan::new(
        "flagger-blue-green-routed",
        "2 iterations without a match, threshold 1",
        |place| canary(place, &Signal::ALL, &json!({"threshold": 1, "iterations": 2}), &[]),
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-blue-green-gate",
        "provider kubernetes, 2 iterations, failing requests measured, a gate before promotion that stays closed",
        |place| {
            let analysis = json!({"threshold": 1, "iterations": 2});
            let objects = canary(place, &[ErrorRate], &analysis, &[("closed", "confirm-promotion")]);
            of_provider(objects, "kubernetes")
        },
        &[Alone(Latency)],
    )
    .weighed_by(Weight::Nowhere)
    .shown_from_the_start(),
    Plan::new(
        "flagger-blue-green-mirror",
        "2 iterations of mirrored requests, threshold 1",
        |place| {
            canary(place, &Signal::ALL, &json!({"threshold": 1, "iterations": 2, "mirror": true}), &[])
        },
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-a-b",
        "2 iterations with a match, threshold 1",
        |place| {
            let matches = json!([{"headers": {"x-canary": {"exact": "yes"}}}]);
            let analysis = json!({"threshold": 1, "iterations": 2, "match": matches});
            canary(place, &Signal::ALL, &analysis, &[])
        },
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-mirror",
        "requests mirrored for an interval, then one step to 50, threshold 2",
        |place| {
            let analysis = json!({"threshold": 2, "stepWeight": 50, "maxWeight": 50, "mirror": true});
            canary(place, &Signal::ALL, &analysis, &[])
        },
        &[Nothing, Everything],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-confirm-promotion",
        "steps of 20 up to 40, failing requests measured, a gate before promotion that stays closed",
        |place| {
            let analysis = json!({"threshold": 2, "stepWeight": 20, "maxWeight": 40});
            canary(place, &[ErrorRate], &analysis, &[("closed", "confirm-promotion")])
        },
        &[Everything, Alone(Latency)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-confirm-increase",
        "steps of 20 up to 60, failing requests measured, a gate before each that closes after the first",
        |place| {
            let analysis = json!({"threshold": 1, "stepWeight": 20, "maxWeight": 60});
            canary(place, &[ErrorRate], &analysis, &[("closes", "confirm-traffic-increase")])
        },
        &[Everything, Alone(Latency)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-pre-rollout",
        "a smoke test before the first weight, threshold 2",
        |place| {
            let analysis = json!({"threshold": 2, "stepWeight": 50, "maxWeight": 50});
            canary(place, &[ErrorRate], &analysis, &[("smoke", "pre-rollout")])
        },
        &[Nothing, Alone(Availability)],
    )
    .shown_from_the_start(),
    Plan::new(
        "flagger-rollout-webhook",
        "a smoke test at every check, threshold 2",
        |place| {
            let analysis = json!({"threshold": 2, "stepWeight": 50, "maxWeight": 50});
            canary(place, &[], &analysis, &[("smoke", "rollout")])
        },
        &[Everything, Alone(Availability)],
    )
    .shown_from_the_start(),
];

/// A Canary behind Istio with metrics of these signals, webhooks by name and type, and what it governs.
fn canary(place: &Place, signals: &[Signal], analysis: &Value, webhooks: &[(&str, &str)]) -> Vec<Value> {
    let metrics: Vec<Value> = signals.iter().map(|signal| metric(*signal)).collect();
    let webhooks: Vec<Value> = webhooks
        .iter()
        .map(|(name, kind)| {
            json!({"name": name, "type": kind, "url": place.measurements.webhook(&place.namespace, name)})
        })
        .collect();
    let usual = json!({"interval": "10s", "metrics": metrics, "webhooks": webhooks});
    let mut about = metadata(place, NAME);
    about["annotations"] = json!({"rollgate.dev/signals": "smoke=availability"});
    if webhooks.iter().all(|webhook| webhook["name"] != "smoke") {
        about["annotations"] = json!({});
    }
    let mut objects: Vec<Value> = signals.iter().map(|signal| metric_template(place, *signal)).collect();
    objects.push(json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": about,
    "spec": {
        "provider": "istio",
        "metricsServer": place.measurements.prometheus(),
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "progressDeadlineSeconds": 120,
        "service": {"port": 80, "targetPort": "http"},
        "analysis": with(usual, analysis),
    }}));
    objects.push(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(place, NAME),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": NAME}}, "template": template()}}));
    objects
}

fn canary_of(objects: &mut [Value]) -> &mut Value {
    let canary = objects.iter_mut().find(|object| object["kind"] == "Canary");
    canary.expect("every plan of Flagger has a Canary")
}

fn of_provider(mut objects: Vec<Value>, provider: &str) -> Vec<Value> {
    canary_of(&mut objects)["spec"]["provider"] = json!(provider);
    objects
}

fn metric(signal: Signal) -> Value {
    let range = match signal {
        Signal::ErrorRate => json!({"max": 0.05}),
        Signal::Latency => json!({"max": 0.5}),
        Signal::Availability => json!({"min": 0.9}),
    };
    json!({"name": signal.name(), "templateRef": {"name": signal.name()}, "thresholdRange": range})
}

fn metric_template(place: &Place, signal: Signal) -> Value {
    let provider = json!({"type": "prometheus", "address": place.measurements.prometheus()});
    json!({"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate", "metadata": metadata(place, signal.name()),
        "spec": {"provider": provider, "query": query(signal, &place.namespace)}})
}
