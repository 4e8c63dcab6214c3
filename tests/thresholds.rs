//! What the rules on providers and thresholds say where more than one object, or more than one metric, decides.

#![expect(clippy::needless_pass_by_value, reason = "json!() reads better in a call without a reference")]

use rollgate_policy::admission::{Manifest, ManifestMetadata, Origin, Request};
use rollgate_policy::cluster::Objects;
use rollgate_policy::{read_settings, review};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const ERRORS: &str = r#"sum(rate(r_total{code=~"5.."}[WINDOW])) / sum(rate(r_total[WINDOW]))"#;
const SUCCESSES: &str = r#"100 * sum(rate(r_total{code!~"5.."}[1m])) / sum(rate(r_total[1m]))"#;

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("JSON")
}

/// What `rule` finds in an object that the API server sends, with others in the cluster.
fn found(rule: &str, rules: Value, object: Value, others: &[Value]) -> Vec<String> {
    let mut cluster = Objects::default();
    for other in others {
        cluster.insert(raw(other)).expect("an object");
    }
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let identity = Manifest {
        api_version: text(&object["apiVersion"]).into(),
        kind: text(&object["kind"]).into(),
        metadata: ManifestMetadata {
            name: text(&object["metadata"]["name"]).into(),
            namespace: Some("shop".into()),
        },
    };
    let settings = read_settings(&json!({ "rules": rules }).to_string()).expect("settings");
    let json = raw(&object);
    let request = Request { origin: Origin::ApiServer, ..Request::of_manifest(&json, &identity, 0) };
    let findings = review(&request, &settings, &cluster).findings;
    findings.into_iter().filter(|finding| finding.rule == rule).map(|finding| finding.message).collect()
}

fn metric(name: &str, condition: &str, query: &str) -> Value {
    json!({"name": name, "interval": "1m", "successCondition": format!("len(result) > 0 && result[0] {condition}"),
        "provider": {"prometheus": {"address": "http://prometheus", "query": query}}})
}

fn errors(most: f64, window: &str) -> Value {
    metric(&format!("errors-{window}"), &format!("<= {most}"), &ERRORS.replace("WINDOW", window))
}

fn template(metrics: &[Value]) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
        "metadata": {"name": "t", "namespace": "shop"}, "spec": {"metrics": metrics}})
}

fn rollout(annotations: Value, templates: &[&str]) -> Value {
    let templates: Vec<Value> = templates.iter().map(|name| json!({"templateName": name})).collect();
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "r", "namespace": "shop", "annotations": annotations},
        "spec": {"replicas": 4, "template": {}, "strategy": {"canary": {
            "steps": [{"setWeight": 10}, {"pause": {"duration": "10m"}}],
            "trafficRouting": {"istio": {}}, "analysis": {"templates": templates}}}}})
}

fn bounds() -> Value {
    json!({"threshold-bounds": {"level": "deny", "maxErrorRate": 0.005, "minSuccessRate": 0.995}})
}

#[test]
fn a_metric_template_answers_for_the_canaries_that_use_it() {
    let canary = json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary",
        "metadata": {"name": "c", "namespace": "shop"},
        "spec": {"targetRef": {"kind": "Deployment", "name": "c"}, "analysis": {"interval": "1m", "threshold": 2,
            "stepWeight": 10, "metrics": [{"name": "m", "templateRef": {"name": "m"}, "thresholdRange": {"max": 1}}]}}});
    let template = |address: &str| {
        json!({"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate",
            "metadata": {"name": "m", "namespace": "shop"},
            "spec": {"provider": {"type": "prometheus", "address": address}, "query": "up"}})
    };
    let find =
        |address| found("metrics-provider", json!({}), template(address), std::slice::from_ref(&canary));
    assert!(find("http://prometheus").is_empty());
    let findings = find("");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("with it, Canary shop/c") && findings[0].ends_with("names no address"));
}

#[test]
fn a_template_is_held_to_the_objective_of_its_rollout() {
    let user = rollout(json!({"rollgate.dev/slo": "99.9"}), &["t"]);
    let find = |metrics: &[Value]| {
        found("burn-rate", json!({"burn-rate": "deny"}), template(metrics), std::slice::from_ref(&user))
    };
    assert!(find(&[errors(0.0144, "5m"), errors(0.006, "1h")]).is_empty());
    assert!(find(&[errors(0.9, "1m"), errors(0.0144, "5m"), errors(0.006, "1h")]).is_empty());
    let findings = find(&[errors(0.0144, "5m"), errors(0.0144, "1h")]);
    assert!(matches!(&findings[..], [one] if one.contains("a slow burn")), "{findings:?}");
    // What looks back an hour does not see a fast burn in time.
    let findings = find(&[errors(0.006, "1h")]);
    assert!(matches!(&findings[..], [one] if one.contains("less than an hour")), "{findings:?}");
}

#[test]
fn one_metric_within_the_bound_is_enough_for_its_signal() {
    let find = |settings: Value, metrics: &[Value]| {
        found("threshold-bounds", settings, rollout(json!({}), &["t"]), &[template(metrics)])
    };
    let (tight, loose) = (errors(0.005, "1m"), errors(0.05, "5m"));
    let successes = metric("successes", ">= 99", SUCCESSES);
    assert!(find(bounds(), &[loose.clone(), tight.clone()]).is_empty());
    assert!(find(bounds(), &[tight.clone(), successes.clone()]).is_empty());
    assert_eq!(find(bounds(), &[loose.clone(), successes.clone()]).len(), 1);
    // Who wants different metrics for the two wants each of them within its bound.
    let mut distinct = bounds();
    distinct["analysis-signals"] = json!({"distinctSignals": true});
    assert_eq!(find(distinct, &[tight, successes]).len(), 1);
    // Without a bound nothing is held to one.
    assert!(find(json!({"threshold-bounds": "deny"}), &[loose]).is_empty());
}

#[test]
fn a_missing_template_may_hold_the_tight_metric() {
    let find = |templates: &[&str]| {
        found("threshold-bounds", bounds(), rollout(json!({}), templates), &[template(&[errors(0.05, "1m")])])
    };
    assert_eq!(find(&["t"]).len(), 1);
    assert!(find(&["t", "missing"]).is_empty());
}
