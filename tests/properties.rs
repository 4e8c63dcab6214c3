//! What must hold whatever is sent.

use proptest::prelude::*;
use rollgate_policy::admission::{Manifest, ManifestMetadata, Origin, Request};
use rollgate_policy::cluster::Objects;
use rollgate_policy::plan::{End, Signal, outcomes, play_good};
use rollgate_policy::settings::Settings;
use rollgate_policy::{protocol, read_plan, read_settings, review};
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
        bound in 0.01_f64..0.9,
    ) -> Plan {
        Plan { weights: weights.into_iter().collect(), pause, interval, limit, bound }
    }
}

impl Plan {
    /// The Rollout, and the cluster with its template.
    fn objects(&self, reversed: bool) -> (Value, Objects) {
        let metric = |name: &str, query: &str, bound: f64| {
            json!({"name": name, "interval": format!("{}s", self.interval), "failureLimit": self.limit,
                "successCondition": format!("len(result) > 0 && result[0] <= {bound}"),
                "provider": {"prometheus": {"address": "http://prometheus", "query": query}}})
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
        let rollout = json!({"metadata": {"name": "r", "namespace": "shop"}, "spec": {"strategy": {"canary":
            {"steps": steps, "trafficRouting": {"istio": {}}, "analysis": {"templates": [{"templateName": "t"}]}}}}});
        (rollout, cluster)
    }

    fn outcomes(&self, reversed: bool) -> Vec<(End, f64, f64)> {
        let (rollout, cluster) = self.objects(reversed);
        let plan =
            read_plan("Rollout", &rollout.to_string(), "default", &cluster).expect("a plan").expect("a plan");
        let timeline = play_good(&plan);
        outcomes(&plan, &timeline, &[Signal::ErrorRate, Signal::Latency], false)
            .into_iter()
            .map(|outcome| (outcome.end, outcome.seconds, outcome.exposure))
            .collect()
    }

    /// Whether one of the rules finds fault with it, in the profile `strict`.
    fn breaks(&self, rules: &[&str]) -> bool {
        let (rollout, cluster) = self.objects(false);
        let settings = read_settings(r#"{"profile": "strict"}"#).expect("settings");
        let object = raw(&rollout);
        let review = review(&request(("argoproj.io", "Rollout"), &object), &settings, &cluster);
        assert!(review.governed);
        review.findings.iter().any(|finding| rules.contains(&finding.rule))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_request_gets_an_answer(
        object in any_json(),
        old in prop::option::of(any_json()),
        kind in prop::sample::select(vec![
            ("argoproj.io", "Rollout"), ("argoproj.io", "AnalysisTemplate"), ("argoproj.io", "AnalysisRun"),
            ("argoproj.io", "Experiment"), ("flagger.app", "Canary"), ("flagger.app", "MetricTemplate"),
            ("apps", "Deployment"), ("apps", "ReplicaSet"), ("", "Service"), ("networking.k8s.io", "Ingress"),
        ]),
        operation in prop::sample::select(vec!["CREATE", "UPDATE", "DELETE", "CONNECT"]),
        part in prop::option::of(prop::sample::select(vec!["status", "scale"])),
    ) {
        let (object, old) = (raw(&object), old.map(|old| raw(&old)));
        let request = Request {
            operation: operation.into(),
            sub_resource: part.map(Into::into),
            old_object: old.as_deref(),
            ..request(kind, &object)
        };
        let review = review(&request, &Settings::default(), &Objects::default());
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

    #[test]
    fn a_tighter_threshold_breaks_no_rule_about_thresholds(plan in any_plan()) {
        let rules = ["analysis-thresholds", "analysis-signals", "threshold-bounds", "burn-rate"];
        let tighter = Plan { bound: plan.bound / 2.0, ..plan.clone() };
        prop_assert!(plan.breaks(&rules) || !tighter.breaks(&rules));
    }

    #[test]
    fn a_shorter_interval_breaks_no_rule_about_time(plan in any_plan()) {
        let rules = ["rollback-deadline", "blast-radius", "automatic-rollback", "analysis-signals"];
        let shorter = Plan { interval: (plan.interval / 2).max(1), ..plan.clone() };
        prop_assert!(plan.breaks(&rules) || !shorter.breaks(&rules));
    }

    #[test]
    fn a_smaller_first_weight_breaks_no_rule_about_it(plan in any_plan(), settle in 1_u32..20) {
        let rules = ["gradual-exposure", "blast-radius"];
        // Close enough to the next weight that the rise there is within bounds in any case.
        let first = plan.weights[0].min(10);
        let mut plan = plan;
        plan.weights.insert(0, first);
        plan.weights[1] = plan.weights[1].min(first + settle.min(15));
        let mut smaller = plan.clone();
        smaller.weights[0] = (first / 2).max(1);
        prop_assert!(plan.breaks(&rules) || !smaller.breaks(&rules));
    }

    #[test]
    fn the_order_of_keys_does_not_matter(plan in any_plan()) {
        let (rollout, cluster) = plan.objects(false);
        let turned = turned(&rollout);
        let settings = Settings::default();
        let findings = |text: String| {
            let object = RawValue::from_string(text).expect("JSON");
            review(&request(("argoproj.io", "Rollout"), &object), &settings, &cluster).findings
        };
        prop_assert_eq!(findings(rollout.to_string()), findings(turned));
    }

    #[test]
    fn a_rollback_is_never_denied(plan in any_plan(), strict in any::<bool>()) {
        let (now, mut cluster) = plan.objects(false);
        let now = with_image(now, "v3");
        for (hash, image) in [("a", "v1"), ("b", "v3")] {
            cluster.insert(raw(&replica_set(hash, image))).expect("an object");
        }
        let profile = if strict { "strict" } else { "standard" };
        let settings = read_settings(&json!({"profile": profile, "freeze":
            [{"name": "always", "from": "1970-01-01", "to": "2100-01-01"}]}).to_string()).expect("settings");
        let to = |image: &str| {
            let (old, new) = (raw(&now), raw(&with_image(now.clone(), image)));
            review(&update("Rollout", &old, &new), &settings, &cluster)
        };
        let (earlier, unseen) = (to("v1"), to("v2"));
        prop_assert!(earlier.accepted(), "{}", earlier.message());
        prop_assert_eq!(earlier.returns_to, Some("revision 1".to_owned()));
        prop_assert_eq!(earlier.findings.len(), unseen.findings.len());
        prop_assert!(!unseen.accepted());
    }

    #[test]
    fn a_new_version_is_judged_like_a_new_object(plan in any_plan()) {
        let (rollout, cluster) = plan.objects(false);
        let settings = Settings::default();
        let (old, new) = (raw(&with_image(rollout.clone(), "v1")), raw(&with_image(rollout, "v2")));
        let created = review(&request(("argoproj.io", "Rollout"), &new), &settings, &cluster);
        let updated = review(&update("Rollout", &old, &new), &settings, &cluster);
        prop_assert_eq!(created.findings, updated.findings);
    }

    #[test]
    fn anything_is_judged_as_an_update_as_it_is_when_new(
        old in any_json(), new in any_json(), kind in prop::sample::select(vec!["Rollout", "Canary"]),
    ) {
        let group = if kind == "Rollout" { "argoproj.io" } else { "flagger.app" };
        let (old, new) = (raw(&json!({"spec": {"template": 1, "old": old}})), raw(&new));
        let settings = Settings::default();
        let created = review(&request((group, kind), &new), &settings, &Objects::default());
        let update = Request { old_object: Some(&old), operation: "UPDATE".into(), ..request((group, kind), &new) };
        prop_assert_eq!(created.findings, review(&update, &settings, &Objects::default()).findings);
    }
}

fn update<'a>(kind: &str, old: &'a RawValue, new: &'a RawValue) -> Request<'a> {
    Request { operation: "UPDATE".into(), old_object: Some(old), ..request(("argoproj.io", kind), new) }
}

fn with_image(mut object: Value, image: &str) -> Value {
    object["spec"]["template"] = pods(image);
    object
}

fn pods(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "r", "image": format!("registry.example.com/r:{image}")}]}})
}

/// The `ReplicaSet` of one revision of the Rollout `r`.
fn replica_set(hash: &str, image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {
        "name": format!("r-{hash}"),
        "annotations": {"rollout.argoproj.io/revision": if hash == "a" { "1" } else { "2" }},
        "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "r", "controller": true}],
    }, "spec": {"template": pods(image)}})
}

/// The JSON text of a value with the keys of every object in reverse.
fn turned(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().rev().map(|(key, value)| format!("{}:{}", json!(key), turned(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(turned).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}
