//! Requests as the API server sends them: who asks, what is there already, what may still come.

use std::path::Path;

use rollgate::manifest::{Source, read};
use rollgate_policy::cluster::{Cluster, Kind, Objects, Unreadable};
use rollgate_policy::protocol;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// 2026-12-01T12:00:00Z.
const NOW: i64 = 1_796_126_400;

/// The canonical objects.
fn examples() -> Vec<Value> {
    objects("delivery/_examples")
}

fn objects(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let documents = read(&[Source::Path(path)]).expect("manifests");
    documents.iter().map(|document| serde_json::from_str(&document.json).expect("JSON")).collect()
}

fn example(kind: &str, name: &str) -> Value {
    let found =
        examples().into_iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// A cluster in which both controllers run.
fn cluster(further: impl IntoIterator<Item = Value>) -> Objects {
    stored(objects("demo/cluster.yaml").into_iter().chain(further))
}

fn stored(objects: impl IntoIterator<Item = Value>) -> Objects {
    let mut cluster = Objects::default();
    for object in objects {
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

struct Ask<'a> {
    object: Value,
    old: Option<Value>,
    user: &'a str,
    settings: Value,
}

impl Ask<'_> {
    fn create(object: Value) -> Self {
        Self { object, old: None, user: "dev@example.com", settings: json!({}) }
    }

    fn update(old: Value, object: Value) -> Self {
        Self { old: Some(old), ..Self::create(object) }
    }

    fn answer(&self, cluster: &dyn Cluster) -> Answer {
        let api_version = self.object["apiVersion"].as_str().expect("an apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut request = json!({
            "uid": "1", "operation": if self.old.is_some() { "UPDATE" } else { "CREATE" },
            "kind": {"group": group, "version": version, "kind": self.object["kind"]},
            "name": self.object["metadata"]["name"], "namespace": self.object["metadata"]["namespace"],
            "userInfo": {"username": self.user}, "object": self.object,
        });
        if let Some(old) = &self.old {
            request["oldObject"] = old.clone();
        }
        let payload = json!({"request": request, "settings": self.settings}).to_string();
        Answer(serde_json::from_slice(&protocol::validate(payload.as_bytes(), NOW, cluster)).expect("JSON"))
    }
}

struct Answer(Value);

impl Answer {
    fn accepted(&self) -> bool {
        self.0["accepted"].as_bool().expect("a verdict")
    }

    fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    fn warns(&self, text: &str) -> bool {
        let warnings = self.0["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().any(|warning| warning.as_str().is_some_and(|warning| warning.contains(text)))
    }
}

fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    *object.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    object
}

fn deployment(annotations: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "orders", "namespace": "shop", "annotations": annotations},
        "spec": {"template": {"spec": {"containers": [{"name": "orders", "image": "orders:1"}]}}}})
}

#[test]
fn a_template_that_is_still_to_come_is_a_warning() {
    let rollout = example("Rollout", "payments");
    let answer = Ask::create(rollout.clone()).answer(&cluster([]));
    assert!(answer.accepted() && answer.warns("resolved-references"), "{}", answer.0);
    // What no template can mend is found all the same.
    let at_once = with(rollout, "/spec/strategy/canary/steps/0/setWeight", json!(90));
    assert!(Ask::create(at_once).answer(&cluster([])).message().contains("gradual-exposure"));
}

#[test]
fn a_cluster_that_cannot_be_asked_counts_as_the_settings_say() {
    let ask = Ask::create(example("Rollout", "payments"));
    let optional = ask.answer(&Silent);
    assert!(optional.accepted() && optional.warns("no route to host"), "{}", optional.0);
    let required = Ask { settings: json!({"context": "required"}), ..ask }.answer(&Silent);
    assert!(required.message().contains("no route to host"), "{}", required.0);
    let template = Ask::create(example("MetricTemplate", "error-rate"));
    assert!(template.answer(&Silent).warns("no route to host"));
    assert!(!Ask { settings: json!({"context": "required"}), ..template }.answer(&Silent).accepted());
}

#[test]
fn a_template_is_judged_with_the_releases_that_refer_to_it() {
    let live = cluster(examples());
    let template = example("AnalysisTemplate", "request-signals");
    let metrics = template["spec"]["metrics"].as_array().expect("metrics").clone();
    let without_latency: Vec<Value> = metrics
        .into_iter()
        .filter(|metric| !metric["name"].as_str().expect("a name").contains("latency"))
        .collect();
    let blinded = with(template.clone(), "/spec/metrics", json!(without_latency));
    let answer = Ask::update(template.clone(), blinded.clone()).answer(&live);
    assert!(answer.message().contains("with it, Rollout shop/payments"), "{}", answer.0);
    assert!(answer.message().contains("bad in latency alone"), "{}", answer.0);
    // Nobody refers to it yet.
    assert!(Ask::create(blinded).answer(&cluster([])).accepted());
    let touched = with(template.clone(), "/spec/metrics/0/interval", json!("31s"));
    assert!(Ask::update(template, touched).answer(&live).accepted());
}

#[test]
fn scaling_and_labelling_are_never_in_the_way() {
    let bad = with(example("Rollout", "payments"), "/spec/strategy", json!({"canary": {}}));
    let mut scaled = with(bad.clone(), "/spec/replicas", json!(99));
    scaled["metadata"]["labels"]["team"] = "shop".into();
    scaled["spec"]["paused"] = true.into();
    assert!(Ask::update(bad.clone(), scaled).answer(&cluster([])).accepted());
    let released = with(bad.clone(), "/spec/template/spec/containers/0/image", json!("other"));
    assert!(Ask::update(bad, released).answer(&cluster([])).message().contains("allowed-strategy"));
}

#[test]
fn controllers_are_known_by_their_account_and_dashboards_are_people() {
    let bad = with(example("Rollout", "payments"), "/spec/strategy", json!({"canary": {}}));
    let by =
        |user, settings| Ask { user, settings, ..Ask::create(bad.clone()) }.answer(&cluster([])).accepted();
    assert!(by("system:serviceaccount:argo-rollouts:argo-rollouts", json!({})));
    assert!(!by("system:serviceaccount:argo-rollouts:argo-rollouts-dashboard", json!({})));
    assert!(!by("system:serviceaccount:shop:argo-rollouts", json!({})));
    let known = json!({"actors": {"controllers": ["system:serviceaccount:shop:argo-rollouts"]}});
    assert!(by("system:serviceaccount:shop:argo-rollouts", known));
}

#[test]
fn a_deployment_may_come_before_the_governor_it_names() {
    let nobody = cluster([]);
    let named = |governor: &str| deployment(&json!({"rollgate.dev/governed-by": governor}));
    assert!(!Ask::create(deployment(&json!({}))).answer(&nobody).accepted());
    let answer = Ask::create(named("Canary/orders")).answer(&nobody);
    assert!(answer.accepted() && answer.warns("waits for Canary/orders"), "{}", answer.0);
    for governor in ["orders", "Canary/", "Gateway/orders"] {
        assert!(!Ask::create(named(governor)).answer(&nobody).accepted(), "{governor}");
    }
    let stateful = with(named("Canary/orders"), "/kind", json!("StatefulSet"));
    assert!(!Ask::create(stateful).answer(&nobody).accepted());
    // One that is there already governs something else.
    let live = cluster(examples());
    assert!(!Ask::create(named("Canary/payments-api")).answer(&live).accepted());
    let image = with(named("Canary/orders"), "/spec/template/spec/containers/0/image", json!("orders:2"));
    assert!(!Ask::update(named("Canary/orders"), image).answer(&nobody).accepted());
}

#[test]
fn what_a_canary_manages_is_not_edited_by_hand() {
    let live = cluster(examples());
    let primary =
        with(example("Deployment", "payments-api"), "/metadata/name", json!("payments-api-primary"));
    let ask = Ask::update(json!({"spec": {"template": {}}}), primary);
    assert!(ask.answer(&live).message().contains("Canary payments-api makes it"), "{}", ask.answer(&live).0);
    assert!(Ask { user: "system:serviceaccount:flagger-system:flagger", ..ask }.answer(&live).accepted());
    let target = example("Deployment", "payments-api");
    assert!(Ask::update(json!({"spec": {"template": {}}}), target).answer(&live).accepted());
}

#[test]
fn exemptions_lower_to_warnings_and_are_kept_for_the_audit() {
    let exempt = |expires: &str| {
        deployment(&json!({
            "rollgate.dev/exempt": "no-bypass", "rollgate.dev/justification": "INC-4211",
            "rollgate.dev/approved-by": "lead@example.com", "rollgate.dev/expires": expires,
        }))
    };
    let answer = Ask::create(exempt("2026-12-01T18:00:00Z")).answer(&cluster([]));
    assert!(answer.accepted() && answer.warns("no-bypass"), "{}", answer.0);
    let audit = answer.0["audit_annotations"]["exempted"].as_str().expect("an audit annotation");
    assert!(audit.contains("INC-4211") && audit.contains("lead@example.com"), "{audit}");
    let expired = Ask::create(exempt("2026-12-01T11:00:00Z")).answer(&cluster([]));
    assert!(expired.message().contains("no-bypass") && expired.message().contains("valid-exemption"));
    let own = Ask { user: "lead@example.com", ..Ask::create(exempt("2026-12-01T18:00:00Z")) };
    assert!(!own.answer(&cluster([])).accepted());
}

#[test]
fn scope_and_enforcement_are_the_users_to_set() {
    let nobody = cluster([]);
    let system = with(deployment(&json!({})), "/metadata/namespace", json!("kube-system"));
    assert!(Ask::create(system).answer(&nobody).accepted());
    let warned = Ask { settings: json!({"enforcement": "warn"}), ..Ask::create(deployment(&json!({}))) }
        .answer(&nobody);
    assert!(warned.accepted() && warned.warns("no-bypass"));
    // Dropping the label that puts a workload in scope is no way out.
    let mut labelled = deployment(&json!({}));
    labelled["metadata"]["labels"] = json!({"tier": "production"});
    let dropped = with(deployment(&json!({})), "/spec/template", json!({"spec": {"containers": []}}));
    let settings = json!({"scope": {"workloads": {"tier": "production"}}});
    assert!(Ask { settings: settings.clone(), ..Ask::create(dropped.clone()) }.answer(&nobody).accepted());
    assert!(!Ask { settings, ..Ask::update(labelled, dropped) }.answer(&nobody).accepted());
}

#[test]
fn what_cannot_be_read_is_kept_out_with_its_place() {
    let rollout =
        with(example("Rollout", "payments"), "/spec/strategy/canary/steps/0/setWeight", json!("ten"));
    let answer = Ask::create(rollout).answer(&cluster([]));
    assert!(answer.message().contains("valid-spec"), "{}", answer.0);
    assert!(answer.message().contains("at spec.strategy.canary.steps[0].setWeight"), "{}", answer.0);
    let settings = Ask { settings: json!({"profile": "lax"}), ..Ask::create(deployment(&json!({}))) };
    assert!(settings.answer(&cluster([])).message().contains("profile: must be one of"));
}

#[test]
fn a_release_needs_its_controller() {
    let ask = Ask::create(example("Rollout", "payments"));
    assert!(ask.answer(&cluster(examples())).accepted(), "{}", ask.answer(&cluster(examples())).0);
    let absent = ask.answer(&stored(examples()));
    assert!(absent.message().contains("no Deployment of Argo Rollouts is in the cluster"), "{}", absent.0);
    let with_controller = |name: &str, labels: Value, available: u64| {
        let controller = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "release", "labels": labels},
            "status": {"availableReplicas": available}});
        stored(examples().into_iter().chain([controller]))
    };
    // The Helm chart gives the dashboard its own component, and the name of the controller.
    let labels = |component: &str| json!({"app.kubernetes.io/name": "argo-rollouts", "app.kubernetes.io/component": component});
    let controller = "release-argo-rollouts";
    assert!(ask.answer(&with_controller(controller, labels("rollouts-controller"), 1)).accepted());
    assert!(ask.answer(&with_controller(controller, labels("renamed"), 1)).accepted());
    let dashboard = "release-argo-rollouts-dashboard";
    assert!(!ask.answer(&with_controller(dashboard, labels("rollouts-dashboard"), 1)).accepted());
    let down = ask.answer(&with_controller(controller, labels("rollouts-controller"), 0));
    assert!(
        down.message().contains("Deployment release/release-argo-rollouts has no available replica"),
        "{}",
        down.0
    );
    let canary = Ask::create(example("Canary", "payments-api"));
    let chart = json!({"app.kubernetes.io/name": "flagger"});
    assert!(canary.answer(&with_controller("flagger", chart.clone(), 1)).accepted());
    assert!(!canary.answer(&with_controller("flagger-prometheus", chart, 1)).accepted());
    let unasked = ask.answer(&Silent);
    assert!(unasked.accepted() && unasked.warns("whether Argo Rollouts runs"), "{}", unasked.0);
}

#[test]
fn a_service_that_is_still_to_come_is_a_warning() {
    let mut live = examples();
    live.retain(|object| object["kind"] != "Service");
    let answer = Ask::create(example("Rollout", "payments")).answer(&cluster(live));
    assert!(answer.accepted() && answer.warns("Service payments-canary does not exist yet"), "{}", answer.0);
}
