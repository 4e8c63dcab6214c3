//! What the host takes to answer one question of a guest, from manifests and from what it watches.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use rollgate::runtime::Capabilities;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::clusters::{fixed, live};
use crate::growing::templates;
use crate::guests;
use crate::material::examples;

/// How many templates there are.
const TEMPLATES: [usize; 3] = [10, 1_000, 100_000];

/// Look-ups.
pub fn look_ups(criterion: &mut Criterion) {
    let policy = guests::rollgate();
    let runtime = Runtime::new().expect("a runtime");
    let of_template = |mut question: Value| {
        question["api_version"] = "argoproj.io/v1alpha1".into();
        question["kind"] = "AnalysisTemplate".into();
        question.to_string()
    };
    let one = of_template(json!({"name": "template-7", "namespace": "team-0"}));
    let ten = of_template(json!({"namespace": "team-0"}));
    let none = of_template(json!({"name": "template-0", "namespace": "nowhere"}));
    let questions = [
        ("one", "get_resource", &one),
        ("ten of a namespace", "list_resources_by_namespace", &ten),
        ("one that is not there", "get_resource", &none),
    ];
    for count in TEMPLATES {
        let objects: Vec<Value> = examples().into_iter().chain(templates(count)).collect();
        let stores: [(_, &dyn Capabilities); 2] =
            [("manifests", &fixed(&objects)), ("watched", &live(&runtime, &policy, objects))];
        for (store, cluster) in stores {
            let mut group = criterion.benchmark_group(format!("lookup/{store}"));
            for (name, operation, question) in questions {
                let answer = cluster.call("kubernetes", operation, question.as_bytes());
                assert_eq!(answer.is_ok(), name != "one that is not there", "{answer:?}");
                group.bench_function(BenchmarkId::new(name, count), |bencher| {
                    bencher.iter(|| cluster.call("kubernetes", operation, black_box(question.as_bytes())));
                });
            }
        }
    }
}
