//! Examples of what a rule rejects and of what it lets through.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::manifests::{self, Manifests};
use super::requests::{self, Answered};

/// What a rule's page shows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Examples {
    /// A manifest and its mend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifests: Option<Manifests>,
    /// Commands and what is answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Answered>,
}

impl Examples {
    /// The examples of a rule in the repository at `root`.
    pub(super) fn of(root: &Path, rule: &str) -> anyhow::Result<Self> {
        Ok(Self { manifests: manifests::of(root, rule)?, requests: requests::of(root, rule)? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.manifests.is_none() && self.requests.is_empty()
    }

    /// The examples this command was built with.
    pub(crate) fn built_in(rule: &str) -> Self {
        // A test reads it; what a new rule lacks until the documents are generated is no reason to fail.
        let mut all: BTreeMap<String, Self> =
            serde_json::from_str(include_str!("examples.json")).unwrap_or_default();
        all.remove(rule).unwrap_or_default()
    }
}
