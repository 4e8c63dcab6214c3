//! The objects a policy may look up: in manifests that stand for a cluster, or in a live one.

mod args;
mod fields;
mod live;
mod load;
mod mask;
mod objects;
mod question;
mod selector;
mod snapshot;
mod static_cluster;

pub use args::ClusterArgs;
pub use fields::{Fields, UnreadableFields};
pub(crate) use live::reason;
pub use live::{ConnectError, DirectCluster, KindStatus, LiveCluster, Pace, connect};
pub(crate) use live::{Lists, Place};
pub use load::{LoadObjectsError, cluster_objects};
pub use objects::NotAnObject;
pub(crate) use question::{says_not_found, says_not_served};
pub(crate) use snapshot::Snapshot;
pub use static_cluster::StaticCluster;
