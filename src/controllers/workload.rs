//! The pods a release runs, when another object declares them.

use serde::Deserialize;

use super::look_up;
use crate::cluster::{Cluster, Kind};
use crate::kubernetes::PodTemplate;
use crate::plan::{Unresolved, Workload};

/// An object that declares pods.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referent<'a> {
    pub kind: Kind,
    pub namespace: &'a str,
    pub name: &'a str,
    /// JSON path of the reference in the governed object.
    pub path: &'a str,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    template: Option<PodTemplate>,
    #[serde(default)]
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(default)]
    template: Option<PodTemplate>,
}

/// Reads the pods of `referent`.
pub(crate) fn resolve_workload(
    cluster: &dyn Cluster,
    referent: Referent<'_>,
) -> Result<Workload, Unresolved> {
    let Referent { kind, namespace, name, path } = referent;
    let object: Object = look_up(cluster, kind, Some(namespace), name)
        .map_err(|why| Unresolved::new(path, format!("{}/{name}", kind.kind), why))?;
    // A PodTemplate has its template at the top, everything else under spec.
    let template = object.spec.and_then(|spec| spec.template).or(object.template).unwrap_or_default();
    Ok(Workload { reference: Some(path.to_owned()), template, configuration_tracked: None })
}
