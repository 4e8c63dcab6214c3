//! Examples of what a rule rejects and of what it lets through.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{manifests, requests};

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

/// A bad manifest, what is said about it, and the nearest good one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifests {
    /// The bad manifest's path in the repository.
    pub rejected: String,
    /// The good one's.
    pub accepted: String,
    /// The settings they are judged under, where these are not the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// The bad manifest around the finding, with line numbers.
    pub excerpt: String,
    /// The finding, as it is reported.
    pub finding: String,
    /// What makes the good manifest of the bad one, as a unified diff.
    pub diff: String,
}

/// A command and the answer to its request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    /// The request's file in the repository.
    pub file: String,
    /// What somebody types.
    pub command: String,
    /// Who.
    pub user: String,
    /// What the command sends, and what it meets: the file, without the verdict it announces.
    pub request: String,
    /// Why it is rejected; nothing when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
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
