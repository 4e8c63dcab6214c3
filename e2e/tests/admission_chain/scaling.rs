//! Scaling is in nobody's way.

use anyhow::ensure;
use rollgate_e2e::{Patch, path};
use serde_json::json;

use crate::people::{AUTOSCALER, FLAGGER, SRE};
use crate::releases::{named, rollout, target};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[Test::beside_others("people_and_autoscalers_scale", scaling)];

fn scaling(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("scaling")?;
    let rollout = rollout(namespace)?;
    let primary = named(target(namespace)?, "payments-api-primary");
    for (author, object) in [(world.api(SRE), &rollout), (world.api(FLAGGER), &primary)] {
        let created = author.create(object)?;
        ensure!(created.accepted(), "{}", created.message());
    }
    let kubectl = world.kubectl(SRE);
    for object in ["rollout/payments", "deployment/payments-api-primary"] {
        for replicas in ["--replicas=3", "--replicas=0"] {
            kubectl.must(&["scale", object, replicas, "-n", namespace], "")?;
        }
    }
    for object in [&rollout, &primary] {
        let at = format!("{}/scale", path(object));
        let mut scale = world.api(AUTOSCALER).get(&at)?.body;
        scale["spec"]["replicas"] = json!(40);
        let scaled = world.api(AUTOSCALER).replace(&at, &scale)?;
        ensure!(scaled.accepted(), "{}", scaled.message());
        let stored = world.cluster.api().get(&path(object))?.body;
        ensure!(stored["spec"]["replicas"] == 40, "{stored}");
        // Replicas in the specification itself are no other way.
        let reply = world.api(SRE).patch(&path(object), Patch::Merge, &json!({"spec": {"replicas": 8}}))?;
        ensure!(reply.accepted(), "{}", reply.message());
    }
    Ok(())
}
