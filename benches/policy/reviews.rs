//! One review of every kind in every size, with what it looks up: natively, in Wasm with a fresh instance, and by the
//! empty policy.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use rollgate::runtime::{Callbacks, Settings};
use rollgate_policy::protocol;

use crate::clusters::{fixed, native};
use crate::guests::{self, accepts, callbacks, payload};
use crate::material::{SIZES, SUBJECTS, examples, request};

/// Reviews.
pub fn reviews(criterion: &mut Criterion) {
    let (rollgate, empty) = (guests::rollgate(), guests::empty());
    let objects = examples();
    let cluster = native(&objects);
    let (callbacks, none) = (callbacks(&rollgate, fixed(&objects)), Callbacks::none());
    let settings = Settings::default();
    for subject in &SUBJECTS {
        let mut group = criterion.benchmark_group(format!("review/{}", subject.name));
        for size in SIZES {
            let object = size.of(&subject.object());
            let request = request(&object);
            let payload = payload(&request);
            let request = request.to_string();
            let answer = protocol::validate(payload.as_bytes(), 0, &cluster);
            assert_eq!(accepts(&answer), subject.accepted, "{}, {}", subject.name, size.name());
            let reply = rollgate.validate_raw(request.as_bytes(), &settings, &callbacks).expect("an answer");
            assert_eq!(accepts(&reply), subject.accepted, "{}, {}", subject.name, size.name());

            group.throughput(Throughput::Bytes(object.to_string().len() as u64));
            group.bench_function(BenchmarkId::new("native", size.name()), |bencher| {
                bencher.iter(|| protocol::validate(black_box(payload.as_bytes()), 0, &cluster));
            });
            group.bench_function(BenchmarkId::new("Wasm", size.name()), |bencher| {
                bencher.iter(|| rollgate.validate_raw(black_box(request.as_bytes()), &settings, &callbacks));
            });
            group.bench_function(BenchmarkId::new("empty", size.name()), |bencher| {
                bencher.iter(|| empty.validate_raw(black_box(request.as_bytes()), &settings, &none));
            });
        }
    }
}

/// A fresh instance that is asked for a constant.
pub fn instances(criterion: &mut Criterion) {
    let (rollgate, empty) = (guests::rollgate(), guests::empty());
    let mut group = criterion.benchmark_group("instance");
    group.bench_function("rollgate", |bencher| bencher.iter(|| rollgate.protocol_version()));
    group.bench_function("empty", |bencher| bencher.iter(|| empty.protocol_version()));
}
