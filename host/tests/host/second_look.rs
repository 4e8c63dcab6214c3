//! `rollgate serve` in front of a cluster whose watches are a moment behind.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::api_server::ApiServer;
use crate::serve::Server;

/// Never waited for when things go right.
const PATIENCE: Duration = Duration::from_mins(1);

/// A Deployment that only a Canary may release.
fn review() -> String {
    let template = json!({"spec": {"containers": [{"name": "payments", "image": "payments:1.0"}]}});
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "operation": "CREATE", "namespace": "shop", "name": "payments",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "userInfo": {"username": "dev@example.com"},
        "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "payments", "namespace": "shop"},
            "spec": {"template": template}},
    }})
    .to_string()
}

/// The server with the policy, once it has read the cluster.
fn serve(cluster: &ApiServer, lag: &str) -> Server {
    let directory = tempfile::tempdir().expect("a directory");
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, cluster.kubeconfig()).expect("a file");
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/policy.wasm");
    let policy =
        std::fs::read(policy).unwrap_or_else(|error| panic!("{error}; run `cargo xtask build` first"));
    let kubeconfig = kubeconfig.to_str().expect("UTF-8");
    let server = Server::start_with(
        &policy,
        &["--allow-context-aware", "--kubeconfig", kubeconfig, "--watch-lag", lag],
    );
    let started = Instant::now();
    while !server.get("/readyz").body.starts_with("ok") {
        assert!(started.elapsed() < PATIENCE, "the server does not get ready");
    }
    server
}

#[test]
fn what_arrives_during_a_review_is_seen() {
    let cluster = ApiServer::start();
    let server = serve(&cluster, "2s");
    let reviewed = server.in_flight_with(review());
    cluster.put(json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary",
        "metadata": {"name": "payments", "namespace": "shop"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "payments"}}}));
    let body = reviewed.join().expect("an answer").body;
    assert!(!body.contains("no-bypass"), "{body}");
}

#[test]
fn what_does_not_arrive_changes_nothing() {
    let cluster = ApiServer::start();
    let server = serve(&cluster, "10ms");
    let body = server.post(&review()).body;
    assert!(body.contains("no-bypass"), "{body}");
}
