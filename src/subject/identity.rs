//! Who an object is, and whether the settings pick it.

use serde::Deserialize;

use crate::admission::Request;
use crate::cluster::Kind;
use crate::controllers::{Malformed, parse};
use crate::json;
use crate::kubernetes::Metadata;
use crate::scope::Governed;
use crate::settings::Settings;

/// Who an object is.
pub(crate) struct Identity {
    pub metadata: Metadata,
    /// `Kind namespace/name`.
    pub title: String,
    /// Empty for kinds without one.
    pub namespace: String,
    /// Why the metadata makes no sense; it is empty then.
    pub malformed: Option<Malformed>,
}

/// Any object, as far as its metadata goes.
#[derive(Default, Deserialize)]
pub(super) struct Identified {
    #[serde(default)]
    pub metadata: Metadata,
}

impl Identity {
    /// Reads the metadata; where that makes no sense, what the request says has to do.
    pub(crate) fn read(json: &str, request: &Request<'_>) -> Self {
        let (metadata, malformed) = match parse::<Identified>(json) {
            Ok(identified) => (identified.metadata, None),
            Err(malformed) => (Metadata::default(), Some(malformed)),
        };
        let named = metadata.display_name();
        let name = if named.is_empty() { request.name.as_deref().unwrap_or("(unnamed)") } else { named };
        let kind = &request.kind.kind;
        if kind == Kind::CLUSTER_ANALYSIS_TEMPLATE.kind {
            return Self { title: format!("{kind} {name}"), namespace: String::new(), metadata, malformed };
        }
        let namespace =
            request.namespace.as_deref().or(metadata.namespace.as_deref()).unwrap_or("default").to_owned();
        Self { title: format!("{kind} {namespace}/{name}"), namespace, metadata, malformed }
    }
}

/// Whether the workload selector of the settings picks the object, as it is or as it was: dropping a label is no
/// way out. What serves a release, and what a Canary makes of its target, carries no labels of its own.
pub(crate) fn is_selected(
    kind: Governed,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
) -> bool {
    let was_selected = || {
        let old = request.old_object.and_then(|old| json::from_str::<Identified>(old.get()).ok());
        old.is_some_and(|old| settings.scope.includes_labels(&old.metadata.labels))
    };
    !matches!(kind, Governed::Rollout | Governed::Canary | Governed::Workload)
        || identity.metadata.name.ends_with("-primary")
        || settings.scope.includes_labels(&identity.metadata.labels)
        || was_selected()
}
