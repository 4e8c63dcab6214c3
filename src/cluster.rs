//! The only questions a rule may ask about other objects.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;
pub use crate::kubernetes::POD_HASH;
use crate::kubernetes::or_default;

/// A kind of object, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// `group/version`, or `v1` for the core group.
    pub api_version: &'static str,
    /// The kind in the singular.
    pub kind: &'static str,
}

impl Kind {
    /// `argoproj.io/v1alpha1` Rollout.
    pub const ROLLOUT: Self = Self { api_version: "argoproj.io/v1alpha1", kind: "Rollout" };
    /// `argoproj.io/v1alpha1` `AnalysisTemplate`.
    pub const ANALYSIS_TEMPLATE: Self =
        Self { api_version: "argoproj.io/v1alpha1", kind: "AnalysisTemplate" };
    /// `argoproj.io/v1alpha1` `ClusterAnalysisTemplate`, which has no namespace.
    pub const CLUSTER_ANALYSIS_TEMPLATE: Self =
        Self { api_version: "argoproj.io/v1alpha1", kind: "ClusterAnalysisTemplate" };
    /// `flagger.app/v1beta1` Canary.
    pub const CANARY: Self = Self { api_version: "flagger.app/v1beta1", kind: "Canary" };
    /// `flagger.app/v1beta1` `MetricTemplate`.
    pub const METRIC_TEMPLATE: Self = Self { api_version: "flagger.app/v1beta1", kind: "MetricTemplate" };
    /// `apps/v1` Deployment.
    pub const DEPLOYMENT: Self = Self { api_version: "apps/v1", kind: "Deployment" };
    /// `apps/v1` `DaemonSet`.
    pub const DAEMON_SET: Self = Self { api_version: "apps/v1", kind: "DaemonSet" };
    /// `apps/v1` `ReplicaSet`.
    pub const REPLICA_SET: Self = Self { api_version: "apps/v1", kind: "ReplicaSet" };
    /// `apps/v1` `ControllerRevision`.
    pub const CONTROLLER_REVISION: Self = Self { api_version: "apps/v1", kind: "ControllerRevision" };
    /// `v1` `PodTemplate`.
    pub const POD_TEMPLATE: Self = Self { api_version: "v1", kind: "PodTemplate" };
    /// `v1` `ConfigMap`.
    pub const CONFIG_MAP: Self = Self { api_version: "v1", kind: "ConfigMap" };
    /// `v1` Service.
    pub const SERVICE: Self = Self { api_version: "v1", kind: "Service" };
    /// `monitoring.coreos.com/v1` `ServiceMonitor`, of the Prometheus operator.
    pub const SERVICE_MONITOR: Self =
        Self { api_version: "monitoring.coreos.com/v1", kind: "ServiceMonitor" };
    /// `monitoring.coreos.com/v1` `PodMonitor`, of the Prometheus operator.
    pub const POD_MONITOR: Self = Self { api_version: "monitoring.coreos.com/v1", kind: "PodMonitor" };

    /// Every kind a rule may ask for: the policy's context-aware resources.
    pub const ALL: [Self; 14] = [
        Self::ROLLOUT,
        Self::ANALYSIS_TEMPLATE,
        Self::CLUSTER_ANALYSIS_TEMPLATE,
        Self::CANARY,
        Self::METRIC_TEMPLATE,
        Self::DEPLOYMENT,
        Self::DAEMON_SET,
        Self::REPLICA_SET,
        Self::CONTROLLER_REVISION,
        Self::POD_TEMPLATE,
        Self::CONFIG_MAP,
        Self::SERVICE,
        Self::SERVICE_MONITOR,
        Self::POD_MONITOR,
    ];

    /// The kind of that name, if a rule may ask for it.
    #[must_use]
    pub fn named(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.kind == kind && known.api_version == api_version)
    }
}

/// The cluster could not be asked; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Where other objects come from: the host's capabilities in the guest, a set of files offline.
pub trait Cluster {
    /// The object of that name as JSON text, unread; `None` when there is none. `namespace` is `None` for kinds without one.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can tell whether the object exists.
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable>;

    /// All objects of a kind in a namespace (everywhere with `None`) as JSON, in no particular order.
    /// Nothing, when the API does not serve the kind.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can tell.
    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable>;

    /// Of the Canaries or Rollouts in a namespace at least those that refer to the workload of that name, or to the one
    /// it is the `-primary` of.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can tell.
    fn list_referring(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        _workload: &str,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.list(kind, namespace)
    }

    /// Of the Services in a namespace at least those that select pods with these labels: all that a selector asks for,
    /// but for [`POD_HASH`], is among them.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can tell.
    fn list_selecting(
        &self,
        namespace: Option<&str>,
        _labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.list(Kind::SERVICE, namespace)
    }

    /// The objects of a kind in all namespaces that carry a label, written `key=value`. Their metadata and status
    /// are whole; the rest may be left out.
    ///
    /// # Errors
    /// [`Unreadable`] when nobody can tell.
    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable>;
}

/// The names by which releases refer to a workload: its own, and of the `-primary` that Flagger makes that of the target.
pub fn names_in_releases(workload: &str) -> impl Iterator<Item = &str> {
    [Some(workload), workload.strip_suffix("-primary")].into_iter().flatten()
}

/// A fixed set of objects.
///
/// One without a namespace is found in every one: it has none, or gets it when it is applied.
#[derive(Debug, Default)]
pub struct Objects(Vec<Stored>);

#[derive(Debug)]
struct Stored {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    /// None where they make no sense.
    labels: BTreeMap<String, String>,
    json: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    api_version: String,
    kind: String,
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
    namespace: Option<String>,
}

#[derive(Default, Deserialize)]
struct Labelled {
    #[serde(default)]
    metadata: Labels,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Labels {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

impl Objects {
    /// Adds an object; one of the same kind, namespace and name is replaced.
    ///
    /// # Errors
    /// When it is not a Kubernetes object as JSON.
    pub fn insert(&mut self, json: Box<RawValue>) -> Result<(), serde_json::Error> {
        let Identity { api_version, kind, metadata: Name { name, namespace } } = json::from_str(json.get())?;
        let Labelled { metadata: Labels { labels } } = json::from_str(json.get()).unwrap_or_default();
        let stored = Stored { api_version, kind, namespace, name, labels, json };
        match self.0.iter_mut().find(|other| {
            (&other.api_version, &other.kind, &other.namespace, &other.name)
                == (&stored.api_version, &stored.kind, &stored.namespace, &stored.name)
        }) {
            Some(other) => *other = stored,
            None => self.0.push(stored),
        }
        Ok(())
    }

    fn of(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &Stored> {
        self.0.iter().filter(move |object| {
            object.api_version == kind.api_version
                && object.kind == kind.kind
                && namespace
                    .is_none_or(|namespace| object.namespace.as_deref().is_none_or(|own| own == namespace))
        })
    }
}

impl Cluster for Objects {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        let found = self.of(kind, namespace).find(|object| object.name == name);
        Ok(found.map(|object| object.json.get().to_owned()))
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        Ok(self.of(kind, namespace).map(|object| object.json.clone()).collect())
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let Some((key, value)) = label.split_once('=') else { return Ok(Vec::new()) };
        let carries = |object: &&Stored| object.labels.get(key).is_some_and(|carried| carried == value);
        Ok(self.of(kind, None).filter(carries).map(|object| object.json.clone()).collect())
    }
}

/// One object laid over a cluster, as if it were already stored: a template is judged with the Rollouts that
/// refer to it before it exists.
pub struct Overlay<'a> {
    below: &'a dyn Cluster,
    above: Objects,
}

impl<'a> Overlay<'a> {
    /// Lays `json` over `below`.
    ///
    /// # Errors
    /// When `json` is not a Kubernetes object.
    pub fn new(below: &'a dyn Cluster, json: Box<RawValue>) -> Result<Self, serde_json::Error> {
        let mut above = Objects::default();
        above.insert(json)?;
        Ok(Self { below, above })
    }
}

impl Cluster for Overlay<'_> {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        match self.above.get(kind, namespace, name)? {
            Some(found) => Ok(Some(found)),
            None => self.below.get(kind, namespace, name),
        }
    }

    fn list_referring(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        workload: &str,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.below.list_referring(kind, namespace, workload)
    }

    fn list_selecting(
        &self,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.below.list_selecting(namespace, labels)
    }

    /// The listed objects are those below: what is laid over is asked for by name.
    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.below.list(kind, namespace)
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.below.list_labelled(kind, label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_key_with_its_value() {
        let mut objects = Objects::default();
        for (name, labels) in [
            ("argo", r#"{"app":"argo","tier":"1"}"#),
            ("flagger", r#"{"app":"flagger"}"#),
            ("none", "null"),
            ("odd", r#"{"app":1}"#),
        ] {
            let json = format!(
                r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","labels":{labels}}}}}"#
            );
            objects.insert(RawValue::from_string(json).unwrap()).unwrap();
        }
        let listed = |label| objects.list_labelled(Kind::DEPLOYMENT, label).unwrap().len();
        assert_eq!([listed("app=flagger"), listed("app=1"), listed("app="), listed("tier=1")], [1, 0, 0, 1]);
    }
}
