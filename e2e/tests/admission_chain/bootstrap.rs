//! What the cluster needs to mend itself needs no webhook.

use anyhow::{Context, ensure};
use rollgate_e2e::{Api, Options, Patch, path, wait_until};
use serde_json::{Value, json};

use crate::outage::FAILED_CLOSED;
use crate::people::{DEPLOYMENT_CONTROLLER, SRE};
use crate::releases::{bare_deployment, target, with};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("nothing_is_asked_about_the_namespaces_of_the_system", left_alone),
    Test::alone("the_cluster_starts_without_the_webhook", without_webhook),
];

const LEFT_ALONE: [&str; 4] = ["kube-system", "rollgate", "argo-rollouts", "flagger-system"];

fn left_alone(world: &World) -> anyhow::Result<()> {
    for namespace in LEFT_ALONE {
        let reply = life_of_a_deployment(&world.api(SRE), namespace, "alive")?;
        ensure!(reply.is_empty(), "{namespace}: {reply:?}");
    }
    Ok(())
}

/// Creates, changes, scales and deletes a Deployment; returns the warnings.
fn life_of_a_deployment(api: &Api, namespace: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let deployment = bare_deployment(namespace, name);
    let at = path(&deployment);
    let image =
        json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:latest"}]);
    let replicas = json!({"spec": {"replicas": 0}});
    let replies = [
        api.create(&deployment)?,
        api.patch(&at, Patch::Json, &image)?,
        api.patch(&format!("{at}/scale"), Patch::Merge, &replicas)?,
        api.delete(&at)?,
    ];
    for reply in &replies {
        ensure!(reply.accepted(), "{at}: {}", reply.message());
    }
    Ok(replies.into_iter().flat_map(|reply| reply.warnings).collect())
}

fn without_webhook(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("bootstrap")?;
    let api = world.api(SRE);
    // Made while rollgate was there.
    let before = with(target(namespace)?, "/spec/replicas", json!(2));
    let created = api.create(&before)?;
    ensure!(created.accepted(), "{}", created.message());
    wait_until("it has Pods", || Ok(of(&api, "/api/v1", namespace, "pods")?.len() == 2))?;

    let mut webhook = world.webhook("bootstrap", Options::default())?;
    world.put_in_place(&webhook)?;
    webhook.kill()?;
    let refused = api.create(&bare_deployment(namespace, "worker"))?;
    ensure!(refused.message().contains(FAILED_CLOSED), "{refused:?}");

    for excluded in LEFT_ALONE {
        life_of_a_deployment(&api, excluded, "dead")?;
    }
    // rollgate itself comes back: its Pods are made.
    let own = bare_deployment("rollgate", "rollgate");
    let created = api.create(&own)?;
    ensure!(created.accepted(), "{}", created.message());
    let own_pods = || Ok(named(&of(&api, "/api/v1", "rollgate", "pods")?, "rollgate-").count() == 2);
    wait_until("rollgate has Pods", own_pods)?;

    // Kubernetes' own controllers go on with what was there.
    let scaled =
        api.patch(&format!("{}/scale", path(&before)), Patch::Merge, &json!({"spec": {"replicas": 4}}))?;
    ensure!(scaled.accepted(), "{}", scaled.message());
    wait_until("it has more Pods", || Ok(of(&api, "/api/v1", namespace, "pods")?.len() == 4))?;
    let sets = of(&api, "/apis/apps/v1", namespace, "replicasets")?;
    let old = sets.first().context("it has no ReplicaSet")?;
    let name = old["metadata"]["name"].as_str().context("a name")?;
    let at = format!("/apis/apps/v1/namespaces/{namespace}/replicasets/{name}");
    ensure!(api.delete(&at)?.message().contains(FAILED_CLOSED), "a person deletes a ReplicaSet");
    let deleted = world.api(DEPLOYMENT_CONTROLLER).delete(&at)?;
    ensure!(deleted.accepted(), "{}", deleted.message());
    wait_until("it has a new ReplicaSet and its Pods", || {
        let sets = of(&api, "/apis/apps/v1", namespace, "replicasets")?;
        let new = sets.iter().find(|set| set["metadata"]["uid"] != old["metadata"]["uid"]);
        Ok(new.is_some_and(|set| set["status"]["replicas"] == 4))
    })
}

fn of(api: &Api, version: &str, namespace: &str, plural: &str) -> anyhow::Result<Vec<Value>> {
    let reply = api.get(&format!("{version}/namespaces/{namespace}/{plural}"))?;
    reply.body["items"].as_array().cloned().with_context(|| reply.message().to_owned())
}

fn named<'a>(objects: &'a [Value], prefix: &'a str) -> impl Iterator<Item = &'a Value> {
    let name = move |object: &&Value| {
        object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(prefix))
    };
    objects.iter().filter(name)
}
