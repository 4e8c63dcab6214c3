//! What controllers make from other objects, which answer for it.

use rollgate_policy::cluster::{Cluster, Kind};
use serde::Deserialize;

use super::object::{Object, Owner};
use crate::cluster::Snapshot;

/// Whether a controller made the object from another one, and keeps it like that: the revisions of a workload, its
/// pods, and the primary that Flagger makes of a Canary's target.
///
/// An owner reference alone says little, for anyone may write one. The API server's garbage collector deletes what has
/// no owner that is there; who is said to be the owner is held against what that kind of owner makes.
pub(super) fn is_kept(object: &Object, snapshot: &Snapshot) -> bool {
    is_primary(object, snapshot)
        || object.controller.as_ref().is_some_and(|owner| makes(owner, object, snapshot))
}

fn makes(owner: &Owner, object: &Object, snapshot: &Snapshot) -> bool {
    match (&*object.identity.kind, &*owner.kind) {
        ("ReplicaSet", "Deployment") => is_there(Kind::DEPLOYMENT, owner, object, snapshot),
        ("ReplicaSet", "Rollout") => is_there(Kind::ROLLOUT, owner, object, snapshot),
        ("ReplicaSet", "Experiment")
        | ("Pod", "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" | "Job") => true,
        _ => false,
    }
}

#[derive(Deserialize)]
struct Identified {
    metadata: Uid,
}

#[derive(Deserialize)]
struct Uid {
    #[serde(default)]
    uid: String,
}

fn is_there(kind: Kind, owner: &Owner, object: &Object, snapshot: &Snapshot) -> bool {
    match snapshot.find(kind, object.namespace(), &owner.name) {
        Ok(Some(json)) => serde_json::from_str::<Identified>(json.get())
            .is_ok_and(|found| found.metadata.uid.is_empty() || found.metadata.uid == owner.uid),
        Ok(None) => false,
        // That its owners cannot be read is reported by itself.
        Err(_) => true,
    }
}

#[derive(Deserialize)]
struct Canary {
    spec: CanarySpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CanarySpec {
    target_ref: Target,
}

#[derive(Deserialize)]
struct Target {
    kind: String,
    name: String,
}

/// Flagger makes `<target>-primary` from a Canary's target, and writes over what is changed in it.
fn is_primary(object: &Object, snapshot: &Snapshot) -> bool {
    let Some(target) = object.name().strip_suffix("-primary") else { return false };
    let canaries = snapshot.list_referring(Kind::CANARY, object.namespace(), target).unwrap_or_default();
    canaries.iter().filter_map(|json| serde_json::from_str::<Canary>(json.get()).ok()).any(|canary| {
        let Target { kind, name } = canary.spec.target_ref;
        *kind == *object.identity.kind && name == target
    })
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::default();
        let metadata = |name: &str| json!({"name": name, "namespace": "shop", "uid": format!("uid-{name}")});
        snapshot.insert(Kind::ROLLOUT, json!({"metadata": metadata("web")}));
        snapshot.insert(Kind::DEPLOYMENT, json!({"metadata": metadata("api")}));
        let target = json!({"targetRef": {"kind": "Deployment", "name": "api"}});
        snapshot.insert(Kind::CANARY, json!({"metadata": metadata("api"), "spec": target}));
        snapshot
    }

    fn is_kept(kind: &str, name: &str, owner: &Value) -> bool {
        let json = json!({"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": [owner]}});
        super::is_kept(&Object::dumped(RawValue::from_string(json.to_string()).expect("JSON")), &snapshot())
    }

    #[test]
    fn only_what_an_owner_that_is_there_makes_is_kept() {
        let owner = |kind: &str, name: &str| json!({"apiVersion": "x", "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true});
        assert!(is_kept("ReplicaSet", "web-1", &owner("Rollout", "web")));
        assert!(is_kept("ReplicaSet", "api-1", &owner("Deployment", "api")));
        assert!(is_kept("Pod", "web-1-x", &owner("ReplicaSet", "web-1")));
        assert!(!is_kept("ReplicaSet", "web-1", &owner("Rollout", "gone")));
        assert!(!is_kept("Deployment", "web-1", &owner("Rollout", "web")), "a Rollout makes no Deployment");
        let mut impostor = owner("Rollout", "web");
        impostor["uid"] = "another".into();
        assert!(!is_kept("ReplicaSet", "web-1", &impostor));
        impostor = owner("Rollout", "web");
        impostor["controller"] = false.into();
        assert!(!is_kept("ReplicaSet", "web-1", &impostor));
    }

    #[test]
    fn a_primary_is_kept_by_the_canary_of_its_target() {
        let owner =
            json!({"apiVersion": "x", "kind": "Canary", "name": "api", "uid": "uid-api", "controller": true});
        assert!(is_kept("Deployment", "api-primary", &owner));
        assert!(!is_kept("Deployment", "other-primary", &owner), "the Canary has another target");
        assert!(!is_kept("StatefulSet", "api-primary", &owner), "the target is a Deployment");
        assert!(!is_kept("Deployment", "api", &owner));
    }
}
