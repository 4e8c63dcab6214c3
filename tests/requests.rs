//! What people, pipelines and controllers really send, as the API server passes it on: each request an old and a
//! new object that differ in a small patch. The objects are the canonical ones, stored and in mid-release.

use rollgate_policy::cluster::{Cluster, Kind, Objects, Unreadable};
use rollgate_policy::protocol;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// 2026-12-01T12:00:00Z.
const NOW: i64 = 1_796_126_400;

const DEV: &str = "dev@example.com";
const DASHBOARD: &str = "system:serviceaccount:argo-rollouts:argo-rollouts-dashboard";
const ARGO_CD: &str = "system:serviceaccount:argocd:argocd-server";
const ARGO_ROLLOUTS: &str = "system:serviceaccount:argo-rollouts:argo-rollouts";
const FLAGGER: &str = "system:serviceaccount:istio-system:flagger";
const GARBAGE_COLLECTOR: &str = "system:serviceaccount:kube-system:generic-garbage-collector";
const AUTOSCALER: &str = "system:serviceaccount:kube-system:horizontal-pod-autoscaler";

fn stored() -> Vec<Value> {
    serde_json::from_str(include_str!("requests/objects.json")).expect("JSON")
}

fn object(kind: &str, name: &str) -> Value {
    let mut objects = stored().into_iter();
    let found = objects.find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// At the pause of ten minutes that follows 25 %.
fn canary() -> Value {
    object("Rollout", "payments")
}

/// Before the switch, its pre-promotion analysis running.
fn blue_green() -> Value {
    object("Rollout", "payments-ledger")
}

/// A JSON merge patch (RFC 7386), as `kubectl patch --type merge` sends it.
fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            target.as_object_mut().expect("an object").remove(key);
        } else {
            merge(&mut target[key], value);
        }
    }
}

fn patched(object: &Value, patch: &Value) -> Value {
    let mut object = object.clone();
    merge(&mut object, patch);
    object
}

/// A cluster with these objects, in which both controllers run.
fn cluster(objects: Vec<Value>) -> Objects {
    cluster_with_controllers(objects, 1)
}

/// A cluster with these objects, and so many available replicas of both controllers.
fn cluster_with_controllers(objects: Vec<Value>, replicas: u32) -> Objects {
    let mut cluster = Objects::default();
    let controllers = ["argo-rollouts", "flagger"].map(|name| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "status": {"availableReplicas": replicas},
            "metadata": {"name": name, "namespace": name, "labels": {"app.kubernetes.io/name": name}}})
    });
    for object in objects.into_iter().chain(controllers) {
        cluster.insert(RawValue::from_string(object.to_string()).expect("JSON")).expect("an object");
    }
    cluster
}

/// A cluster nobody can ask.
struct Silent;

impl Cluster for Silent {
    fn get(&self, _: Kind, _: Option<&str>, _: &str) -> Result<Option<String>, Unreadable> {
        Err(Unreadable("no route to host".to_owned()))
    }

    fn list(&self, _: Kind, _: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        Err(Unreadable("no route to host".to_owned()))
    }

    fn list_labelled(&self, _: Kind, _: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        Err(Unreadable("no route to host".to_owned()))
    }
}

/// An act on an object.
#[derive(Clone)]
struct Act {
    operation: &'static str,
    sub_resource: &'static str,
    old: Value,
    new: Value,
}

fn create(new: Value) -> Act {
    Act { operation: "CREATE", sub_resource: "", old: Value::Null, new }
}

fn update(old: &Value, patch: &Value) -> Act {
    Act { operation: "UPDATE", sub_resource: "", old: old.clone(), new: patched(old, patch) }
}

fn status(old: &Value, patch: &Value) -> Act {
    Act { sub_resource: "status", ..update(old, &json!({"status": patch})) }
}

fn delete(old: &Value) -> Act {
    Act { operation: "DELETE", sub_resource: "", old: old.clone(), new: Value::Null }
}

/// `kubectl scale` of an object, whatever it is.
fn scale(object: &Value, replicas: u32) -> Act {
    let scale = |replicas: &Value| {
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": object["metadata"]["name"], "namespace": "shop"}, "spec": {"replicas": replicas}})
    };
    let (old, new) = (scale(&object["spec"]["replicas"]), scale(&json!(replicas)));
    Act { operation: "UPDATE", sub_resource: "scale", old, new }
}

impl Act {
    /// The answer to the act by `user`, with every object of the world in the cluster.
    fn by(&self, user: &str) -> Answer {
        self.with(user, &cluster(stored()), &json!({}))
    }

    fn with(&self, user: &str, cluster: &dyn Cluster, settings: &Value) -> Answer {
        let object = if self.new.is_null() { &self.old } else { &self.new };
        let api_version = object["apiVersion"].as_str().expect("an apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = object["kind"].as_str().expect("a kind");
        // A Scale is asked of another kind's resource.
        let plural =
            if kind == "Scale" { "rollouts".to_owned() } else { format!("{}s", kind.to_lowercase()) };
        let kind = json!({"group": group, "version": version, "kind": kind});
        let resource = json!({"group": group, "version": version, "resource": plural});
        let mut request = json!({
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "requestKind": kind,
            "resource": resource, "requestResource": resource, "name": object["metadata"]["name"],
            "namespace": "shop", "operation": self.operation, "dryRun": false, "object": self.new,
            "oldObject": self.old, "options": {"apiVersion": "meta.k8s.io/v1", "kind": "UpdateOptions"},
            "userInfo": {"username": user, "uid": "014fbff9", "groups": ["system:authenticated"], "extra": {}},
        });
        if !self.sub_resource.is_empty() {
            request["subResource"] = json!(self.sub_resource);
            request["requestSubResource"] = json!(self.sub_resource);
        }
        let payload = json!({"request": request, "settings": settings}).to_string();
        Answer(serde_json::from_slice(&protocol::validate(payload.as_bytes(), NOW, cluster)).expect("JSON"))
    }

    /// Holds the act, by people and pipelines, to a verdict: the rules that deny it, none when it is accepted.
    fn is_denied_by(&self, rules: &str) {
        for user in [DEV, DASHBOARD, ARGO_CD, "system:serviceaccount:shop:argo-rollouts"] {
            let answer = self.by(user);
            assert_eq!(answer.rules("denied-by"), rules, "{user}: {}", answer.0);
            assert_eq!(answer.accepted(), rules.is_empty(), "{user}: {}", answer.0);
        }
    }

    /// Denied to people and pipelines, and left to the controller, whose own act it is.
    fn is_denied_but_to(&self, controller: &str, rules: &str) {
        self.is_denied_by(rules);
        assert_eq!(self.by(controller).0, json!({"accepted": true}));
    }

    fn is_accepted(&self) {
        self.is_denied_by("");
    }
}

struct Answer(Value);

impl Answer {
    fn accepted(&self) -> bool {
        self.0["accepted"].as_bool().expect("a verdict")
    }

    /// The rules that deny, or warn.
    fn rules(&self, key: &str) -> &str {
        self.0["audit_annotations"][key].as_str().unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }
}

fn owned(kind: &str, name: &str, owner: (&str, &str), rest: &Value) -> Value {
    let api_version = match kind {
        "ReplicaSet" => "apps/v1",
        _ => "argoproj.io/v1alpha1",
    };
    let run = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop",
        "labels": {"rollouts-pod-template-hash": "7c5d", "rollout-type": "Background"},
        "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": owner.0, "name": owner.1,
            "uid": "1", "controller": true, "blockOwnerDeletion": true}]}});
    patched(&run, rest)
}

fn analysis_run() -> Value {
    owned(
        "AnalysisRun",
        "payments-7c5d-2",
        ("Rollout", "payments"),
        &json!({
            "spec": {"metrics": [{"name": "error-rate", "provider": {"prometheus": {"query": "q"}}}]},
            "status": {"phase": "Running", "metricResults": [{"name": "error-rate", "failed": 1}]},
        }),
    )
}

fn experiment() -> Value {
    owned(
        "Experiment",
        "payments-7c5d-2-0",
        ("Rollout", "payments"),
        &json!({
            "spec": {"duration": "10m", "templates": []}, "status": {"phase": "Running"},
        }),
    )
}

fn service(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": "payments", "rollouts-pod-template-hash": "5f9b"},
            "ports": [{"port": 80}]}})
}

fn virtual_service(name: &str) -> Value {
    json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"hosts": ["payments"], "http": [{"name": "primary", "route": [
            {"destination": {"host": "payments"}, "weight": 75},
            {"destination": {"host": "payments-canary"}, "weight": 25}]}]}})
}

/// The same with other weights.
fn shifted() -> Value {
    json!({"spec": {"http": [{"name": "primary", "route": [
        {"destination": {"host": "payments"}, "weight": 0},
        {"destination": {"host": "payments-canary"}, "weight": 100}]}]}})
}

fn step(pause: &Value) -> Value {
    json!({"spec": {"strategy": {"canary": {"steps": [
        {"setWeight": 10}, {"pause": {"duration": "10m"}}, {"setWeight": 25}, {"pause": pause}]}}}})
}

/// In the middle of an analysis that is a step.
fn at_analysis_step() -> Value {
    patched(
        &canary(),
        &json!({"status": {"pauseConditions": null, "controllerPause": false,
        "currentStepIndex": 8, "phase": "Progressing", "message": null,
        "canary": {"currentStepAnalysisRunStatus": {"name": "payments-7c5d-2-8", "status": "Running"}}}}),
    )
}

fn inconclusive() -> Value {
    patched(
        &at_analysis_step(),
        &json!({"status": {"controllerPause": true,
        "pauseConditions": [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-12-01T11:55:00Z"}],
        "canary": {"currentStepAnalysisRunStatus": {"status": "Inconclusive"}}}}),
    )
}

fn aborted() -> Value {
    patched(
        &canary(),
        &json!({"status": {"abort": true, "abortedAt": "2026-12-01T11:58:00Z",
        "pauseConditions": null, "controllerPause": false, "currentStepIndex": 0, "phase": "Degraded"}}),
    )
}

/// Nothing under way.
fn idle(rollout: &Value) -> Value {
    patched(
        rollout,
        &json!({"status": {"currentPodHash": "5f9b", "stableRS": "5f9b", "phase": "Healthy",
        "pauseConditions": null, "controllerPause": null, "currentStepIndex": 9}}),
    )
}

#[test]
fn scaling_is_never_in_the_way() {
    for rollout in [canary(), blue_green(), idle(&canary())] {
        for replicas in [0, 3, 40] {
            scale(&rollout, replicas).is_accepted();
            update(&rollout, &json!({"spec": {"replicas": replicas}})).is_accepted();
        }
    }
    let deployment = object("Deployment", "payments-api");
    let primary = patched(&deployment, &json!({"metadata": {"name": "payments-api-primary"}}));
    scale(&primary, 12).is_accepted();
    assert!(scale(&primary, 12).by(AUTOSCALER).accepted());
    update(&deployment, &json!({"spec": {"replicas": 12}})).is_accepted();
}

#[test]
fn the_plugin_aborts_and_retries() {
    for rollout in [canary(), blue_green(), at_analysis_step(), inconclusive(), idle(&canary())] {
        status(&rollout, &json!({"abort": true})).is_accepted();
    }
    status(&aborted(), &json!({"abort": false})).is_accepted();
    status(&aborted(), &json!({"abort": null})).is_accepted();
    // An abort does not cover for anything else.
    status(&canary(), &json!({"abort": true, "promoteFull": true})).is_denied_by("no-skip");
}

#[test]
fn the_plugin_promotes_where_the_plan_waits_for_somebody() {
    let gate = patched(&canary(), &step(&json!({})));
    let resumed = status(&gate, &json!({"pauseConditions": null}));
    resumed.is_accepted();
    assert_eq!(resumed.by(DEV).rules("warned-by"), "");
    let manual = patched(
        &blue_green(),
        &json!({"spec": {"strategy": {"blueGreen": {"autoPromotionEnabled": false}}}}),
    );
    let resumed = status(&manual, &json!({"pauseConditions": null}));
    resumed.is_accepted();
    assert_eq!(resumed.by(DEV).rules("warned-by"), "");
}

#[test]
fn to_promote_at_a_timed_pause_cuts_it_short() {
    for rollout in [canary(), blue_green()] {
        let resumed = status(&rollout, &json!({"pauseConditions": null}));
        resumed.is_accepted();
        let answer = resumed.by(DEV);
        assert_eq!(answer.rules("warned-by"), "no-skip", "{}", answer.0);
        assert_eq!(resumed.by(ARGO_ROLLOUTS).0, json!({"accepted": true}));
    }
}

#[test]
fn the_plugin_skips_nothing() {
    for (rollout, patch) in [
        // promote, while an analysis is running
        (at_analysis_step(), json!({"pauseConditions": null, "currentStepIndex": 9})),
        // promote, when one came to no conclusion
        (inconclusive(), json!({"pauseConditions": null, "controllerPause": false, "currentStepIndex": 9})),
        (inconclusive(), json!({"pauseConditions": null})),
        (inconclusive(), json!({"pauseConditions": []})),
        (inconclusive(), json!({"pauseConditions": null, "abort": true})),
        // promote --skip-current-step, --skip-all-steps
        (canary(), json!({"currentStepIndex": 4})),
        (canary(), json!({"currentStepIndex": 9})),
        (patched(&canary(), &json!({"status": {"currentStepIndex": null}})), json!({"currentStepIndex": 1})),
        // promote --full
        (canary(), json!({"promoteFull": true})),
        (blue_green(), json!({"promoteFull": true})),
        (idle(&canary()), json!({"promoteFull": true})),
    ] {
        status(&rollout, &patch).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    }
    // Back is no skip.
    status(&canary(), &json!({"currentStepIndex": 0})).is_accepted();
    status(&canary(), &json!({"promoteFull": false, "controllerPause": false})).is_accepted();
}

#[test]
fn a_status_is_not_forged() {
    for patch in [
        json!({"stableRS": "7c5d"}),
        json!({"stableRS": null}),
        json!({"currentPodHash": "5f9b"}),
        json!({"currentStepHash": "0000"}),
        json!({"phase": "Healthy"}),
        json!({"controllerPause": true, "pauseConditions": [
            {"reason": "CanaryPauseStep", "startTime": "2026-12-01T00:00:00Z"}]}),
        json!({"canary": {"currentBackgroundAnalysisRunStatus": {"name": "another"}}}),
        json!({"canary": {"currentBackgroundAnalysisRunStatus": null}}),
        json!({"blueGreen": {"activeSelector": "7c5d"}}),
        json!({"abort": true, "abortedAt": "2026-12-01T11:58:00Z", "stableRS": "7c5d"}),
    ] {
        status(&canary(), &patch).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    }
    // A pause that somebody sets counts as one that somebody has ended.
    let running = at_analysis_step();
    status(&running, &json!({"controllerPause": true})).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    status(&canary(), &json!({})).is_accepted();
    status(&canary(), &json!({"message": "on hold"})).is_accepted();
    let canary = object("Canary", "payments-api");
    for patch in [json!({"failedChecks": -100}), json!({"phase": "Promoting"}), json!({"iterations": 11})] {
        status(&canary, &patch).is_denied_but_to(FLAGGER, "no-skip");
    }
    status(&canary, &json!({})).is_accepted();
}

#[test]
fn the_plugin_changes_restarts_and_creates_rollouts() {
    let image = |tag: &str| {
        let mut rollout = canary();
        let digest = "0".repeat(64);
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!(format!("registry.example.com/shop/payments:{tag}@sha256:{digest}"));
        rollout
    };
    // set image sends the whole object; undo replaces the template.
    for tag in ["2.15.0", "2.13.0"] {
        Act { new: image(tag), ..update(&canary(), &json!({})) }.is_accepted();
    }
    update(&canary(), &json!({"spec": {"restartAt": "2026-12-01T12:00:00Z"}})).is_accepted();
    create(patched(&canary(), &json!({"status": null}))).is_accepted();
    // Nobody sets another image and takes the analysis along.
    let bare = json!({"spec": {"strategy": {"canary": {"analysis": null, "steps": null}}}});
    let answer = Act { new: patched(&image("2.15.0"), &bare), ..update(&canary(), &json!({})) }.by(DEV);
    assert!(!answer.accepted() && !answer.rules("denied-by").contains("no-skip"), "{}", answer.0);
}

#[test]
fn a_release_needs_its_controller() {
    let renewed = create(patched(&canary(), &json!({"status": null})));
    let answer = renewed.with(DEV, &cluster_with_controllers(stored(), 0), &json!({}));
    assert_eq!(answer.rules("denied-by"), "controller-installed", "{}", answer.0);
    // Without an answer it is a warning, or what the settings say.
    assert!(renewed.with(DEV, &Silent, &json!({})).rules("warned-by").contains("controller-installed"));
    let answer = renewed.with(DEV, &Silent, &json!({"context": "required"}));
    assert!(answer.rules("denied-by").contains("controller-installed"), "{}", answer.0);
}

#[test]
fn an_irreversible_change_is_approved_when_it_is_released() {
    let strict = json!({"profile": "strict"});
    let declared = |approver: &str| {
        json!({"status": null, "metadata": {"annotations": {"rollgate.dev/irreversible": "drops a column",
            "rollgate.dev/irreversible-approved-by": approver}}})
    };
    let denied = |act: Act| act.with(DEV, &cluster(stored()), &strict).rules("denied-by").to_owned();
    assert_eq!(denied(create(patched(&canary(), &declared("lead@example.com")))), "");
    assert_eq!(denied(create(patched(&canary(), &declared(DEV)))), "irreversible-change");
    // Another way to deliver the same pods makes no such change again.
    let unapproved = patched(&canary(), &declared(""));
    let delivery = json!({"spec": {"strategy": {"canary": {"abortScaleDownDelaySeconds": 90}}}});
    assert_eq!(denied(update(&unapproved, &delivery)), "");
}

#[test]
fn a_rollout_is_not_paused_in_mid_release() {
    let pause = json!({"spec": {"paused": true}});
    update(&canary(), &pause).is_denied_but_to(ARGO_ROLLOUTS, "keep-guardrails");
    update(&blue_green(), &pause).is_denied_by("keep-guardrails");
    update(&idle(&canary()), &pause).is_accepted();
    let paused = patched(&canary(), &pause);
    update(&paused, &json!({"metadata": {"labels": {"team": "shop"}}})).is_accepted();
    update(&paused, &json!({"spec": {"paused": false}})).is_accepted();
}

#[test]
fn a_rollout_is_not_taken_from_its_controller() {
    let label =
        json!({"metadata": {"labels": {"argo-rollouts.argoproj.io/controller-instance-id": "other"}}});
    update(&canary(), &label).is_denied_by("keep-guardrails");
    update(&idle(&canary()), &label).is_denied_by("keep-guardrails");
    update(&patched(&canary(), &json!({"spec": {"replicas": 0}})), &label).is_accepted();
}

#[test]
fn a_rollout_is_scaled_down_before_it_is_deleted() {
    delete(&canary()).is_denied_by("keep-guardrails");
    delete(&patched(&canary(), &json!({"spec": {"replicas": null}}))).is_denied_by("keep-guardrails");
    delete(&patched(&canary(), &json!({"spec": {"replicas": 0}}))).is_accepted();
    assert!(delete(&canary()).by(GARBAGE_COLLECTOR).accepted());
    let exempted = patched(
        &canary(),
        &json!({"metadata": {"annotations": {
        "rollgate.dev/exempt": "keep-guardrails", "rollgate.dev/justification": "INC-4211: moved to another cluster",
        "rollgate.dev/approved-by": "release-lead@example.com", "rollgate.dev/expires": "2026-12-01T18:00:00Z"}}}),
    );
    let answer = delete(&exempted).by(DEV);
    assert!(answer.accepted() && answer.rules("warned-by") == "keep-guardrails", "{}", answer.0);
    assert!(!delete(&exempted).by("release-lead@example.com").accepted());
}

#[test]
fn runs_of_a_release_are_left_alone() {
    let run = analysis_run();
    for patch in [
        json!({"spec": {"terminate": true}}),
        json!({"spec": {"metrics": []}}),
        json!({"status": {"phase": "Successful"}}),
        json!({"status": null}),
        json!({"metadata": {"ownerReferences": null}}),
        json!({"metadata": {"labels": {"rollouts-pod-template-hash": "5f9b"}}}),
        json!({"metadata": {"labels": {"argo-rollouts.argoproj.io/controller-instance-id": "other"}}}),
    ] {
        update(&run, &patch).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    }
    update(
        &run,
        &json!({"metadata": {"labels": {"team": "shop"}, "annotations": {"a": "b"}, "finalizers": ["f"]}}),
    )
    .is_accepted();
    delete(&run).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    for phase in ["Successful", "Failed", "Error", "Inconclusive"] {
        delete(&patched(&run, &json!({"status": {"phase": phase}}))).is_accepted();
    }
    update(&experiment(), &json!({"spec": {"terminate": true}})).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    // Of one that nothing else ends, a person does.
    let open = patched(&experiment(), &json!({"spec": {"duration": null}}));
    update(&open, &json!({"spec": {"terminate": true}})).is_accepted();
    update(&open, &json!({"spec": {"templates": [{}]}})).is_denied_by("no-skip");
    let awaited = patched(&open, &json!({"spec": {"analyses": [{"requiredForCompletion": true}]}}));
    update(&awaited, &json!({"spec": {"terminate": true}})).is_denied_by("no-skip");
    // retry experiment
    let failed = patched(&experiment(), &json!({"status": {"phase": "Failed"}}));
    update(&failed, &json!({"status": null})).is_accepted();
    let of_experiment = owned("AnalysisRun", "b", ("Experiment", "a"), &json!({"spec": {"metrics": []}}));
    update(&of_experiment, &json!({"spec": {"terminate": true}})).is_denied_by("no-skip");
    // What nobody waits for decides nothing.
    let alone = patched(&run, &json!({"metadata": {"ownerReferences": null}}));
    update(&alone, &json!({"spec": {"terminate": true}})).is_accepted();
    delete(&alone).is_accepted();
    create(alone).is_accepted();
    // The controller takes one that it would have made for its own.
    create(run).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
    create(experiment()).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
}

#[test]
fn a_template_in_use_stays() {
    for name in ["request-signals", "smoke-check"] {
        let answer = delete(&object("AnalysisTemplate", name)).by(DEV);
        assert_eq!(answer.rules("denied-by"), "keep-guardrails", "{}", answer.0);
        assert!(answer.message().contains("Rollout shop/payments"), "{}", answer.0);
    }
    delete(&object("MetricTemplate", "latency-p95")).is_denied_by("keep-guardrails");
    let unused =
        patched(&object("AnalysisTemplate", "smoke-check"), &json!({"metadata": {"name": "unused"}}));
    delete(&unused).is_accepted();

    let template = object("AnalysisTemplate", "request-signals");
    let outer = patched(
        &template,
        &json!({"metadata": {"name": "outer"}, "spec": {"metrics": null, "templates": [{"templateName": "request-signals"}]}}),
    );
    let analysis =
        json!({"spec": {"strategy": {"canary": {"analysis": {"templates": [{"templateName": "outer"}]}}}}});
    let nested = patched(&canary(), &analysis);
    let scaled_to_0 = patched(&nested, &json!({"spec": {"replicas": 0}}));
    let elsewhere = json!({"scope": {"namespaces": {"include": ["*"]}, "workloads": {"a": "b"}}});
    let settings = json!({});
    for (rollout, settings, rules) in
        [(&nested, &settings, "keep-guardrails"), (&scaled_to_0, &settings, ""), (&nested, &elsewhere, "")]
    {
        let cluster = cluster(vec![rollout.clone(), outer.clone(), template.clone()]);
        let answer = delete(&template).with(DEV, &cluster, settings);
        assert_eq!(answer.rules("denied-by"), rules, "{}", answer.0);
        assert_eq!(answer.accepted(), rules.is_empty(), "{}", answer.0);
    }
}

#[test]
fn services_of_a_release_are_left_alone() {
    let fast_track = json!({"spec": {"selector": {"rollouts-pod-template-hash": null}}});
    let elsewhere = json!({"spec": {"selector": {"app": "other"}}});
    for name in ["payments", "payments-canary", "payments-ledger", "payments-ledger-preview"] {
        let service = service(name);
        update(&service, &fast_track).is_denied_but_to(ARGO_ROLLOUTS, "no-bypass");
        update(&service, &elsewhere).is_denied_by("no-bypass");
        update(&service, &json!({"spec": {"ports": [{"port": 8080}]}, "metadata": {"labels": {"a": "b"}}}))
            .is_accepted();
        delete(&service).is_denied_by("keep-guardrails");
        create(service).is_accepted();
    }
    for name in ["payments-api", "payments-api-primary", "payments-api-canary"] {
        update(&service(name), &elsewhere).is_denied_but_to(FLAGGER, "no-bypass");
        delete(&service(name)).is_denied_but_to(FLAGGER, "keep-guardrails");
    }
    for name in ["checkout", "payments-primary", "payments-api-other"] {
        update(&service(name), &elsewhere).is_accepted();
        delete(&service(name)).is_accepted();
    }
    let idle = cluster(vec![patched(&canary(), &json!({"spec": {"replicas": 0}}))]);
    assert!(update(&service("payments"), &elsewhere).with(DEV, &idle, &json!({})).accepted());
    let ungoverned = json!({"scope": {"workloads": {"team": "other"}}});
    assert!(update(&service("payments"), &elsewhere).with(DEV, &cluster(stored()), &ungoverned).accepted());
}

#[test]
fn a_service_that_is_released_itself_is_changed() {
    let target = json!({"spec": {"targetRef": {"kind": "Service"}}});
    let cluster = cluster(vec![patched(&object("Canary", "payments-api"), &target)]);
    let edit = |name| update(&service(name), &json!({"spec": {"selector": {"app": "v2"}}}));
    assert!(edit("payments-api").with(DEV, &cluster, &json!({})).accepted());
    assert!(!edit("payments-api-primary").with(DEV, &cluster, &json!({})).accepted());
}

#[test]
fn routes_of_a_release_are_left_alone() {
    for (name, controller) in [("payments", ARGO_ROLLOUTS), ("payments-api", FLAGGER)] {
        let route = virtual_service(name);
        update(&route, &shifted()).is_denied_but_to(controller, "no-bypass");
        update(&route, &json!({"spec": {"hosts": ["payments", "payments.example.com"]}})).is_accepted();
        delete(&route).is_denied_by("keep-guardrails");
    }
    let subset =
        |hash: &str| json!({"spec": {"subsets": [{"labels": {"rollouts-pod-template-hash": hash}}]}});
    let rule =
        patched(&virtual_service("payments"), &json!({"kind": "DestinationRule", "spec": {"http": null}}));
    update(&patched(&rule, &subset("5f9b")), &subset("7c5d")).is_denied_by("no-bypass");
    update(&virtual_service("checkout"), &shifted()).is_accepted();
    delete(&virtual_service("checkout")).is_accepted();
}

/// A Rollout with another router.
fn routed(routing: &Value) -> Objects {
    let mut rollout = canary();
    rollout["spec"]["strategy"]["canary"]["trafficRouting"] = routing.clone();
    cluster(vec![rollout])
}

#[test]
fn every_kind_of_route_is_known_by_its_owner() {
    let weighted = |api_version: &str, kind: &str, name: &str, weight: u32| {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"},
            "spec": {"rules": [{"backends": [{"name": "payments-canary", "weight": weight}]}]}})
    };
    for (routing, api_version, kind, name) in [
        (json!({"smi": {}}), "split.smi-spec.io/v1alpha2", "TrafficSplit", "payments"),
        (
            json!({"smi": {"trafficSplitName": "split"}}),
            "split.smi-spec.io/v1alpha2",
            "TrafficSplit",
            "split",
        ),
        (
            json!({"traefik": {"weightedTraefikServiceName": "w"}}),
            "traefik.io/v1alpha1",
            "TraefikService",
            "w",
        ),
        (json!({"apisix": {"route": {"name": "r"}}}), "apisix.apache.org/v2", "ApisixRoute", "r"),
        (json!({"ambassador": {"mappings": ["m"]}}), "getambassador.io/v2", "Mapping", "m-canary"),
        (json!({"ambassador": {"mappings": ["m"]}}), "x.getambassador.io/v3alpha1", "AmbassadorMapping", "m"),
        (
            json!({"appMesh": {"virtualService": {"virtualRouter": {"name": "r"}}}}),
            "appmesh.k8s.aws/v1beta2",
            "VirtualRouter",
            "r",
        ),
        (
            json!({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "h", "namespace": "shop"}}}),
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            "h",
        ),
        (
            json!({"istio": {"virtualServices": [{"name": "v.shop"}]}}),
            "networking.istio.io/v1",
            "VirtualService",
            "v",
        ),
    ] {
        let old = weighted(api_version, kind, name, 25);
        let shift = update(&old, &weighted(api_version, kind, name, 100));
        let answer = shift.with(DEV, &routed(&routing), &json!({}));
        assert_eq!(answer.rules("denied-by"), "no-bypass", "{kind}: {}", answer.0);
        assert!(shift.with(DEV, &routed(&json!({"istio": {}})), &json!({})).accepted(), "{kind}");
        assert!(shift.with(ARGO_ROLLOUTS, &routed(&routing), &json!({})).accepted(), "{kind}");
        let answer = delete(&old).with(DEV, &routed(&routing), &json!({}));
        assert_eq!(answer.rules("denied-by"), "keep-guardrails", "{kind}: {}", answer.0);
    }
}

#[test]
fn an_ingress_divides_traffic_in_annotations() {
    let ingress = |name: &str| {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name,
            "namespace": "shop", "annotations": {"nginx.ingress.kubernetes.io/canary-weight": "25"}}, "spec": {}})
    };
    let shift = json!({"metadata": {"annotations": {"nginx.ingress.kubernetes.io/canary-weight": "100"}}});
    let nginx = routed(&json!({"nginx": {"stableIngress": "web"}}));
    let flagger = json!({"spec": {"provider": "nginx", "ingressRef": {"kind": "Ingress", "name": "web"}}});
    let flagger = cluster(vec![patched(&object("Canary", "payments-api"), &flagger)]);
    for (cluster, name) in [(&nginx, "payments-web-canary"), (&flagger, "web-canary")] {
        let answer = update(&ingress(name), &shift).with(DEV, cluster, &json!({}));
        assert_eq!(answer.rules("denied-by"), "no-bypass", "{}", answer.0);
        let certificate = json!({"metadata": {"annotations": {"cert-manager.io/cluster-issuer": "a"}}});
        assert!(update(&ingress(name), &certificate).with(DEV, cluster, &json!({})).accepted());
    }
    assert!(update(&ingress("checkout"), &shift).with(DEV, &nginx, &json!({})).accepted());
    let alb = routed(&json!({"alb": {"ingress": "web", "rootService": "root", "servicePort": 80}}));
    let action = json!({"metadata": {"annotations": {"alb.ingress.kubernetes.io/actions.root": "{}"}}});
    assert!(!update(&ingress("web"), &action).with(DEV, &alb, &json!({})).accepted());
    assert!(!delete(&service("root")).with(DEV, &alb, &json!({})).accepted());
}

#[test]
fn replica_sets_of_a_rollout_stay() {
    let replica_set =
        |owner| owned("ReplicaSet", "payments-5f9b", (owner, "payments"), &json!({"spec": {"replicas": 8}}));
    delete(&replica_set("Rollout")).is_denied_but_to(ARGO_ROLLOUTS, "keep-guardrails");
    delete(&patched(&replica_set("Rollout"), &json!({"spec": {"replicas": 0}}))).is_accepted();
    delete(&replica_set("Deployment")).is_accepted();
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}}});
    update(&replica_set("Rollout"), &image).is_denied_but_to(ARGO_ROLLOUTS, "no-bypass");
}

#[test]
fn a_canary_is_neither_suspended_nor_skipped_in_mid_release() {
    let canary = object("Canary", "payments-api");
    let suspend = json!({"spec": {"suspend": true}});
    for phase in ["Progressing", "Waiting", "WaitingPromotion", "Promoting", "Finalising"] {
        let answer = update(&patched(&canary, &json!({"status": {"phase": phase}})), &suspend).by(DEV);
        assert!(answer.rules("denied-by").contains("keep-guardrails"), "{}", answer.0);
    }
    let idle = patched(&canary, &json!({"status": {"phase": "Succeeded"}}));
    let answer = update(&idle, &suspend).by(DEV);
    assert!(!answer.rules("denied-by").contains("keep-guardrails"), "{}", answer.0);
    let answer = update(&idle, &json!({"spec": {"skipAnalysis": true}})).by(DEV);
    assert!(answer.rules("denied-by").contains("no-skip"), "{}", answer.0);
    // Flagger only ever changes finalizers here.
    assert!(
        update(&canary, &json!({"metadata": {"finalizers": ["finalizer.flagger.app"]}}))
            .by(FLAGGER)
            .accepted()
    );
}

#[test]
fn a_canary_outlives_its_target() {
    let canary = object("Canary", "payments-api");
    delete(&canary).is_denied_by("keep-guardrails");
    assert!(delete(&canary).with(DEV, &Objects::default(), &json!({})).accepted());
    delete(&object("Deployment", "payments-api")).is_accepted();
    let of_service = patched(&canary, &json!({"spec": {"targetRef": {"kind": "Service"}}}));
    let answer = delete(&of_service).by(DEV);
    assert!(answer.accepted() && answer.rules("warned-by") == "keep-guardrails", "{}", answer.0);
}

#[test]
fn a_primary_is_flaggers() {
    let target = object("Deployment", "payments-api");
    let primary = patched(&target, &json!({"metadata": {"name": "payments-api-primary"}}));
    delete(&primary).is_denied_but_to(FLAGGER, "keep-guardrails");
    let of_another_kind = patched(&primary, &json!({"kind": "DaemonSet"}));
    delete(&of_another_kind).is_accepted();
    delete(&patched(&target, &json!({"metadata": {"name": "checkout-primary"}}))).is_accepted();
    // kubectl rollout undo, kubectl rollout restart
    let template = json!({"spec": {"template": {"metadata": {"annotations": {
        "kubectl.kubernetes.io/restartedAt": "2026-12-01T12:00:00Z"}}}}});
    update(&primary, &template).is_denied_but_to(FLAGGER, "no-bypass");
    update(&target, &template).is_accepted();
    // The garbage collector deletes what has another owner, and asks nobody.
    let owned = |owner: &str| {
        json!({"metadata": {"ownerReferences": [
        {"kind": owner, "name": "payments-api", "uid": "1", "controller": owner == "Canary"}]}})
    };
    let primary = patched(&primary, &owned("Canary"));
    update(&primary, &owned("ConfigMap")).is_denied_but_to(FLAGGER, "no-bypass");
    update(&primary, &json!({"metadata": {"ownerReferences": null}})).is_denied_by("no-bypass");
    update(&primary, &json!({"metadata": {"labels": {"team": "shop"}, "finalizers": ["f"]}})).is_accepted();
    update(&target, &owned("ConfigMap")).is_accepted();
    assert!(create(primary).by(FLAGGER).accepted());
    assert!(update(&target, &json!({"spec": {"replicas": 0}})).by(FLAGGER).accepted());
}

#[test]
fn a_new_workload_may_come_before_its_governor() {
    let named = |kind: &str, governor: &str| {
        patched(
            &object("Deployment", "payments-api"),
            &json!({"kind": kind, "metadata": {"name": "orders", "annotations": {"rollgate.dev/governed-by": governor}}}),
        )
    };
    for (kind, governor, awaited) in [
        ("Deployment", "Canary/orders", true),
        ("Deployment", "Rollout/orders", true),
        ("DaemonSet", "Canary/orders", true),
        ("DaemonSet", "Rollout/orders", false),
        ("StatefulSet", "Canary/orders", false),
        ("Deployment", "Service/orders", false),
        ("Deployment", "Canary/", false),
        // It is there, and governs something else.
        ("Deployment", "Canary/payments-api", false),
    ] {
        let answer = create(named(kind, governor)).by(DEV);
        assert_eq!(answer.accepted(), awaited, "{kind} {governor}: {}", answer.0);
        assert_eq!(answer.rules("warned-by") == "no-bypass", awaited, "{kind} {governor}: {}", answer.0);
    }
    let other = json!({"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}});
    update(&named("Deployment", "Canary/orders"), &other).is_denied_by("no-bypass");
}

#[test]
fn a_restart_is_no_release() {
    let legacy = patched(&object("Deployment", "payments-api"), &json!({"metadata": {"name": "legacy"}}));
    let restart = json!({"spec": {"template": {"metadata": {"annotations": {
        "kubectl.kubernetes.io/restartedAt": "2026-12-01T12:00:00Z"}}}}});
    update(&legacy, &restart).is_accepted();
    let relabelled = json!({"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}});
    update(&legacy, &relabelled).is_denied_by("no-bypass");
}

#[test]
fn other_pods_of_a_target_are_a_release() {
    let target = object("Deployment", "payments-api");
    let container = |edit: Value| {
        let mut container = target["spec"]["template"]["spec"]["containers"][0].clone();
        merge(&mut container, &edit);
        update(&target, &json!({"spec": {"template": {"spec": {"containers": [container]}}}}))
    };
    container(json!({"image": "registry.example.com/shop/payments-api:5.4.0"})).is_accepted();
    container(json!({"image": "registry.example.com/shop/payments-api:latest"}))
        .is_denied_by("immutable-image");
    container(json!({"readinessProbe": null})).is_denied_by("smoke-verification");
    // It is released by a Canary that came in under an exemption, since expired.
    let release = container(json!({"image": "registry.example.com/shop/payments-api:5.4.0"}));
    let unanalysed = json!({"spec": {"analysis": {"metrics": null}}});
    let canary = patched(&object("Canary", "payments-api"), &unanalysed);
    let answer = release.with(DEV, &cluster(vec![canary, target.clone()]), &json!({}));
    assert!(answer.rules("denied-by").contains("analysis-signals"), "{}", answer.0);
    assert!(answer.message().contains("Canary shop/payments-api"), "{}", answer.0);
    // While it holds, who looks for exemptions finds it.
    let exemption = json!({"metadata": {"annotations": {
        "rollgate.dev/exempt": "analysis-signals, automatic-rollback", "rollgate.dev/justification": "INC-4211",
        "rollgate.dev/approved-by": "release-lead@example.com", "rollgate.dev/expires": "2026-12-01T18:00:00Z"}}});
    let canary = patched(&patched(&object("Canary", "payments-api"), &unanalysed), &exemption);
    let answer = release.with(DEV, &cluster(vec![canary, target.clone()]), &json!({}));
    assert!(answer.rules("warned-by").contains("analysis-signals"), "{}", answer.0);
    assert!(answer.rules("exempted").contains("INC-4211"), "{}", answer.0);
    // A Rollout that takes its pods from a Deployment is the same.
    let mut rollout = canary_of_deployment();
    let stopped = patched(&target, &json!({"spec": {"replicas": 0}}));
    let latest =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "a:latest"}]}}}});
    let world = |rollout: &Value| {
        let mut world = stored();
        world.retain(|object| object["kind"] != "Canary" && object["kind"] != "Rollout");
        world.push(rollout.clone());
        cluster(world)
    };
    let answer = update(&stopped, &latest).with(DEV, &world(&rollout), &json!({}));
    assert_eq!(answer.rules("denied-by"), "immutable-image,smoke-verification", "{}", answer.0);
    let label = json!({"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}});
    assert!(update(&stopped, &label).with(DEV, &world(&rollout), &json!({})).accepted());
    rollout["spec"]["workloadRef"]["name"] = json!("another");
    let answer = update(&stopped, &label).with(DEV, &world(&rollout), &json!({}));
    assert_eq!(answer.rules("denied-by"), "no-bypass", "{}", answer.0);
}

/// A Rollout that takes its pods from the Deployment of the Canary.
fn canary_of_deployment() -> Value {
    let reference = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "payments-api"});
    patched(&canary(), &json!({"spec": {"template": null, "workloadRef": reference}}))
}

#[test]
fn a_canary_keeps_its_target() {
    let canary = object("Canary", "payments-api");
    let elsewhere = json!({"spec": {"targetRef": {"name": "payments-next"}}});
    for phase in ["Initialized", "Progressing", "Succeeded", "Failed"] {
        let canary = patched(&canary, &json!({"status": {"phase": phase}}));
        update(&canary, &elsewhere).is_denied_by("keep-guardrails");
    }
    // A name that was misspelt.
    for phase in [json!(null), json!("Initializing")] {
        let canary = patched(&canary, &json!({"status": {"phase": phase}}));
        update(&canary, &elsewhere).is_accepted();
    }
    let version = json!({"spec": {"targetRef": {"apiVersion": "apps/v1beta1"}}});
    update(&canary, &version).is_accepted();
}

#[test]
fn replica_sets_of_a_rollout_stay_with_it() {
    let selector = json!({"app": "payments", "rollouts-pod-template-hash": "5f9b"});
    let set = |replicas: u8| {
        let set = owned(
            "ReplicaSet",
            "payments-5f9b",
            ("Rollout", "payments"),
            &json!({"spec": {"replicas": replicas, "selector": {"matchLabels": selector}, "template": {}}}),
        );
        patched(&set, &json!({"metadata": {"labels": selector}}))
    };
    for edit in [
        json!({"labels": {"rollouts-pod-template-hash": "0000"}}),
        json!({"labels": {"app": null}}),
        json!({"ownerReferences": null}),
        json!({"ownerReferences": [{"kind": "Rollout", "name": "other", "uid": "2", "controller": true}]}),
    ] {
        update(&set(8), &json!({"metadata": edit})).is_denied_but_to(ARGO_ROLLOUTS, "no-bypass");
    }
    update(&set(8), &json!({"metadata": {"labels": {"team": "shop"}, "annotations": {"a": "b"}}}))
        .is_accepted();
    update(&set(8), &json!({"spec": {"replicas": 0}})).is_accepted();
    // Nobody makes up an earlier revision by giving a ReplicaSet to a Rollout.
    let alone = patched(&set(0), &json!({"metadata": {"ownerReferences": null}}));
    for kind in ["Rollout", "Deployment"] {
        let owner = json!([{"kind": kind, "name": "payments", "uid": "1", "controller": true}]);
        update(&alone, &json!({"metadata": {"ownerReferences": owner}})).is_denied_by("no-bypass");
    }
    let owner = json!([{"kind": "Application", "name": "payments", "uid": "1", "controller": true}]);
    update(&alone, &json!({"metadata": {"ownerReferences": owner}})).is_accepted();
}

#[test]
fn a_rollback_covers_for_nothing_else() {
    let mut back = canary();
    back["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("registry.example.com/shop/payments:latest@sha256:{}", "0".repeat(64)));
    let replica_set = owned(
        "ReplicaSet",
        "payments-1",
        ("Rollout", "payments"),
        &json!({"spec": {"template": back["spec"]["template"]}, "metadata": {"ownerReferences": [
            {"kind": "Rollout", "name": "payments", "controller": true}]}}),
    );
    let frozen = json!({"freeze": [{"name": "december", "from": "2026-12-01", "to": "2026-12-31"}]});
    let mut world = stored();
    world.push(replica_set);
    let world = cluster(world);
    let sent = |new: Value| Act { new, ..update(&canary(), &json!({})) }.with(DEV, &world, &frozen);
    let answer = sent(back.clone());
    assert!(answer.accepted() && answer.rules("warned-by").contains("freeze-window"), "{}", answer.0);
    let answer = sent(patched(&back, &json!({"spec": {"paused": true}})));
    assert!(answer.rules("denied-by").contains("keep-guardrails"), "{}", answer.0);
    let answer = sent(patched(
        &back,
        &json!({"metadata": {"labels": {
        "argo-rollouts.argoproj.io/controller-instance-id": "other"}}}),
    ));
    assert!(answer.rules("denied-by").contains("keep-guardrails"), "{}", answer.0);
}

#[test]
fn an_exemption_that_has_expired_is_in_nobodys_way() {
    let expired = json!({"metadata": {"annotations": {
        "rollgate.dev/exempt": "smoke-verification", "rollgate.dev/justification": "INC-4211",
        "rollgate.dev/approved-by": "lead@example.com", "rollgate.dev/expires": "2026-11-01T18:00:00Z"}}});
    let rollout = patched(&canary(), &expired);
    status(&rollout, &json!({"pauseConditions": null})).is_accepted();
    status(&rollout, &json!({"abort": true})).is_accepted();
    update(&rollout, &json!({"spec": {"replicas": 3}})).is_accepted();
    let template = patched(&object("AnalysisTemplate", "smoke-check"), &expired);
    assert!(delete(&template).with(DEV, &Silent, &json!({})).accepted());
    // Where it would have been needed, it is told why it does not hold.
    let promoted = status(&rollout, &json!({"promoteFull": true})).by(DEV);
    assert_eq!(promoted.rules("denied-by"), "no-skip", "{}", promoted.0);
    assert!(promoted.rules("warned-by").contains("valid-exemption"), "{}", promoted.0);
    let image = json!({"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}});
    update(&rollout, &image).is_denied_by("valid-exemption");
}

#[test]
fn another_workload_is_another_version() {
    let frozen = json!({"freeze": [{"name": "december", "from": "2026-12-01", "to": "2026-12-31"}]});
    let rollout = canary_of_deployment();
    let mut world = stored();
    world.push(patched(&object("Deployment", "payments-api"), &json!({"metadata": {"name": "next"}})));
    let world = cluster(world);
    let sent = |reference: Value| {
        update(&rollout, &json!({"spec": {"workloadRef": reference}})).with(DEV, &world, &frozen)
    };
    assert_eq!(sent(json!({"name": "next"})).rules("denied-by"), "freeze-window");
    assert!(sent(json!({"scaleDown": "onsuccess"})).accepted());
}

#[test]
fn what_is_being_deleted_holds_nothing_up() {
    let going =
        |object: &Value| patched(object, &json!({"metadata": {"deletionTimestamp": "2026-12-01T11:59:00Z"}}));
    let target = object("Deployment", "payments-api");
    let canary = object("Canary", "payments-api");
    let in_world = |act: &Act, world: Vec<Value>| act.with(DEV, &cluster(world), &json!({}));
    assert!(in_world(&delete(&canary), vec![going(&target)]).accepted());
    assert!(!in_world(&delete(&canary), vec![target.clone()]).accepted());
    let latency = object("MetricTemplate", "latency-p95");
    assert!(in_world(&delete(&latency), vec![going(&canary)]).accepted());
    let smoke = object("AnalysisTemplate", "smoke-check");
    let rollout = self::canary();
    for act in [delete(&smoke), delete(&service("payments")), delete(&virtual_service("payments"))] {
        let rest = || stored().into_iter().filter(|object| object["kind"] == "AnalysisTemplate");
        let with = |rollout: Value| in_world(&act, rest().chain([rollout]).collect());
        assert!(with(going(&rollout)).accepted());
        assert!(!with(rollout.clone()).accepted());
    }
}

#[test]
fn a_service_stays_with_its_rollout() {
    let managed = |by: Value| {
        json!({"metadata": {"annotations": {
        "argo-rollouts.argoproj.io/managed-by-rollouts": by}}})
    };
    let service = patched(&service("payments"), &managed(json!("payments")));
    update(&service, &managed(json!("another"))).is_denied_but_to(ARGO_ROLLOUTS, "keep-guardrails");
    // The controller writes it again.
    update(&service, &managed(json!(null))).is_accepted();
    update(&patched(&service, &managed(json!(null))), &managed(json!("payments"))).is_accepted();
}

#[test]
fn the_sides_of_a_route_are_not_exchanged() {
    let route = virtual_service("payments");
    let routes = |routes: Value| json!({"spec": {"http": [{"name": "primary", "route": routes}]}});
    let swapped = routes(json!([
        {"destination": {"host": "payments-canary"}, "weight": 75},
        {"destination": {"host": "payments"}, "weight": 25}]));
    update(&route, &swapped).is_denied_but_to(ARGO_ROLLOUTS, "no-bypass");
    let retried = json!({"spec": {"http": [{"name": "primary", "retries": {"attempts": 3},
        "route": route["spec"]["http"][0]["route"]}]}});
    update(&route, &retried).is_accepted();
}

#[test]
fn there_is_no_step_before_the_first() {
    status(&canary(), &json!({"currentStepIndex": -1})).is_denied_but_to(ARGO_ROLLOUTS, "no-skip");
}

#[test]
fn nothing_about_an_object_is_a_release_of_it() {
    // Stored before there was a policy, against every rule.
    let bare = json!({"spec": {"strategy": null, "analysis": null}});
    let frozen = json!({"freeze": [{"name": "december", "from": "2026-12-01", "to": "2026-12-31"}]});
    let world = cluster(stored());
    for object in
        [canary(), blue_green(), object("Canary", "payments-api"), object("Deployment", "payments-api")]
    {
        let old = patched(&object, &bare);
        for metadata in [
            json!({"managedFields": [{"manager": "helm", "operation": "Apply", "fieldsV1": {}}], "generation": 9}),
            json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}",
                "argocd.argoproj.io/sync-wave": "1", "meta.helm.sh/release-name": "payments"}}),
            json!({"labels": {"helm.sh/chart": "payments-1.2.3", "app.kubernetes.io/managed-by": "Helm",
                "kustomize.toolkit.fluxcd.io/name": "shop"}}),
            json!({"finalizers": ["foregroundDeletion"], "ownerReferences": [{"kind": "Application", "name": "a", "uid": "1"}]}),
            json!({"annotations": {"rollout.argoproj.io/workload-generation": "7"}, "deletionTimestamp": "2026-12-01T11:59:00Z"}),
        ] {
            let act = update(&old, &json!({"metadata": metadata}));
            let answer = act.with(ARGO_CD, &world, &frozen);
            assert_eq!(answer.0, json!({"accepted": true}), "{metadata}");
        }
    }
}

#[test]
fn a_target_goes_back_to_an_earlier_revision() {
    let target = patched(&object("Deployment", "payments-api"), &json!({"metadata": {"uid": "5"}}));
    let back =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "api", "image": "api:latest"}]}}}});
    let revision = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "payments-api-1", "namespace": "shop", "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [{"kind": "Deployment", "name": "payments-api", "uid": "5", "controller": true}]},
        "spec": {"template": patched(&target, &back)["spec"]["template"]}});
    let frozen = json!({"freeze": [{"name": "december", "from": "2026-12-01", "to": "2026-12-31"}]});
    let mut world = stored();
    let sent = |world: &[Value]| update(&target, &back).with(DEV, &cluster(world.to_vec()), &frozen);
    assert!(!sent(&world).accepted());
    world.push(revision);
    let answer = sent(&world);
    assert!(answer.accepted() && answer.rules("rollback") == "revision 1", "{}", answer.0);
}

#[test]
fn argo_cd_syncs_and_runs_its_actions() {
    let tracked = json!({"metadata": {"annotations": {
        "argocd.argoproj.io/tracking-id": "shop:argoproj.io/Rollout:shop/payments"}}});
    for rollout in [canary(), blue_green(), idle(&canary())] {
        update(&rollout, &tracked).is_accepted();
    }
    // resume, abort, retry and restart
    status(&canary(), &json!({"pauseConditions": null})).is_accepted();
    status(&canary(), &json!({"abort": true})).is_accepted();
    status(&aborted(), &json!({"abort": null})).is_accepted();
    status(&aborted(), &json!({"abort": null, "canary": {"currentBackgroundAnalysisRunStatus": null}}))
        .is_accepted();
    update(&canary(), &json!({"spec": {"restartAt": "2026-12-01T12:00:00Z"}})).is_accepted();
    // A retry is no cover for another result.
    status(
        &aborted(),
        &json!({"abort": null, "canary": {"currentBackgroundAnalysisRunStatus": {"status": "Successful"}}}),
    )
    .is_denied_by("no-skip");
    status(&aborted(), &json!({"abort": null, "canary": {"weights": null}})).is_denied_by("no-skip");
    status(&aborted(), &json!({"abort": null, "canary": {"stablePingPong": "ping"}})).is_denied_by("no-skip");
    // promote-full, now and formerly, and skip-current-step
    status(&canary(), &json!({"promoteFull": true})).is_denied_by("no-skip");
    status(&aborted(), &json!({"abort": null, "currentStepIndex": 9})).is_denied_by("no-skip");
    status(&canary(), &json!({"pauseConditions": null, "currentStepIndex": 4})).is_denied_by("no-skip");
}

#[test]
fn what_cannot_be_found_out_weighs_what_the_settings_say() {
    for act in [
        delete(&object("AnalysisTemplate", "smoke-check")),
        delete(&object("Canary", "payments-api")),
        delete(&service("payments")),
        update(&virtual_service("payments"), &shifted()),
        delete(&patched(&object("Deployment", "payments-api"), &json!({"metadata": {"name": "a-primary"}}))),
    ] {
        let answer = act.with(DEV, &Silent, &json!({}));
        assert!(answer.accepted() && answer.rules("warned-by") == "keep-guardrails", "{}", answer.0);
        let answer = act.with(DEV, &Silent, &json!({"context": "required"}));
        assert_eq!(answer.rules("denied-by"), "keep-guardrails", "{}", answer.0);
        assert_eq!(
            act.with(ARGO_ROLLOUTS, &Silent, &json!({"context": "required"})).0,
            json!({"accepted": true})
        );
    }
}

#[test]
fn whoever_the_webhook_lets_by_is_a_controller_to_the_policy() {
    let accounts = |manifest: &str| -> Vec<String> {
        let quoted = manifest.split('"').skip(1).step_by(2);
        quoted.filter(|text| text.starts_with("system:")).map(str::to_owned).collect()
    };
    let webhook = accounts(include_str!("../deploy/webhook.yaml"));
    for policy in [
        include_str!("../deploy/kubewarden/cluster-admission-policy.yaml"),
        include_str!("../deploy/kubewarden/admission-policy.yaml"),
    ] {
        assert_eq!(webhook, accounts(policy));
    }
    for account in [ARGO_ROLLOUTS, FLAGGER, GARBAGE_COLLECTOR, AUTOSCALER] {
        assert!(webhook.iter().any(|listed| listed == account), "{account}");
    }
    for account in webhook {
        assert!(status(&canary(), &json!({"promoteFull": true})).by(&account).accepted(), "{account}");
    }
}

#[test]
fn another_way_of_delivery_is_judged_in_mid_release_too() {
    let strategy = |strategy: &Value| json!({ "spec": { "strategy": strategy } });
    let analysis = |analysis: &Value| json!({ "spec": { "analysis": analysis } });
    let without_limit = json!({"metrics": [{"name": "request-success-rate", "thresholdRange": {"min": 0}}]});
    for (object, patch, rule) in [
        // Without steps the controller promotes what is there.
        (canary(), strategy(&json!({"canary": {"steps": []}})), "explicit-steps"),
        (canary(), strategy(&json!({"canary": {"steps": [{"setWeight": 100}]}})), "gradual-exposure"),
        (canary(), strategy(&json!({"canary": {"analysis": null}})), "analysis-signals"),
        (aborted(), strategy(&json!({"canary": {"analysis": {"startingStep": 9}}})), "analysis-coverage"),
        (
            canary(),
            strategy(&json!({"canary": null, "blueGreen": {"activeService": "payments"}})),
            "analysis-coverage",
        ),
        (
            blue_green(),
            strategy(&json!({"blueGreen": {"prePromotionAnalysis": null,
            "postPromotionAnalysis": null}})),
            "analysis-coverage",
        ),
        (object("Canary", "payments-api"), analysis(&json!({"threshold": 100})), "rollback-deadline"),
        (object("Canary", "payments-api"), analysis(&json!({"interval": "10m"})), "rollback-deadline"),
        (object("Canary", "payments-api"), analysis(&json!({"metrics": null})), "analysis-signals"),
        (object("Canary", "payments-api"), analysis(&without_limit), "analysis-thresholds"),
        (object("Canary", "payments-api"), analysis(&json!({"webhooks": null})), "smoke-verification"),
        (object("Canary", "payments-api"), json!({"spec": {"provider": "kubernetes"}}), "explicit-steps"),
        (object("Canary", "payments-api"), json!({"spec": {"metricsServer": "fake"}}), "metrics-provider"),
    ] {
        let answer = update(&object, &patch).by(DEV);
        let denied_by: Vec<&str> = answer.rules("denied-by").split(',').collect();
        assert!(denied_by.contains(&rule), "{patch}: {}", answer.0);
    }
    // Other steps begin the release again, from its first analysis on.
    let mut slower = aborted();
    slower["spec"]["strategy"]["canary"]["steps"][1]["pause"]["duration"] = json!("20m");
    Act { new: slower, ..update(&aborted(), &json!({})) }.is_accepted();
    // Which server has the release's own metrics nobody can see.
    update(&object("Canary", "payments-api"), &json!({"spec": {"metricsServer": "http://elsewhere:9090"}}))
        .is_accepted();
}

#[test]
fn a_template_is_judged_with_every_release_that_refers_to_it() {
    let blinded = |kind: &str, name: &str, edit: &dyn Fn(&mut Value)| {
        let old = object(kind, name);
        let mut new = old.clone();
        edit(&mut new["spec"]);
        Act { new, ..update(&old, &json!({})) }.by(DEV)
    };
    let answer = blinded("AnalysisTemplate", "request-signals", &|spec| {
        for metric in spec["metrics"].as_array_mut().expect("metrics") {
            metric["successCondition"] = json!("true");
        }
    });
    assert!(answer.rules("denied-by").contains("analysis-thresholds"), "{}", answer.0);
    assert!(answer.message().contains("payments"), "{}", answer.0);
    let answer = blinded("AnalysisTemplate", "request-signals", &|spec| {
        spec["dryRun"] = json!([{"metricName": ".*"}]);
    });
    assert!(answer.rules("denied-by").contains("analysis-signals"), "{}", answer.0);
    let answer = blinded("MetricTemplate", "error-rate", &|spec| spec["query"] = json!("vector(0)"));
    assert!(answer.rules("denied-by").contains("analysis-thresholds"), "{}", answer.0);
    let answer = blinded("MetricTemplate", "error-rate", &|spec| spec["provider"]["address"] = json!(""));
    assert!(answer.rules("denied-by").contains("metrics-provider"), "{}", answer.0);
    // Which server has the release's own metrics nobody can see.
    let answer = blinded("MetricTemplate", "error-rate", &|spec| {
        spec["provider"]["address"] = json!("http://elsewhere:9090");
    });
    assert!(answer.accepted(), "{}", answer.0);
}

#[test]
fn a_deployment_behind_a_rollout_is_out_of_service() {
    let reference = |scale_down: &str, revision: &str| {
        patched(
            &canary(),
            &json!({"metadata": {"annotations": {"rollout.argoproj.io/revision": revision}}, "spec": {"template": null,
                "selector": null, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment",
                    "name": "behind", "scaleDown": scale_down}}}),
        )
    };
    let deployment = |replicas: u32| {
        patched(
            &object("Deployment", "payments-api"),
            &json!({"metadata": {"name": "behind"}, "spec": {"replicas": replicas}}),
        )
    };
    let version = json!({"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}});
    let mut objects = stored();
    let denied_by = |act: &Act, rollout: Value, objects: &mut Vec<Value>| {
        objects.push(rollout);
        let answer = act.with(DEV, &cluster(objects.clone()), &json!({}));
        objects.pop();
        answer.rules("denied-by").to_owned()
    };
    for (act, scale_down, revision, rules) in [
        // kubectl argo rollouts set image sends the whole Deployment, as undo does its template.
        (update(&deployment(3), &version), "never", "1", "no-bypass"),
        (update(&deployment(3), &version), "onsuccess", "2", "no-bypass"),
        (update(&deployment(3), &version), "onsuccess", "1", ""),
        (update(&deployment(0), &version), "never", "2", ""),
        (update(&deployment(0), &json!({"spec": {"replicas": 3}})), "onsuccess", "2", ""),
        (scale(&deployment(0), 3), "onsuccess", "2", ""),
    ] {
        assert_eq!(
            denied_by(&act, reference(scale_down, revision), &mut objects),
            rules,
            "{scale_down} {revision}"
        );
    }
}

#[test]
fn what_runs_beside_a_canary_is_no_part_of_it() {
    let target = object("Deployment", "payments-api");
    let named = |name: &str, rest: &Value| {
        let renamed = patched(&target, &json!({"metadata": {"name": name, "labels": null}}));
        patched(&renamed, rest)
    };
    // Before its Canary is there; with the labels by which requests find the primary.
    let governor = json!({"metadata": {"annotations": {"rollgate.dev/governed-by": "Canary/payments-api"}}});
    let primary = create(named("payments-api-primary", &governor));
    for cluster in [cluster(Vec::new()), cluster(stored())] {
        let answer = primary.with(DEV, &cluster, &json!({}));
        assert_eq!(answer.rules("denied-by"), "no-bypass", "{}", answer.0);
    }
    let labelled = json!({"spec": {"template": {"metadata": {"labels": {
        "app.kubernetes.io/name": "payments-api-primary"}}}}});
    create(named("second", &labelled)).is_denied_by("no-bypass");
    // What the Canary no longer releases is released by nobody.
    let mut objects = stored();
    for object in objects.iter_mut().filter(|object| object["kind"] == "Canary") {
        object["spec"]["targetRef"]["name"] = json!("other");
    }
    let restart = json!({"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}});
    let answer = update(&target, &restart).with(DEV, &cluster(objects), &json!({}));
    assert_eq!(answer.rules("denied-by"), "no-bypass", "{}", answer.0);
}

#[test]
fn an_undo_is_never_in_the_way() {
    // Nothing watches what is stored; a new image is rejected for it, one that ran before is not.
    let unwatched = patched(&canary(), &json!({"spec": {"strategy": {"canary": {"analysis": null}}}}));
    let mut earlier = unwatched.clone();
    earlier["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("registry.example.com/shop/payments:2.13.0@sha256:{}", "1".repeat(64)));
    let undo = Act { new: earlier.clone(), ..update(&unwatched, &json!({})) };
    let answer = undo.by(DEV);
    assert!(answer.rules("denied-by").contains("analysis-signals"), "{}", answer.0);
    let mut objects = stored();
    objects.push(owned(
        "ReplicaSet",
        "payments-4e8a",
        ("Rollout", "payments"),
        &json!({"metadata": {"annotations": {"rollout.argoproj.io/revision": "1"}},
            "spec": {"replicas": 0, "template": earlier["spec"]["template"]}}),
    ));
    let answer = undo.with(DEV, &cluster(objects), &json!({}));
    assert!(answer.accepted(), "{}", answer.0);
    assert!(answer.rules("warned-by").contains("analysis-signals"), "{}", answer.0);
}
