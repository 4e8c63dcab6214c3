//! `cargo xtask`: build, demo and test.

fn main() {}
