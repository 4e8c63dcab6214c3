//! One review of the canonical canary, with its templates looked up: natively, and in Wasm with a fresh instance
//! for every request. Run `cargo xtask build` first.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use rollgate::cluster::StaticCluster;
use rollgate::manifest::{Source, read};
use rollgate::runtime::{Callbacks, Grants, Limits, ModuleCache, Policy, Settings};
use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn review(criterion: &mut Criterion) {
    let sources = ["delivery/_examples", "demo/cluster.yaml"].map(|path| Source::Path(root().join(path)));
    let documents = read(&sources).expect("the examples");
    let values: Vec<Value> =
        documents.iter().map(|document| serde_json::from_str(&document.json).expect("JSON")).collect();
    let canary = values
        .iter()
        .find(|value| value["kind"] == "Rollout" && value["metadata"]["name"] == "payments")
        .expect("the canonical canary");
    let request = json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout"},
        "resource": {"group": "argoproj.io", "version": "v1alpha1", "resource": "rollouts"},
        "operation": "CREATE", "name": "payments", "namespace": "shop",
        "userInfo": {"username": "dev@example.com", "groups": ["system:authenticated"]},
        "object": canary,
    })
    .to_string();
    println!("the request has {} bytes", request.len());

    let mut objects = Objects::default();
    for value in &values {
        objects.insert(RawValue::from_string(value.to_string()).expect("JSON")).expect("an object");
    }
    let payload = format!(r#"{{"request":{request},"settings":{{}}}}"#);
    let accepted = br#"{"accepted":true"#;
    assert!(protocol::validate(payload.as_bytes(), 0, &objects).starts_with(accepted));

    let policy = Policy::from_file(&root().join("dist/policy.wasm"), &Limits::default(), &ModuleCache::User)
        .unwrap_or_else(|error| panic!("{error}; run `cargo xtask build` first"));
    let kinds = policy.metadata().expect("metadata").context_aware_resources.clone();
    let cluster = StaticCluster::new(values).expect("objects");
    let callbacks = Callbacks::new(Grants::new(vec!["*".to_owned()], kinds), cluster);
    let settings = Settings::default();
    let reply = policy.validate_raw(request.as_bytes(), &settings, &callbacks).expect("an answer");
    assert!(reply.starts_with(accepted), "{}", String::from_utf8_lossy(&reply));

    let mut group = criterion.benchmark_group("review of the canonical canary");
    group.bench_function("native", |bencher| {
        bencher.iter(|| protocol::validate(black_box(payload.as_bytes()), 0, &objects));
    });
    group.bench_function("wasm, fresh instance", |bencher| {
        bencher.iter(|| policy.validate_raw(black_box(request.as_bytes()), &settings, &callbacks));
    });
    group.bench_function("wasm, instance alone", |bencher| bencher.iter(|| policy.protocol_version()));
    group.finish();
}

criterion_group!(benches, review);
criterion_main!(benches);
