//! The core of the rules in every engine, on the same requests. `cargo xtask bench` runs it: `BENCH_FILES` names the
//! folder of the requests.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use rollgate_benchmarks::files;
use rollgate_benchmarks::peers::{engines, inputs};

fn peers(criterion: &mut Criterion) {
    let folder = PathBuf::from(std::env::var_os("BENCH_FILES").expect("BENCH_FILES names a folder"));
    let cluster = files::cluster(&folder).expect("the cluster");
    let inputs = inputs(&folder).expect("the requests");
    for mut engine in engines(&cluster).expect("the engines") {
        for input in &inputs {
            let verdict = engine.judge(&input.request).expect("a verdict");
            assert_eq!(verdict, input.accepted, "{}: {}", engine.name(), input.name);
            engine.prepare(&input.request).expect("a request");
            assert_eq!(engine.judge_prepared().expect("a verdict"), verdict);

            let mut group = criterion.benchmark_group(format!("peers/{}", input.name));
            group.bench_function(engine.name(), |bencher| {
                bencher.iter(|| engine.judge(black_box(&input.request)));
            });
            if !engine.name().starts_with("rollgate") {
                group.bench_function(format!("{}, request read before", engine.name()), |bencher| {
                    bencher.iter(|| engine.judge_prepared());
                });
            }
        }
    }
}

criterion_group!(benches, peers);
criterion_main!(benches);
