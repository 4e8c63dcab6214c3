//! What may be deleted, by whom, and what goes by itself.

use anyhow::ensure;
use rollgate_e2e::{Patch, path, wait_until};
use serde_json::{Value, json};

use crate::people::{ARGO_ROLLOUTS, SRE};
use crate::releases::{canary, config_map, pod, replica_set, rollout, target, templates, with};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("a_namespace_ends_with_all_that_is_in_it", namespaces_end),
    Test::beside_others("a_rollout_is_deleted_once_nothing_depends_on_it", guarded),
    Test::beside_others("what_is_owned_goes_with_its_owner", collected),
];

fn create(world: &World, objects: &[Value]) -> anyhow::Result<()> {
    for object in objects {
        let created = world.api(SRE).create(object)?;
        ensure!(created.accepted(), "{}: {}", path(object), created.message());
    }
    Ok(())
}

fn namespaces_end(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("deletion-namespace")?;
    create(world, &templates(namespace)?)?;
    let flagger = rollgate_e2e::manifests("delivery/_examples/flagger-canary.yaml")?;
    let flagger: Vec<Value> =
        flagger.into_iter().map(|object| rollgate_e2e::moved(object, namespace)).collect();
    create(world, &flagger)?;
    create(world, &[rollout(namespace)?, pod(namespace, "one")])?;
    let rollout = path(&rollout(namespace)?);
    // Nobody may delete it by hand.
    let refused = world.api(SRE).delete(&rollout)?;
    ensure!(refused.message().contains("keep-guardrails"), "{}", refused.message());
    world.kubectl(SRE).must(&["delete", "namespace", namespace, "--wait=false"], "")?;
    let at = format!("/api/v1/namespaces/{namespace}");
    wait_until("the namespace is gone", || Ok(world.cluster.api().get(&at)?.status == 404))
}

fn guarded(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("deletion-guarded")?;
    let (api, rollout) = (world.api(SRE), rollout(namespace)?);
    create(world, std::slice::from_ref(&rollout))?;
    let set = replica_set(&api.get(&path(&rollout))?.body, 1);
    let created = world.api(ARGO_ROLLOUTS).create(&set)?;
    ensure!(created.accepted(), "{}", created.message());
    for object in [&rollout, &set] {
        let refused = api.delete(&path(object))?;
        let expected = "for 1 reason(s):\n- keep-guardrails (";
        ensure!(refused.status == 403 && refused.message().contains(expected), "{}", refused.message());
    }
    for object in [&set, &rollout] {
        let scale = format!("{}/scale", path(object));
        let scaled = api.patch(&scale, Patch::Merge, &json!({"spec": {"replicas": 0}}))?;
        ensure!(scaled.accepted(), "{}", scaled.message());
        let deleted = api.delete(&path(object))?;
        ensure!(deleted.accepted(), "{}", deleted.message());
    }
    Ok(())
}

fn collected(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("deletion-collected")?;
    let api = world.api(SRE);
    // A release of ten replicas that belongs to something else, as one of a Helm operator or an application set does.
    let owner = config_map(namespace, "application");
    create(world, std::slice::from_ref(&owner))?;
    let uid = api.get(&path(&owner))?.body["metadata"]["uid"].clone();
    let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "application", "uid": uid}]);
    let rollout = with(rollout(namespace)?, "/metadata/ownerReferences", reference.clone());
    let canary = with(canary(namespace)?, "/metadata/ownerReferences", reference);
    create(world, &[rollout.clone(), canary.clone(), target(namespace)?])?;
    let set = replica_set(&api.get(&path(&rollout))?.body, 1);
    let created = world.api(ARGO_ROLLOUTS).create(&set)?;
    ensure!(created.accepted(), "{}", created.message());
    let deleted = api.delete(&path(&owner))?;
    ensure!(deleted.accepted(), "{}", deleted.message());
    for object in [&rollout, &canary, &set] {
        wait_until(&format!("{} is gone", path(object)), || Ok(api.get(&path(object))?.status == 404))?;
    }
    Ok(())
}
