//! The arguments that say which cluster a policy reads.

use std::path::PathBuf;

/// Where the objects come from that a policy looks up.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("asks_the_cluster").multiple(true))]
pub struct ClusterArgs {
    /// Let the policy read the kinds its metadata asks for, from the cluster or from --cluster-objects
    #[arg(long, group = "asks_the_cluster")]
    pub allow_context_aware: bool,
    /// Manifest, or directory of manifests, that stands for the cluster. May be repeated
    #[arg(long, value_name = "PATH")]
    pub cluster_objects: Vec<PathBuf>,
    /// File that says how to reach the cluster; otherwise KUBECONFIG, ~/.kube/config or the pod's service account
    #[arg(long, value_name = "FILE", requires = "asks_the_cluster", conflicts_with = "cluster_objects")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of that file; its current one unless given
    #[arg(long, value_name = "NAME", requires = "asks_the_cluster", conflicts_with = "cluster_objects")]
    pub context: Option<String>,
}
