//! `rollgate audit` of a dump, and of an API server made for the test.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api_server::ApiServer;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.arg("audit").args(arguments).env_remove("RUST_LOG").env_remove("KUBECONFIG");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Exit code, standard output and standard error.
fn audit(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().expect("rollgate");
    (status.code(), text(&stdout), text(&stderr))
}

fn dump(objects: &[Value]) -> (TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("dump.yaml");
    std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())
        .expect("a file");
    let name = file.to_str().expect("UTF-8").to_owned();
    (directory, name)
}

fn deployment(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "uid": format!("uid-{name}")},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1.0"}]}}}})
}

fn canary(name: &str, target: &str) -> Value {
    json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary",
        "metadata": {"namespace": "shop", "name": name, "uid": format!("uid-{name}")},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}}})
}

fn owned(mut object: Value, kind: &str, name: &str) -> Value {
    let owner = json!({"apiVersion": "x/v1", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true});
    object["metadata"]["ownerReferences"] = json!([owner]);
    object
}

/// Only `no-bypass` and what a Canary needs, so that few words are expected.
const SETTINGS: &str = "rules: {smoke-verification: off, observability: off, immutable-image: off}\n";

/// A bare Deployment, one that a Canary releases, and what controllers made of both.
fn shop() -> Vec<Value> {
    let mut revision = owned(deployment("shop", "bare-1"), "Deployment", "bare");
    revision["kind"] = "ReplicaSet".into();
    vec![
        deployment("shop", "bare"),
        revision,
        deployment("shop", "web"),
        canary("web", "web"),
        owned(deployment("shop", "web-primary"), "Canary", "web"),
        deployment("kube-system", "dns"),
    ]
}

#[test]
fn a_table_names_what_is_rejected_and_counts_by_rule() {
    let (directory, file) = dump(&shop());
    let settings = directory.path().join("settings.yaml");
    std::fs::write(&settings, SETTINGS).expect("a file");
    let (code, out, err) =
        audit(&[&file, "--settings", settings.to_str().expect("UTF-8"), "--show-accepted"]);
    assert_eq!((code, &*err), (Some(1), ""), "{out}");
    let expected =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/table.txt"));
    assert_eq!(out, expected.expect("the table"));
}

#[test]
fn json_holds_every_object_with_its_findings() {
    let (_directory, file) = dump(&shop());
    let (code, out, _) = audit(&[&file, "-o", "json", "--exit-zero"]);
    let read: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, Some(0));
    let object = |name: &str| {
        let objects = read["objects"].as_array().expect("objects");
        objects.iter().find(|object| object["name"] == name).cloned()
    };
    let bare = object("bare").expect("the Deployment");
    assert_eq!((&bare["verdict"], &bare["uid"]), (&json!("reject"), &json!("uid-bare")));
    assert_eq!(bare["findings"][0]["rule"], "no-bypass");
    assert_eq!(object("web").expect("the Deployment")["verdict"], "accept");
    for kept in ["bare-1", "web-primary"] {
        assert_eq!(object(kept), None);
    }
    assert_eq!((&read["summary"]["kept"], &read["summary"]["ungoverned"]), (&json!(2), &json!(1)));
    assert_eq!(read["summary"]["rules"]["no-bypass"]["denials"], 1);
    assert_eq!(read["errors"], json!([]));
}

#[test]
fn reports_come_as_a_list_of_either_group() {
    let (_directory, file) = dump(&shop());
    for (form, kind) in [("wgpolicy", "PolicyReport"), ("openreports", "Report")] {
        let (code, out, _) = audit(&[&file, "-o", form]);
        let read: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((code, &read["kind"]), (Some(1), &json!("List")));
        let reports = read["items"].as_array().expect("items");
        assert_eq!(reports.len(), 3);
        assert!(reports.iter().all(|report| report["kind"] == kind), "{out}");
    }
}

#[test]
fn one_namespace_alone_is_judged_by_all() {
    let mut objects = shop();
    objects.push(deployment("other", "plain"));
    let (_directory, file) = dump(&objects);
    let (code, out, _) = audit(&[&file, "-n", "other"]);
    assert!(code == Some(1) && out.contains("plain") && !out.contains("bare"), "{out}");
    assert_eq!(audit(&[&file, "-n", "nobody"]).0, Some(0));
}

#[test]
fn what_cannot_be_read_of_a_dump_is_told_and_the_rest_judged() {
    let (directory, file) = dump(&shop());
    let broken = directory.path().join("broken.yaml");
    std::fs::write(&broken, "apiVersion: apps/v1\nkind: [\n").expect("a file");
    let (code, out, err) = audit(&[&file, broken.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(2));
    assert!(out.contains("bare") && err.contains("broken.yaml:"), "{out}{err}");
    let (code, _, err) = audit(&["no/such/dump.yaml"]);
    assert!(code == Some(2) && err.contains("no/such/dump.yaml"), "{err}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let objects: Vec<Value> = (0..2000).map(|number| deployment("shop", &format!("d{number}"))).collect();
    let (_directory, file) = dump(&objects);
    let mut child = command(&[&file, "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rollgate");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), String::new()));
}

/// An API server with so many Canaries, and the kubeconfig for it.
fn cluster(canaries: usize) -> (ApiServer, TempDir, String) {
    let server = ApiServer::start();
    for number in 0..canaries {
        server.put(canary(&format!("c{number:04}"), "web"));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("kubeconfig");
    std::fs::write(&file, server.kubeconfig()).expect("a file");
    let name = file.to_str().expect("UTF-8").to_owned();
    (server, directory, name)
}

fn names(out: &str) -> Vec<String> {
    let read: Value = serde_json::from_str(out).expect("JSON");
    let objects = read["objects"].as_array().expect("objects").iter();
    objects.map(|object| object["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_cluster_is_read_page_by_page_and_kinds_it_does_not_serve_are_ignored() {
    let (server, _directory, kubeconfig) = cluster(1201);
    let (code, out, err) = audit(&["--kubeconfig", &kubeconfig, "-o", "json"]);
    assert_eq!((code, &*err), (Some(1), ""));
    assert_eq!(names(&out).len(), 1201);
    assert_eq!(server.pages(), 6, "three for what rules ask for, three to judge");
    let (code, out, _) = audit(&["--kubeconfig", &kubeconfig, "-o", "json", "-n", "nobody"]);
    assert_eq!((code, names(&out).len()), (Some(0), 0));
}

#[test]
fn a_list_that_the_api_server_forgets_goes_on_without_saying_anything_twice() {
    let (server, _directory, kubeconfig) = cluster(1201);
    server.forget_lists();
    let (code, out, err) = audit(&["--kubeconfig", &kubeconfig, "-o", "json"]);
    assert_eq!((code, &*err), (Some(1), ""));
    let mut names = names(&out);
    names.dedup();
    assert_eq!(names.len(), 1201);
}

#[test]
fn a_kind_that_may_not_be_read_is_named() {
    let (server, _directory, kubeconfig) = cluster(1);
    server.forbid(true);
    let (code, out, err) = audit(&["--kubeconfig", &kubeconfig]);
    assert_eq!(code, Some(2), "{out}");
    assert_eq!(
        err,
        "error: cannot read Canary of flagger.app/v1beta1: canaries.flagger.app is forbidden (403); let rollgate list \
         them (docs/audit.md has the ClusterRole)\n"
    );
    assert!(out.contains("1 error(s)"), "{out}");
}

#[tokio::test]
async fn an_api_server_that_is_away_is_told_at_once() {
    let (mut server, _directory, kubeconfig) = cluster(1);
    server.stop().await;
    let (code, out, err) = audit(&["--kubeconfig", &kubeconfig]);
    assert_eq!((code, &*out), (Some(2), ""));
    assert!(err.contains("Error: cannot read from the cluster: ") && err.contains("--context"), "{err}");
}

#[test]
fn reports_need_their_definitions() {
    let (_server, _directory, kubeconfig) = cluster(1);
    let (code, _, err) = audit(&["--kubeconfig", &kubeconfig, "--write-reports", "openreports.io"]);
    assert!(code == Some(2) && err.contains("does not serve Report of openreports.io/v1alpha1"), "{err}");
}
