//! The objects that a review looks up: a fixed set, and a live store that a client has filled.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response};
use kube::client::Body;
use rollgate::cluster::{Fields, LiveCluster, Pace, StaticCluster};
use rollgate::runtime::{Policy, ResourceKind};
use rollgate_policy::cluster::Objects;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// How often the first sync is looked for.
const GLANCE: Duration = Duration::from_millis(1);

/// `objects` for the policy itself.
pub fn native(objects: &[Value]) -> Objects {
    let mut cluster = Objects::default();
    for object in objects {
        cluster.insert(RawValue::from_string(object.to_string()).expect("JSON")).expect("an object");
    }
    cluster
}

/// `objects` as `rollgate serve --cluster-objects` keeps them.
pub fn fixed(objects: &[Value]) -> StaticCluster {
    StaticCluster::new(objects.iter().cloned()).expect("objects")
}

/// `objects` as `rollgate serve` keeps those of a cluster that it watches. `runtime` has to outlive it.
pub fn live(runtime: &tokio::runtime::Runtime, policy: &Policy, objects: Vec<Value>) -> LiveCluster {
    let metadata = policy.metadata().expect("metadata");
    let kinds = &metadata.context_aware_resources;
    let fields = Fields::new(metadata.annotations.as_ref(), kinds).expect("fields");
    let _entered = runtime.enter();
    // The watches end at once here, and are not begun again while something is measured.
    let pace = Pace { least: Duration::from_hours(1), most: Duration::from_hours(1) };
    let cluster = LiveCluster::watch(&client(objects, kinds), kinds.iter().cloned(), &fields, pace);
    while !cluster.status().iter().all(|kind| kind.synced) {
        std::thread::sleep(GLANCE);
    }
    cluster
}

/// A client of an API server that has `objects`, without a connection.
fn client<'a>(objects: Vec<Value>, kinds: impl IntoIterator<Item = &'a ResourceKind>) -> kube::Client {
    let kinds: Vec<ResourceKind> = kinds.into_iter().cloned().collect();
    let answers = Arc::new((objects, kinds));
    let service = tower::service_fn(move |request: Request<Body>| {
        let answers = Arc::clone(&answers);
        async move {
            let (objects, kinds) = &*answers;
            let answer = answer(objects, kinds, request.uri().path(), request.uri().query().unwrap_or(""));
            Ok::<_, Infallible>(Response::new(Body::from(answer.into_bytes())))
        }
    });
    kube::Client::new(service, "default")
}

/// Answers discovery and lists; a watch has no events.
fn answer(objects: &[Value], kinds: &[ResourceKind], path: &str, query: &str) -> String {
    if query.contains("watch=true") {
        return String::new();
    }
    let plural = |kind: &str| format!("{}s", kind.to_lowercase());
    let served = |kind: &&ResourceKind| {
        let prefix = if kind.api_version.contains('/') { "/apis/" } else { "/api/" };
        path.strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(kind.api_version.as_str()))
            .is_some_and(|rest| rest.is_empty() || rest[1..] == plural(&kind.kind))
    };
    let version = kinds.iter().find(served).expect("a kind").api_version.as_str();
    let Some(kind) = kinds.iter().find(|kind| path.ends_with(&format!("/{}", plural(&kind.kind)))) else {
        let of_version = kinds.iter().filter(|kind| kind.api_version == version);
        let resources: Vec<Value> = of_version
            .map(|kind| {
                json!({"name": plural(&kind.kind), "singularName": kind.kind.to_lowercase(), "kind": kind.kind,
                    "namespaced": kind.kind != "ClusterAnalysisTemplate", "verbs": ["get", "list", "watch"]})
            })
            .collect();
        return json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
            "resources": resources})
        .to_string();
    };
    let is_of_kind =
        |object: &&Value| object["kind"] == *kind.kind && object["apiVersion"] == *kind.api_version;
    let items: Vec<&Value> = objects.iter().filter(is_of_kind).collect();
    json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version, "items": items,
        "metadata": {"resourceVersion": "1"}})
    .to_string()
}
