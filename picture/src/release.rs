//! From a manifest to its picture.

use rollgate_policy::admission::Manifest;
use rollgate_policy::cluster::Cluster;
use rollgate_policy::controllers::Malformed;
use rollgate_policy::plan::DeliveryPlan;
use rollgate_policy::rules::{distinct_signals, required_signals};
use rollgate_policy::settings::Settings;

use crate::{Picture, Subject};

/// The plan of a Rollout or a Canary, and its picture; `None` for any other kind.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape its controller reads.
pub fn read(
    manifest: &Manifest<'_>,
    json: &str,
    settings: &Settings,
    cluster: &dyn Cluster,
) -> Option<Result<(DeliveryPlan, Picture), Malformed>> {
    let namespace = manifest.metadata.namespace.as_deref();
    let plan = rollgate_policy::read_plan(&manifest.kind, json, namespace.unwrap_or("default"), cluster)?;
    Some(plan.map(|plan| {
        let subject = Subject {
            kind: manifest.kind.to_string(),
            namespace: namespace.map(str::to_owned),
            name: manifest.metadata.name.to_string(),
        };
        let picture = Picture::new(subject, &plan, &required_signals(settings), distinct_signals(settings));
        (plan, picture)
    }))
}
