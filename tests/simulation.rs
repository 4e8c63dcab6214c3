//! What becomes of releases, held against the times that the controllers' own rules give by hand.

#![expect(clippy::float_cmp, reason = "the times are whole seconds, and exact")]
#![expect(clippy::needless_pass_by_value, reason = "json!() reads better in a call without a reference")]

use rollgate_policy::cluster::Objects;
use rollgate_policy::plan::{Cause, End, Outcome, Signal, outcomes, play_good};
use rollgate_policy::read_plan;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const ERRORS: &str =
    r#"sum(rate(http_requests_total{status=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))"#;
const LATENCY: &str =
    "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))";

/// A metric that fails above one percent of errors.
fn errors(more: &Value) -> Value {
    metric("errors", ERRORS, "len(result) > 0 && result[0] <= 0.01", more)
}

fn metric(name: &str, query: &str, condition: &str, more: &Value) -> Value {
    let mut metric = json!({
        "name": name,
        "successCondition": condition,
        "provider": {"prometheus": {"address": "http://prometheus", "query": query}},
    });
    merge(&mut metric, more);
    metric
}

fn merge(object: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
}

/// The outcomes of a Rollout with one template: bad in everything, in errors alone, in latency alone.
fn rollout(strategy: Value, metrics: Value) -> Vec<Outcome> {
    let mut cluster = Objects::default();
    insert(
        &mut cluster,
        &json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": "t", "namespace": "shop"}, "spec": {"metrics": metrics}}),
    );
    let rollout =
        json!({"metadata": {"name": "r"}, "spec": {"replicas": 10, "template": {}, "strategy": strategy}});
    play("Rollout", &rollout, &cluster)
}

fn canary(spec: Value) -> Outcome {
    play("Canary", &spec, &Objects::default()).remove(1)
}

fn play(kind: &str, object: &Value, cluster: &Objects) -> Vec<Outcome> {
    let plan =
        read_plan(kind, &object.to_string(), "shop", cluster).expect("a kind with a plan").expect("a plan");
    let timeline = play_good(&plan);
    outcomes(&plan, &timeline, &[Signal::ErrorRate, Signal::Latency], false)
}

fn insert(cluster: &mut Objects, object: &Value) {
    cluster.insert(RawValue::from_string(object.to_string()).expect("JSON")).expect("an object");
}

/// Steps behind an Istio router, with a background analysis.
fn routed(steps: Value, background: Value) -> Value {
    let mut canary = json!({"steps": steps, "trafficRouting": {"istio": {}}});
    merge(&mut canary, &background);
    json!({"canary": canary})
}

fn background(more: &Value) -> Value {
    let mut analysis = json!({"templates": [{"templateName": "t"}]});
    merge(&mut analysis, more);
    json!({"analysis": analysis})
}

fn inline() -> Value {
    json!({"analysis": {"templates": [{"templateName": "t"}]}})
}

fn end(outcome: &Outcome) -> (End, f64, f64, f64) {
    (outcome.end, outcome.seconds, outcome.peak_weight, outcome.exposure)
}

#[test]
fn a_background_analysis_fails_after_one_more_than_its_limit() {
    let steps = json!([{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {"duration": 300}}]);
    let metrics = json!([errors(&json!({"interval": "1m", "failureLimit": 2}))]);
    let outcomes = rollout(routed(steps, background(&json!({}))), metrics);
    // The measurement at the very start sees no request; those after 60, 120 and 180 s fail.
    assert_eq!(end(&outcomes[1]), (End::RolledBack, 180.0, 10.0, 30.0));
    assert!(
        matches!(outcomes[1].cause, Some(Cause::Metric { since_first_failing, .. }) if since_first_failing == 120.0)
    );
    // Ten minutes of stages, and nobody looks at latency.
    assert_eq!(end(&outcomes[2]), (End::Promoted, 600.0, 100.0, 300.0));
}

#[test]
fn an_initial_delay_and_a_late_start_put_the_rollback_off() {
    let steps = json!([{"setWeight": 20}, {"pause": {"duration": "2m"}}, {"setWeight": 40}, {"pause": {"duration": "10m"}}]);
    let metrics = json!([errors(&json!({"interval": "1m", "initialDelay": "30s"}))]);
    let outcomes = rollout(routed(steps, background(&json!({"startingStep": 2}))), metrics);
    // Two minutes at 20, then half a minute at 40.
    assert_eq!(end(&outcomes[1]), (End::RolledBack, 150.0, 40.0, 60.0));
}

#[test]
fn an_inline_analysis_holds_the_stage_until_it_has_failed() {
    let steps = json!([{"setWeight": 10}, inline(), {"setWeight": 50}]);
    let metrics = json!([errors(&json!({"interval": "30s", "count": 5, "failureLimit": 1}))]);
    let outcomes = rollout(routed(steps, json!({})), metrics);
    assert_eq!(end(&outcomes[1]), (End::RolledBack, 30.0, 10.0, 5.0));
    // Five measurements, the first at once: two minutes.
    assert_eq!(end(&outcomes[2]).1, 120.0);
}

#[test]
fn one_measurement_before_the_first_request_sees_nothing() {
    let steps = json!([{"setWeight": 10}, {"pause": {"duration": "5m"}}]);
    let outcomes = rollout(routed(steps, background(&json!({}))), json!([errors(&json!({}))]));
    assert_eq!(outcomes[1].end, End::Promoted);
}

#[test]
fn a_count_that_is_reached_ends_the_watch() {
    let steps = json!([{"setWeight": 10}, {"pause": {"duration": "5m"}}]);
    let reached = json!([errors(&json!({"interval": "1m", "count": 2, "failureLimit": 1}))]);
    assert_eq!(rollout(routed(steps.clone(), background(&json!({}))), reached)[1].end, End::Promoted);
    let enough = json!([errors(&json!({"interval": "1m", "count": 3, "failureLimit": 1}))]);
    assert_eq!(rollout(routed(steps, background(&json!({}))), enough)[1].end, End::RolledBack);
}

#[test]
fn promotion_wins_over_an_analysis_that_is_not_done() {
    let metrics = json!([errors(&json!({"interval": "1m", "failureLimit": 4}))]);
    let steps = |pause: &str| json!([{"setWeight": 10}, {"pause": {"duration": pause}}]);
    // It would fail after 300 s.
    assert_eq!(rollout(routed(steps("5m"), background(&json!({}))), metrics.clone())[1].end, End::Promoted);
    assert_eq!(rollout(routed(steps("301s"), background(&json!({}))), metrics)[1].end, End::RolledBack);
}

#[test]
fn a_pause_without_end_waits_unless_something_watches() {
    let steps = json!([{"setWeight": 10}, {"pause": {}}, inline()]);
    let metrics = json!([errors(&json!({"interval": "1m", "count": 3}))]);
    let unwatched = rollout(routed(steps.clone(), json!({})), metrics);
    assert_eq!((unwatched[1].end, unwatched[1].seconds), (End::Waits, 0.0));
    let endless = json!([errors(&json!({"interval": "1m"}))]);
    let watched = rollout(routed(json!([{"setWeight": 10}, {"pause": {}}]), background(&json!({}))), endless);
    assert_eq!(watched[1].end, End::RolledBack);
}

#[test]
fn an_inconclusive_metric_pauses_before_another_one_fails() {
    let steps = json!([{"setWeight": 10}, inline()]);
    let gap = metric(
        "gap",
        LATENCY,
        "len(result) > 0 && result[0] < 0.5",
        &json!({
            "failureCondition": "len(result) == 0 || result[0] > 2", "interval": "1m", "count": 5,
        }),
    );
    let slow = metric(
        "slow",
        LATENCY,
        "len(result) > 0 && result[0] < 1",
        &json!({
            "interval": "1m", "count": 5, "failureLimit": 3,
        }),
    );
    let outcomes = rollout(routed(steps, json!({})), json!([slow, gap, errors(&json!({}))]));
    assert_eq!((outcomes[2].end, outcomes[2].seconds), (End::Waits, 0.0));
    // Errors fail at once, at the same moment: the worse verdict counts.
    assert_eq!(outcomes[0].end, End::RolledBack);
}

#[test]
fn weights_are_rounded_to_pods_without_a_router() {
    let metrics = json!([errors(&json!({"interval": "1m", "count": 2}))]);
    let strategy = json!({"canary": {"steps": [{"setWeight": 25}, inline()]}});
    // Ten replicas and a surge: three of eleven pods.
    let share = 100.0 * 3.0 / 11.0;
    assert!((rollout(strategy, metrics)[1].peak_weight - share).abs() < 1e-9);
}

#[test]
fn blue_green_is_stopped_before_the_switch_or_after_it() {
    let metrics = json!([errors(&json!({"interval": "1m", "count": 5, "failureLimit": 1}))]);
    let sides = json!({"activeService": "a", "previewService": "p"});
    let with = |more: Value| {
        let mut spec = sides.clone();
        merge(&mut spec, &more);
        rollout(json!({"blueGreen": spec}), metrics.clone())[1].clone()
    };
    let templates = json!({"templates": [{"templateName": "t"}]});
    assert_eq!(end(&with(json!({"prePromotionAnalysis": templates}))), (End::RolledBack, 60.0, 0.0, 0.0));
    assert_eq!(
        end(&with(json!({"postPromotionAnalysis": templates}))),
        (End::RolledBack, 60.0, 100.0, 100.0)
    );
    assert_eq!(with(json!({"autoPromotionEnabled": false})).end, End::Waits);
    assert_eq!(
        with(json!({"autoPromotionEnabled": false, "prePromotionAnalysis": templates})).end,
        End::RolledBack
    );
    assert_eq!(with(json!({})).end, End::Promoted);
    assert_eq!(with(json!({"prePromotionAnalysis": {"templates": []}})).end, End::Waits);
}

fn flagger(analysis: Value) -> Value {
    let mut whole = json!({
        "interval": "1m", "threshold": 5,
        "metrics": [{"name": "request-success-rate", "thresholdRange": {"min": 99}}],
    });
    merge(&mut whole, &analysis);
    json!({"metadata": {"name": "c"}, "spec": {"targetRef": {"kind": "Service", "name": "s"}, "analysis": whole}})
}

#[test]
fn flagger_rolls_back_one_interval_after_the_threshold() {
    let outcome = canary(flagger(json!({"stepWeight": 10, "maxWeight": 50})));
    // Failed checks after 60 … 300 s, all at the first weight; the counter is tested after 360 s.
    assert_eq!(end(&outcome), (End::RolledBack, 360.0, 10.0, 60.0));
    assert!(
        matches!(outcome.cause, Some(Cause::Metric { since_first_failing, .. }) if since_first_failing == 300.0)
    );
}

#[test]
fn flagger_promotes_what_its_metrics_do_not_see() {
    let spec = flagger(json!({"stepWeight": 20, "maxWeight": 50}));
    let latency = play("Canary", &spec, &Objects::default()).remove(2);
    // 20, 40 and 60: the largest weight is a trigger, not a cap.
    assert_eq!(end(&latency), (End::Promoted, 180.0, 100.0, 120.0));
}

#[test]
fn flagger_takes_no_threshold_as_one_and_short_intervals_as_ten_seconds() {
    let outcome = canary(flagger(json!({"stepWeight": 10, "threshold": 0, "interval": "1s"})));
    assert_eq!((outcome.end, outcome.seconds), (End::RolledBack, 20.0));
}

#[test]
fn flagger_blue_green_keeps_live_requests_away_until_its_iterations_are_over() {
    let outcome = canary(flagger(json!({"iterations": 10})));
    assert_eq!(end(&outcome), (End::RolledBack, 360.0, 0.0, 0.0));
    let unseen = play("Canary", &flagger(json!({"iterations": 10})), &Objects::default()).remove(2);
    assert_eq!(end(&unseen), (End::Promoted, 660.0, 100.0, 100.0));
}

#[test]
fn flagger_checks_once_more_after_its_iterations_where_nothing_routes() {
    let mut spec = flagger(json!({"iterations": 10}));
    spec["spec"]["provider"] = "kubernetes".into();
    let unseen = play("Canary", &spec, &Objects::default()).remove(2);
    assert_eq!(end(&unseen), (End::Promoted, 660.0, 100.0, 0.0));
}

#[test]
fn flagger_tries_a_smoke_test_before_the_first_weight_as_often_as_a_check() {
    let smoke = json!([{"name": "smoke", "type": "pre-rollout", "url": "http://tester/"}]);
    let mut spec = flagger(json!({"stepWeight": 10, "threshold": 3, "webhooks": smoke}));
    spec["metadata"]["annotations"] = json!({"rollgate.dev/signals": "smoke=error-rate"});
    let outcome = canary(spec.clone());
    // It fails after 0, 60 and 120 s; the counter is tested after 180 s.
    assert_eq!(end(&outcome), (End::RolledBack, 180.0, 0.0, 0.0));
    // One that passes is not asked again.
    let latency = play("Canary", &spec, &Objects::default()).remove(2);
    assert_eq!(end(&latency), (End::Promoted, 600.0, 100.0, 550.0));
}

#[test]
fn flagger_without_analysis_goes_straight_to_everyone() {
    let mut spec = flagger(json!({"stepWeight": 10}));
    spec["spec"]["skipAnalysis"] = true.into();
    assert_eq!(canary(spec).end, End::Promoted);
    let mut suspended = flagger(json!({"stepWeight": 10}));
    suspended["spec"]["suspend"] = true.into();
    assert_eq!(canary(suspended).end, End::Waits);
}

#[test]
fn people_take_a_day_to_approve_a_release_without_fault() {
    let rollout = json!({"spec": {"strategy": {"canary": {"trafficRouting": {"istio": {}}, "steps": [
        {"setWeight": 5}, {"pause": {"duration": "1m"}}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1m"}},
    ]}}}});
    let plan = read_plan("Rollout", &rollout.to_string(), "shop", &Objects::default());
    let timeline = play_good(&plan.expect("a kind with a plan").expect("a plan"));
    assert_eq!(timeline.promoted_at, Some(86_520.0));
}
