//! Workloads, as far as the question goes who releases them.

use serde::Deserialize;

use super::identity::Identity;
use crate::admission::{Origin, Request};
use crate::case::{Subject, WorkloadObject};
use crate::controllers::{Malformed, parse};

#[derive(Deserialize)]
struct Workload {
    #[serde(default)]
    spec: WorkloadSpec,
}

#[derive(Default, Deserialize)]
struct WorkloadSpec {
    replicas: Option<i64>,
}

/// How many pods an object asks for; none when it leaves that open.
pub(super) fn replicas(json: &str) -> Result<Option<i64>, Malformed> {
    parse::<Workload>(json).map(|workload| workload.spec.replicas)
}

/// A workload that Kubernetes itself would roll out.
pub(super) fn read(json: &str, identity: &Identity, request: &Request<'_>) -> Result<Subject, Malformed> {
    let replicas = replicas(json)?;
    Ok(Subject::Workload(WorkloadObject {
        kind: request.kind.kind.clone().into_owned(),
        namespace: identity.namespace.clone(),
        metadata: identity.metadata.clone(),
        replicas,
        created: &*request.operation == "CREATE" && request.origin != Origin::Stored,
    }))
}
