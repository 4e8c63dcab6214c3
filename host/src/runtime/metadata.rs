//! The metadata that `annotate` embeds in a policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::LoadError;

/// Name of the custom section that holds the metadata as JSON.
pub(crate) const METADATA_SECTION: &str = "io.kubewarden.metadata";

/// What a policy says about itself. Only what a host acts on is typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// `v1`, or absent when the module was never annotated properly.
    pub protocol_version: Option<String>,
    /// Whether requests are Kubernetes admission requests or any JSON.
    pub policy_type: PolicyType,
    /// The runtime the policy was made for; `kubewarden-wapc` when absent.
    pub execution_mode: Option<String>,
    /// Whether the policy changes what it accepts.
    pub mutating: bool,
    /// The kinds the policy asks to read from the cluster.
    pub context_aware_resources: BTreeSet<ResourceKind>,
    /// Title, version, description and the like.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// What kind of request a policy takes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum PolicyType {
    /// Admission requests.
    #[default]
    Kubernetes,
    /// Any JSON.
    Raw,
}

/// A kind of object: `v1`/`Namespace`, `argoproj.io/v1alpha1`/`AnalysisTemplate`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct ResourceKind {
    /// `v1` or `group/version`.
    pub api_version: String,
    /// Singular name in `PascalCase`.
    pub kind: String,
}

impl std::fmt::Display for ResourceKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.api_version, self.kind)
    }
}

impl Metadata {
    /// Reads the first metadata section of `wasm`; `None` when there is none.
    ///
    /// # Errors
    /// When the section is not the JSON it should be.
    pub fn read(wasm: &[u8]) -> Result<Option<Self>, LoadError> {
        metadata_section(wasm)
            .map(|section| serde_json::from_slice(section).map_err(LoadError::Metadata))
            .transpose()
    }
}

/// The first metadata section of a module.
pub(crate) fn metadata_section(wasm: &[u8]) -> Option<&[u8]> {
    // A module this parser cannot walk is refused by the compiler with a better text.
    let payloads = wasmparser::Parser::new(0).parse_all(wasm).map_while(Result::ok);
    payloads.into_iter().find_map(|payload| match payload {
        wasmparser::Payload::CustomSection(section) if section.name() == METADATA_SECTION => {
            Some(section.data())
        }
        _ => None,
    })
}
