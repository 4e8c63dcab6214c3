//! The parts of Kubernetes' own types that rules read; everything else in an object is skipped.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The label, and the key of a selector, by which Argo Rollouts tells the pods of its versions apart.
pub const POD_HASH: &str = "rollouts-pod-template-hash";

/// An object's metadata, without the managed fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Name; empty when the API server is to make one up.
    pub name: String,
    /// Prefix of a made-up name.
    pub generate_name: String,
    /// Namespace, if the kind has one.
    pub namespace: Option<String>,
    /// What tells it from an earlier object of the same name; empty until it is stored.
    pub uid: String,
    /// There when it is deleted, and something is still waited for.
    pub deletion_timestamp: Option<IgnoredAny>,
    /// Labels.
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "or_default")]
    pub annotations: BTreeMap<String, String>,
    /// Owners.
    #[serde(deserialize_with = "or_default")]
    pub owner_references: Vec<OwnerReference>,
}

impl Metadata {
    /// The name, or what of it is known.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.generate_name } else { &self.name }
    }

    /// The owner that manages the object, if one does.
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

/// A reference to an owner.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// API version of the owner.
    pub api_version: String,
    /// Kind of the owner.
    pub kind: String,
    /// Name of the owner.
    pub name: String,
    /// The owner's own.
    pub uid: String,
    /// Whether the owner manages the object.
    pub controller: bool,
}

/// The template of a workload's pods.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PodTemplate {
    /// Labels and annotations of the pods.
    pub metadata: Metadata,
    /// What runs in them.
    pub spec: PodSpec,
}

/// What runs in a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The main containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    /// Containers that run, one after the other, before the main ones.
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<Container>,
    /// What happens to a container that ends; empty means `Always`.
    pub restart_policy: String,
    /// What containers may mount, as far as it comes from a `ConfigMap` or a Secret.
    #[serde(deserialize_with = "or_default")]
    pub volumes: Vec<ConfigurationSource>,
}

/// One container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name.
    pub name: String,
    /// The image it runs, as written.
    pub image: String,
    /// Environment variables.
    #[serde(deserialize_with = "or_default")]
    pub env: Vec<EnvironmentVariable>,
    /// Objects of which every key becomes an environment variable.
    #[serde(deserialize_with = "or_default")]
    pub env_from: Vec<ConfigurationSource>,
    /// Declared ports.
    #[serde(deserialize_with = "or_default")]
    pub ports: Vec<IgnoredAny>,
    /// Whether, and how, readiness is probed.
    pub readiness_probe: Option<Probe>,
}

/// An environment variable.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvironmentVariable {
    /// Name.
    pub name: String,
    /// Its value, where it stands in the manifest.
    pub value: Option<String>,
    /// Where it comes from otherwise.
    pub value_from: Option<ConfigurationSource>,
}

/// A place that may name a `ConfigMap` or a Secret: an environment variable's source, an entry of `envFrom`, a
/// volume, a source of a projected volume. Each calls them by other names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigurationSource {
    /// The `ConfigMap`.
    #[serde(alias = "configMapRef", alias = "configMapKeyRef")]
    pub config_map: Option<ConfigurationReference>,
    /// The Secret.
    #[serde(alias = "secretRef", alias = "secretKeyRef")]
    pub secret: Option<ConfigurationReference>,
    /// Further sources, in one volume.
    pub projected: Option<ProjectedSources>,
}

/// The sources of a projected volume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProjectedSources {
    /// One after the other.
    #[serde(deserialize_with = "or_default")]
    pub sources: Vec<ConfigurationSource>,
}

/// The name of a `ConfigMap` or a Secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConfigurationReference {
    /// Its name.
    #[serde(alias = "secretName")]
    pub name: String,
    /// The pods start without it, too.
    pub optional: Option<bool>,
}

/// A probe; one without a handler probes nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    http_get: Option<IgnoredAny>,
    tcp_socket: Option<IgnoredAny>,
    grpc: Option<IgnoredAny>,
    exec: Option<IgnoredAny>,
}

impl Probe {
    fn has_handler(&self) -> bool {
        self.http_get.is_some() || self.tcp_socket.is_some() || self.grpc.is_some() || self.exec.is_some()
    }
}

impl PodSpec {
    /// All containers, each with the JSON path of its field below the template.
    pub fn all_containers(&self) -> impl Iterator<Item = (String, &Container)> {
        [("containers", &self.containers), ("initContainers", &self.init_containers)].into_iter().flat_map(
            |(field, containers)| {
                let numbered = containers.iter().enumerate();
                numbered.map(move |(index, container)| (format!("spec.{field}[{index}]"), container))
            },
        )
    }

    /// Names of the containers that serve requests without a readiness probe.
    ///
    /// A container serves when it declares a port; in a pod where none declares one, all are taken to.
    #[must_use]
    pub fn unprobed_containers(&self) -> Vec<String> {
        let ports_declared = self.containers.iter().any(|container| !container.ports.is_empty());
        self.containers
            .iter()
            .filter(|container| !ports_declared || !container.ports.is_empty())
            .filter(|container| !container.readiness_probe.as_ref().is_some_and(Probe::has_handler))
            .map(|container| container.name.clone())
            .collect()
    }
}

/// A number that may be written as a string.
///
/// A string that is no number counts as 0, as in Kubernetes' own `IntOrString.IntValue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntOrString {
    /// Written as a number.
    Int(i64),
    /// Written as a string.
    String(String),
}

impl IntOrString {
    /// Its value.
    #[must_use]
    pub fn value(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            Self::String(text) => text.parse().unwrap_or(0),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntOrStringVisitor;

        impl Visitor<'_> for IntOrStringVisitor {
            type Value = IntOrString;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number or a string")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                Ok(IntOrString::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                i64::try_from(number).map(IntOrString::Int).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::String(text.to_owned()))
            }
        }

        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

/// How many entries an object has, whatever they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries(pub usize);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = 0;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    entries += 1;
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A map of texts, such as labels; what is no text counts as empty.
pub(crate) fn texts(value: &Value) -> BTreeMap<String, String> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Reads `null` as absent: both mean the same to the API server.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
