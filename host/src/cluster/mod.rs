//! The objects a policy may look up, in manifests that stand for a cluster.

mod fields;
mod load;
mod mask;
mod objects;
mod question;
mod selector;
mod static_cluster;

pub use fields::{Fields, UnreadableFields};
pub use load::{LoadObjectsError, cluster_objects};
pub use objects::NotAnObject;
pub use static_cluster::StaticCluster;
