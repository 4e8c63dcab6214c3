//! The metadata file and what Kubewarden asks of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::runtime::{PolicyType, ResourceKind};

/// What a policy says about itself, complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyMetadata {
    /// The requests the policy is made for; may be empty in a raw policy.
    pub rules: Vec<Rule>,
    /// Title, version, description and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Whether the policy changes what it accepts.
    pub mutating: bool,
    /// Whether the policy is of use on what already runs.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// The kinds the policy asks to read from the cluster.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ResourceKind>,
    /// The host's functions the policy calls, each as `namespace/operation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The runtime the policy is made for.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// Whether requests are Kubernetes admission requests or any JSON.
    #[serde(default)]
    pub policy_type: PolicyType,
    /// The oldest Kubewarden the policy runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
    /// What the module itself says; never in the file.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
}

/// Requests a policy is made for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// API groups; the core group is the empty text.
    pub api_groups: Vec<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// Resources in the plural.
    pub resources: Vec<String>,
    /// Operations in capitals.
    pub operations: Vec<String>,
}

/// The runtime a policy is made for. Policies for others do not speak a protocol that could be asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub enum ExecutionMode {
    /// waPC.
    #[default]
    #[serde(rename = "kubewarden-wapc")]
    Wapc,
}

/// Everything that is wrong with metadata, each part named by its key.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidMetadata(Vec<String>);

const OPERATIONS: [&str; 5] = ["CREATE", "UPDATE", "DELETE", "CONNECT", "*"];
const TITLE: &str = "io.kubewarden.policy.title";
/// The longest name Kubernetes takes where a name is a DNS label.
const LONGEST_LABEL: usize = 63;

fn yes() -> bool {
    true
}

impl PolicyMetadata {
    /// Reads metadata in YAML.
    ///
    /// # Errors
    /// Everything that is wrong with it. What cannot even be read is one error, with its place.
    pub fn parse(yaml: &str) -> Result<Self, InvalidMetadata> {
        let metadata: Self =
            serde_saphyr::from_str(yaml).map_err(|error| InvalidMetadata(vec![error.to_string()]))?;
        let problems = metadata.problems();
        if problems.is_empty() { Ok(metadata) } else { Err(InvalidMetadata(problems)) }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.rules.is_empty() && self.policy_type == PolicyType::Kubernetes {
            problems.push("rules: at least one is needed".to_owned());
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.problems(&format!("rules[{index}]"), &mut problems);
        }
        for capability in self.host_capabilities.iter().flatten() {
            if capability.split('/').count() < 2 || capability.split('/').any(str::is_empty) {
                problems
                    .push(format!("hostCapabilities: {capability:?} is not of the form namespace/operation"));
            }
        }
        for ResourceKind { api_version, kind } in &self.context_aware_resources {
            if api_version.is_empty() || kind.is_empty() {
                problems.push("contextAwareResources: apiVersion and kind must not be empty".to_owned());
            }
        }
        if let Some(version) = &self.minimum_kubewarden_version
            && !is_version(version)
        {
            problems
                .push(format!("minimumKubewardenVersion: {version:?} is no version; write it as \"1.36.0\""));
        }
        // Becomes the name of the objects that are made from the metadata.
        if let Some(title) = self.annotations.as_ref().and_then(|annotations| annotations.get(TITLE))
            && !is_label(title)
        {
            problems.push(format!(
                "annotations.{TITLE}: {title:?} is no object name; use lower-case letters, digits and hyphens"
            ));
        }
        problems
    }
}

impl Rule {
    fn problems(&self, at: &str, problems: &mut Vec<String>) {
        let lists = [
            ("apiGroups", &self.api_groups, "*"),
            ("apiVersions", &self.api_versions, "*"),
            ("resources", &self.resources, "*/*"),
            ("operations", &self.operations, "*"),
        ];
        for (key, list, everything) in lists {
            if list.is_empty() {
                problems.push(format!("{at}.{key}: must not be empty"));
            }
            if list.len() > 1 && list.iter().any(|item| item == everything) {
                problems.push(format!("{at}.{key}: {everything:?} must stand alone"));
            }
            // Of the lists, only this one may hold the empty text: it is the core group.
            if key != "apiGroups" && list.iter().any(String::is_empty) {
                problems.push(format!("{at}.{key}: must not hold an empty text"));
            }
        }
        for operation in &self.operations {
            if !operation.is_empty() && !OPERATIONS.contains(&operation.as_str()) {
                problems.push(format!("{at}.operations: {operation:?} is none of {}", OPERATIONS.join(", ")));
            }
        }
        let whole = |resource: &&String| !resource.contains('/');
        if self.resources.iter().any(|resource| resource == "*")
            && self.resources.iter().filter(whole).count() > 1
        {
            problems.push(format!("{at}.resources: beside \"*\" only sub-resources may stand"));
        }
    }
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= LONGEST_LABEL
        && !text.is_empty()
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Only the first two parts are ever compared, so what follows the third is not looked at.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok())
}
