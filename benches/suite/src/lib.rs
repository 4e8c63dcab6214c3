//! What `cargo xtask bench` measures beside criterion's benchmarks of the policy, and the page it makes of everything.

pub mod figures;
pub mod files;
pub mod load;
pub mod machine;
pub mod oha;
pub mod page;
pub mod peers;
pub mod plot;
pub mod process;
pub mod servers;
pub mod targets;
pub mod units;
