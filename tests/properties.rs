//! What must hold whatever is sent.

use proptest::prelude::*;
use rollgate_policy::admission::{Manifest, ManifestMetadata, Origin, Request};
use rollgate_policy::cluster::Objects;
use rollgate_policy::plan::{End, Signal, outcomes, play_good};
use rollgate_policy::settings::Settings;
use rollgate_policy::{protocol, read_plan, review};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Names of fields the front ends read, so that random objects are not only skipped.
const FIELDS: [&str; 52] = [
    "metadata",
    "name",
    "labels",
    "annotations",
    "ownerReferences",
    "spec",
    "replicas",
    "template",
    "strategy",
    "canary",
    "blueGreen",
    "steps",
    "setWeight",
    "pause",
    "duration",
    "analysis",
    "templates",
    "templateName",
    "args",
    "value",
    "metrics",
    "interval",
    "count",
    "failureLimit",
    "successCondition",
    "provider",
    "prometheus",
    "query",
    "threshold",
    "stepWeight",
    "maxWeight",
    "iterations",
    "webhooks",
    "thresholdRange",
    "min",
    "targetRef",
    "status",
    "abort",
    "promoteFull",
    "pauseConditions",
    "reason",
    "currentStepIndex",
    "stableRS",
    "phase",
    "controller",
    "kind",
    "selector",
    "stableService",
    "trafficRouting",
    "weight",
    "paused",
    "suspend",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-z0-9{}.\\[\\] <>=]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["5m", "10s", "result[0] > 1", "{{args.a}}", "up", "vector(1)"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(FIELDS.to_vec()), inner), 0..6).prop_map(|pairs| {
                Value::from(
                    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
                )
            }),
        ]
    })
}

fn request<'a>((group, kind): (&str, &str), object: &'a RawValue) -> Request<'a> {
    let identity = Manifest {
        api_version: format!("{group}/v1").into(),
        kind: kind.to_owned().into(),
        metadata: ManifestMetadata::default(),
    };
    Request { origin: Origin::ApiServer, ..Request::of_manifest(object, &identity, 0) }
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("JSON")
}

/// A canary of a few stages and metrics, with the numbers to vary.
#[derive(Debug, Clone)]
struct Plan {
    weights: Vec<u32>,
    pause: u32,
    interval: u32,
    limit: u32,
    bound: f64,
}

prop_compose! {
    fn any_plan()(
        weights in prop::collection::btree_set(1_u32..100, 1..5),
        pause in 1_u32..1200,
        interval in 1_u32..300,
        limit in 0_u32..6,
        bound in 0.0_f64..0.9,
    ) -> Plan {
        Plan { weights: weights.into_iter().collect(), pause, interval, limit, bound }
    }
}

impl Plan {
    fn outcomes(&self, reversed: bool) -> Vec<(End, f64, f64)> {
        let metric = |name: &str, query: &str, bound: f64| {
            json!({"name": name, "interval": format!("{}s", self.interval), "failureLimit": self.limit,
                "successCondition": format!("len(result) > 0 && result[0] <= {bound}"),
                "provider": {"prometheus": {"query": query}}})
        };
        let mut metrics = vec![
            metric("errors", r#"sum(rate(r_total{code=~"5.."}[1m])) / sum(rate(r_total[1m]))"#, self.bound),
            metric(
                "slow",
                "histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[1m])))",
                self.bound * 10.0,
            ),
        ];
        if reversed {
            metrics.reverse();
        }
        let mut cluster = Objects::default();
        let template = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": "t"}, "spec": {"metrics": metrics}});
        cluster.insert(raw(&template)).expect("an object");
        let steps: Vec<Value> = self
            .weights
            .iter()
            .flat_map(|weight| [json!({"setWeight": weight}), json!({"pause": {"duration": self.pause}})])
            .collect();
        let rollout = json!({"spec": {"strategy": {"canary": {"steps": steps, "trafficRouting": {"istio": {}},
            "analysis": {"templates": [{"templateName": "t"}]}}}}});
        let plan =
            read_plan("Rollout", &rollout.to_string(), "default", &cluster).expect("a plan").expect("a plan");
        let timeline = play_good(&plan);
        outcomes(&plan, &timeline, &[Signal::ErrorRate, Signal::Latency], false)
            .into_iter()
            .map(|outcome| (outcome.end, outcome.seconds, outcome.exposure))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_object_gets_an_answer(object in any_json(), kind in prop::sample::select(vec![
        ("argoproj.io", "Rollout"), ("argoproj.io", "AnalysisTemplate"), ("flagger.app", "Canary"),
        ("flagger.app", "MetricTemplate"), ("apps", "Deployment"),
    ])) {
        let object = raw(&object);
        let review = review(&request(kind, &object), &Settings::default(), &Objects::default());
        prop_assert!(review.accepted() || review.message().starts_with("rollgate rejects "));
    }

    #[test]
    fn every_act_gets_an_answer(old in any_json(), new in any_json(), kind in prop::sample::select(vec![
        ("argoproj.io", "Rollout"), ("argoproj.io", "AnalysisRun"), ("argoproj.io", "AnalysisTemplate"),
        ("flagger.app", "Canary"), ("", "Service"), ("networking.k8s.io", "Ingress"), ("apps", "ReplicaSet"),
    ]), (operation, sub_resource) in prop::sample::select(vec![("UPDATE", ""), ("UPDATE", "status"), ("DELETE", "")])) {
        let mut cluster = Objects::default();
        for (kind, spec) in [("Rollout", &old["spec"]), ("Canary", &new["spec"])] {
            let api_version = if kind == "Rollout" { "argoproj.io/v1alpha1" } else { "flagger.app/v1beta1" };
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec});
            cluster.insert(raw(&object)).expect("an object");
        }
        let (old, new) = (raw(&old), raw(&new));
        let request = Request {
            operation: operation.into(),
            sub_resource: Some(sub_resource.into()),
            old_object: Some(&old),
            object: (operation == "UPDATE").then_some(&*new),
            ..request(kind, &old)
        };
        let review = review(&request, &Settings::default(), &cluster);
        prop_assert!(review.accepted() || review.message().starts_with("rollgate rejects "));
    }

    #[test]
    fn every_payload_gets_an_answer(payload in prop_oneof![
        any_json().prop_map(|value| value.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]) {
        let answer: Value = serde_json::from_slice(&protocol::validate(&payload, 0, &Objects::default())).expect("JSON");
        prop_assert!(answer["accepted"].is_boolean());
        let answer: Value = serde_json::from_slice(&protocol::validate_settings(&payload)).expect("JSON");
        prop_assert!(answer["valid"].is_boolean());
    }
}

proptest! {
    #[test]
    fn the_order_of_metrics_does_not_matter(plan in any_plan()) {
        prop_assert_eq!(plan.outcomes(false), plan.outcomes(true));
    }

    #[test]
    fn bearing_fewer_failures_never_exposes_more(plan in any_plan()) {
        let fewer = Plan { limit: plan.limit / 2, ..plan.clone() };
        for (fewer, more) in fewer.outcomes(false).into_iter().zip(plan.outcomes(false)) {
            prop_assert!(fewer.2 <= more.2 + 1e-6, "{:?} {:?}", fewer, more);
            prop_assert!(more.0 != End::RolledBack || fewer.0 == End::RolledBack);
        }
    }

    #[test]
    fn a_smaller_first_weight_never_exposes_more(plan in any_plan()) {
        let mut smaller = plan.clone();
        smaller.weights[0] = (plan.weights[0] / 2).max(1);
        for (smaller, larger) in smaller.outcomes(false).into_iter().zip(plan.outcomes(false)) {
            prop_assert!(smaller.2 <= larger.2 + 1e-6, "{:?} {:?}", smaller, larger);
        }
    }
}
