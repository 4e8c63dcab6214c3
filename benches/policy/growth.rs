//! How the time of a review grows: with the size of the object, with steps, with metrics, and with what is in the
//! cluster.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use rollgate::runtime::{Callbacks, Policy, Settings};
use rollgate_policy::protocol;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::clusters::{fixed, live, native};
use crate::growing::{
    ANALYSIS_TEMPLATE, CANARY_ROLLOUT, UNGOVERNED_DEPLOYMENT, canaries, templates, with_metrics, with_steps,
};
use crate::guests::{self, accepts, payload};
use crate::material::managed_fields::filled;
use crate::material::{examples, request};

const BYTES: [usize; 5] = [6_000, 25_000, 100_000, 400_000, 1_600_000];
const STEPS: [u32; 5] = [8, 32, 128, 512, 2_048];
const METRICS: [usize; 4] = [4, 16, 64, 256];
const TEMPLATES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];
const CANARIES: [usize; 4] = [1, 10, 100, 1_000];

/// Loaded anew for each measurement: what a larger request left behind would be measured with it.
struct Policies {
    rollgate: Policy,
    empty: Policy,
}

impl Policies {
    fn load() -> Self {
        Self { rollgate: guests::rollgate(), empty: guests::empty() }
    }
}

/// Objects that grow.
pub fn objects(criterion: &mut Criterion) {
    for bytes in BYTES {
        let object = filled(&CANARY_ROLLOUT.object(), bytes);
        grown(criterion, "bytes", bytes, &object, &examples());
    }
    for steps in STEPS {
        grown(criterion, "steps", steps as usize, &with_steps(steps), &examples());
    }
    for metrics in METRICS {
        let template = with_metrics(metrics);
        let mut objects = examples();
        let name = &ANALYSIS_TEMPLATE.object()["metadata"]["name"];
        objects.retain(|object| object["kind"] != template["kind"] || object["metadata"]["name"] != *name);
        objects.push(template.clone());
        grown(criterion, "metrics of a Rollout", metrics, &CANARY_ROLLOUT.object(), &objects);
        grown(criterion, "metrics of a template", metrics, &template, &objects);
    }
}

/// Reviews `object` in a cluster of `objects`.
fn grown(criterion: &mut Criterion, dimension: &str, amount: usize, object: &Value, objects: &[Value]) {
    let policies = Policies::load();
    let request = request(object);
    let payload = payload(&request);
    let request = request.to_string();
    let cluster = native(objects);
    let (callbacks, none) = (guests::callbacks(&policies.rollgate, fixed(objects)), Callbacks::none());
    let settings = Settings::default();
    let answer = protocol::validate(payload.as_bytes(), 0, &cluster);
    assert!(accepts(&answer), "{amount} {dimension}: {}", String::from_utf8_lossy(&answer));

    let mut group = criterion.benchmark_group(format!("growth/{dimension}"));
    group.bench_function(BenchmarkId::new("native", amount), |bencher| {
        bencher.iter(|| protocol::validate(black_box(payload.as_bytes()), 0, &cluster));
    });
    group.bench_function(BenchmarkId::new("Wasm", amount), |bencher| {
        bencher.iter(|| policies.rollgate.validate_raw(black_box(request.as_bytes()), &settings, &callbacks));
    });
    group.bench_function(BenchmarkId::new("empty", amount), |bencher| {
        bencher.iter(|| policies.empty.validate_raw(black_box(request.as_bytes()), &settings, &none));
    });
}

/// What is in the cluster, watched: templates of others, and Canaries of the same namespace.
pub fn context(criterion: &mut Criterion) {
    let rollout = request(&CANARY_ROLLOUT.object()).to_string();
    for count in TEMPLATES {
        let objects = examples().into_iter().chain(templates(count)).collect();
        watched(criterion, "templates", count, (&rollout, true), objects);
    }
    let deployment = request(&UNGOVERNED_DEPLOYMENT.object()).to_string();
    for count in CANARIES {
        let objects = examples().into_iter().chain(canaries(count)).collect();
        watched(criterion, "Canaries", count, (&deployment, false), objects);
    }
}

/// Reviews a request, of which the verdict is known, in Wasm beside a watched cluster.
fn watched(
    criterion: &mut Criterion,
    dimension: &str,
    amount: usize,
    (request, accepted): (&str, bool),
    objects: Vec<Value>,
) {
    let policies = Policies::load();
    let runtime = Runtime::new().expect("a runtime");
    let callbacks = guests::callbacks(&policies.rollgate, live(&runtime, &policies.rollgate, objects));
    let (settings, none) = (Settings::default(), Callbacks::none());
    let answer = policies.rollgate.validate_raw(request.as_bytes(), &settings, &callbacks);
    let answer = answer.expect("an answer");
    assert_eq!(accepts(&answer), accepted, "{amount} {dimension}: {}", String::from_utf8_lossy(&answer));

    let mut group = criterion.benchmark_group(format!("growth/{dimension}"));
    group.bench_function(BenchmarkId::new("Wasm", amount), |bencher| {
        bencher.iter(|| policies.rollgate.validate_raw(black_box(request.as_bytes()), &settings, &callbacks));
    });
    group.bench_function(BenchmarkId::new("empty", amount), |bencher| {
        bencher.iter(|| policies.empty.validate_raw(black_box(request.as_bytes()), &settings, &none));
    });
}
