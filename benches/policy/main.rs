//! The policy and the host that runs it, without a network. Run `cargo xtask build` first, or `cargo xtask bench`, which
//! makes a page of it.

mod clusters;
mod growing;
mod growth;
mod guests;
mod lookups;
#[path = "../material/mod.rs"]
mod material;
mod reviews;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    reviews::reviews,
    reviews::instances,
    lookups::look_ups,
    growth::objects,
    growth::context
);
criterion_main!(benches);
