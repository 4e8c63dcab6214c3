//! What is governed at all.

use std::collections::BTreeMap;

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

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    match last {
        Some(suffix) => rest.ends_with(suffix),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_match_by_glob() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("kube-*", "kube-system", true),
            ("kube-*", "kube", false),
            ("*-prod", "shop-prod", true),
            ("shop", "shop", true),
            ("shop", "shop-2", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("", "", true),
        ] {
            assert_eq!(matches_glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
