//! What is governed at all.

use std::collections::BTreeMap;

use crate::glob::matches_glob;

/// Workload kinds that may be governed; Pods only on demand, since a webhook on Pods endangers the cluster.
pub const WORKLOAD_KINDS: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"];

/// What is governed at all.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) include_namespaces: Vec<String>,
    pub(super) exclude_namespaces: Vec<String>,
    pub(super) kinds: Vec<String>,
    pub(super) match_labels: BTreeMap<String, String>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            include_namespaces: vec!["*".to_owned()],
            exclude_namespaces: vec!["kube-*".to_owned()],
            kinds: WORKLOAD_KINDS[..5].iter().map(|kind| (*kind).to_owned()).collect(),
            match_labels: BTreeMap::new(),
        }
    }
}

impl Scope {
    /// Whether objects of a namespace are governed.
    #[must_use]
    pub fn includes_namespace(&self, namespace: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches_glob(pattern, namespace));
        any(&self.include_namespaces) && !any(&self.exclude_namespaces)
    }

    /// Whether a workload kind is governed by `no-bypass`.
    #[must_use]
    pub fn includes_kind(&self, kind: &str) -> bool {
        self.kinds.iter().any(|included| included == kind)
    }

    /// Whether an object with these labels is governed.
    #[must_use]
    pub fn includes_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}
