//! An object as it is stored.

use rollgate_check::identify;
use rollgate_policy::admission::{Manifest, ManifestMetadata};
use rollgate_policy::cluster::Kind;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A stored object, with what tells it from others.
#[derive(Debug)]
pub(super) struct Object {
    pub identity: Manifest<'static>,
    /// None in a dump that was written by hand.
    pub uid: Option<String>,
    /// The owner that manages it.
    pub controller: Option<Owner>,
    pub json: Box<RawValue>,
}

/// A reference to an owner.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    pub kind: String,
    pub name: String,
    #[serde(default)]
    pub uid: String,
    #[serde(default)]
    controller: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stored {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    namespace: Option<String>,
    uid: Option<String>,
    owner_references: Option<Vec<Owner>>,
}

impl Object {
    /// An item of a list of this kind.
    pub(super) fn listed(kind: Kind, json: Box<RawValue>) -> Self {
        let Metadata { name, namespace, .. } = metadata(&json);
        let identity = Manifest {
            api_version: kind.api_version.into(),
            kind: kind.kind.into(),
            metadata: ManifestMetadata { name: name.into(), namespace: namespace.map(Into::into) },
        };
        Self::new(identity, json)
    }

    /// An object of a dump, which says itself what it is.
    pub(super) fn dumped(json: Box<RawValue>) -> Self {
        Self::new(identify(json.get()), json)
    }

    fn new(identity: Manifest<'static>, json: Box<RawValue>) -> Self {
        let Metadata { uid, owner_references, .. } = metadata(&json);
        let controller = owner_references.into_iter().flatten().find(|owner| owner.controller);
        Self { identity, uid, controller, json }
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.identity.metadata.namespace.as_deref()
    }

    pub(super) fn name(&self) -> &str {
        &self.identity.metadata.name
    }

    /// Whether it is of that kind, in any version.
    pub(super) fn is_a(&self, kind: Kind) -> bool {
        group(&self.identity.api_version) == group(kind.api_version) && self.identity.kind == kind.kind
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Of metadata that makes no sense, which the policy reports, there is none.
fn metadata(json: &RawValue) -> Metadata {
    serde_json::from_str::<Stored>(json.get()).unwrap_or_default().metadata
}
