//! The policy in Wasm gives the verdicts it gives natively, to the byte.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollgate::cluster::StaticCluster;
use rollgate::documents::fixture::Announced;
use rollgate::manifest::{Document, Source, read};
use rollgate::runtime::{Callbacks, Grants, Limits, ModuleCache, Policy, Settings};
use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The annotated policy, as `cargo xtask build` leaves it.
fn policy() -> Policy {
    let path = root().join("dist/policy.wasm");
    Policy::from_file(&path, &Limits::default(), &ModuleCache::User)
        .unwrap_or_else(|error| panic!("{error}; run `cargo xtask build` first"))
}

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

/// Requests that create each object, and that change it from something else.
fn requests(document: &Document) -> Vec<Value> {
    let object: Value = serde_json::from_str(&document.json).expect("JSON");
    let (group, version) = match object["apiVersion"].as_str().expect("an apiVersion").split_once('/') {
        Some((group, version)) => (group.to_owned(), version.to_owned()),
        None => (String::new(), object["apiVersion"].as_str().expect("an apiVersion").to_owned()),
    };
    let kind = &object["kind"];
    let mut request = json!({
        "uid": "0", "operation": "CREATE", "name": object["metadata"]["name"],
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": "any"},
        "userInfo": {"username": "dev@example.com"},
        "object": object,
    });
    if let Some(namespace) = object["metadata"]["namespace"].as_str() {
        request["namespace"] = namespace.into();
    }
    let mut update = request.clone();
    update["operation"] = "UPDATE".into();
    update["oldObject"] = json!({"spec": {}});
    vec![request, update]
}

#[test]
fn native_and_wasm_agree_on_every_manifest() {
    let policy = policy();
    let kinds = policy.metadata().expect("metadata").context_aware_resources.clone();
    let mut paths = Vec::new();
    for folder in ["tests/fixtures", "gallery", "delivery/_examples"] {
        files(&root().join(folder), &mut paths);
    }
    let controllers = read(&[Source::Path(root().join("demo/cluster.yaml"))]).expect("the controllers");
    let (mut compared, mut rejected) = (0, 0);
    for path in &paths {
        let documents = read(&[Source::Path(path.clone())]).expect("manifests");
        let values: Vec<Value> = documents
            .iter()
            .chain(&controllers)
            .map(|document| serde_json::from_str(&document.json).expect("JSON"))
            .collect();
        let mut objects = Objects::default();
        for value in &values {
            let json = RawValue::from_string(value.to_string()).expect("JSON");
            objects.insert(json).expect("an object");
        }
        let cluster = Arc::new(StaticCluster::new(values).expect("objects"));
        let callbacks = Callbacks::shared(Grants::new(vec!["*".to_owned()], kinds.clone()), cluster);
        // A fixture may announce settings of its own.
        let announced = Announced::read(path).map_or_else(|_| json!({}), |announced| announced.settings);
        for settings in [announced, json!({"profile": "standard"}), json!({"profile": "strict"})] {
            let wasm_settings = Settings::from_value(&settings).expect("settings");
            for request in documents.iter().flat_map(requests) {
                let bytes = request.to_string().into_bytes();
                let wasm = policy.validate_raw(&bytes, &wasm_settings, &callbacks).expect("an answer");
                let payload = json!({"request": request, "settings": settings}).to_string();
                let native = protocol::validate(payload.as_bytes(), 0, &objects);
                assert_eq!(
                    String::from_utf8_lossy(&wasm),
                    String::from_utf8_lossy(&native),
                    "{} {}",
                    path.display(),
                    request["kind"]
                );
                compared += 1;
                rejected += usize::from(native.starts_with(br#"{"accepted":false"#));
            }
        }
    }
    assert!(compared > 1000 && rejected > 200, "{compared} compared, {rejected} rejected");
}

#[test]
fn settings_are_validated_with_every_error_at_once() {
    let policy = policy();
    let settings =
        Settings::from_value(&json!({"profile": "lax", "rules": {"none": "deny"}})).expect("an object");
    let answer = policy.validate_settings(&settings, &Callbacks::none()).expect("an answer");
    assert!(!answer.valid);
    let message = answer.message.expect("a message");
    assert!(message.contains("profile: ") && message.contains("rules.none: unknown rule"), "{message}");
    assert_eq!(policy.protocol_version().expect("a version"), "v1");
}
