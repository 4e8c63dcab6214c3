//! `rollgate check` with a live cluster, an API server made for the test.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::api_server::ApiServer;
use crate::guests;

const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: payments, namespace: shop}
spec: {template: {spec: {containers: [{name: payments, image: 'payments:1.0'}]}}}
";

/// Exit code, standard output and standard error of a check.
fn check(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rollgate"))
        .current_dir(directory)
        .args(["check", "--isolated", "--output", "concise"])
        .args(arguments)
        .output()
        .expect("rollgate");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_the_manifests_do_not_hold_the_cluster_does() {
    let cluster = ApiServer::start();
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("a file");
    write("kubeconfig", &cluster.kubeconfig());
    write("deployment.yaml", MANIFEST);
    let live = ["--kubeconfig", "kubeconfig", "--context", "test", "deployment.yaml"];
    let (code, out, err) = check(directory.path(), &live);
    assert!(code == Some(1) && out.contains("no-bypass"), "{out}{err}");
    cluster.put(json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary",
        "metadata": {"name": "payments", "namespace": "shop"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "payments"}}}));
    let (code, out, err) = check(directory.path(), &live);
    assert!(code == Some(0) && !out.contains("no-bypass"), "{out}{err}");
    assert_eq!(check(directory.path(), &["deployment.yaml"]).0, Some(1));
    // What the manifests hold counts, whatever the cluster has.
    write(
        "canary.yaml",
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: payments, namespace: shop}\n\
         spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: other}}\n",
    );
    let (_, out, _) =
        check(directory.path(), &["--kubeconfig", "kubeconfig", "deployment.yaml", "canary.yaml"]);
    assert!(out.contains("no-bypass Deployment shop/payments"), "{out}");
}

#[test]
fn a_cluster_that_does_not_answer_is_an_error() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("kubeconfig"), guests::NOWHERE).expect("a file");
    std::fs::write(directory.path().join("deployment.yaml"), MANIFEST).expect("a file");
    let (code, out, err) = check(directory.path(), &["--kubeconfig", "kubeconfig", "deployment.yaml"]);
    assert_eq!((code, &*out), (Some(2), ""), "{err}");
    assert!(err.contains("cannot read from the cluster") && err.contains("--context"), "{err}");
}
