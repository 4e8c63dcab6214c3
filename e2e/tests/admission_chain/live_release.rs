//! What a release that is under way depends on, and the way back from it.

use anyhow::ensure;
use rollgate_e2e::{Api, Patch, Reply, path, wait_until};
use serde_json::{Value, json};

use crate::people::{ARGO_ROLLOUTS, RELEASE_ENGINEER, SRE};
use crate::releases::{canary, narrowed, replica_set, rollout, target, templates, with_image};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("a_template_in_use_is_judged_with_its_release", template_in_use),
    Test::beside_others("what_a_live_release_refers_to_stays", references_stay),
    Test::beside_others("a_canary_outlives_its_target", canary_and_target),
    Test::beside_others("an_undo_passes_in_a_freeze", undo_in_a_freeze),
];

/// The image that every version of the Rollout has, but for its tag.
const IMAGE: &str = "registry.example.com/shop/payments";

fn create(api: &Api, objects: &[Value]) -> anyhow::Result<()> {
    for object in objects {
        let created = api.create(object)?;
        ensure!(created.accepted(), "{}: {}", path(object), created.message());
    }
    Ok(())
}

/// The reply to an act, once rollgate has seen what was written before it.
fn eventually(
    what: &str,
    accepted: bool,
    act: impl Fn(&str) -> anyhow::Result<Reply>,
) -> anyhow::Result<Reply> {
    wait_until(what, || Ok(act("?dryRun=All")?.accepted() == accepted))?;
    act("")
}

fn template_in_use(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("live-template")?;
    let api = world.api(RELEASE_ENGINEER);
    create(&api, &templates(namespace)?)?;
    create(&api, &[rollout(namespace)?])?;
    let template = &templates(namespace)?[0];
    let at = path(template);
    let narrow = json!({"spec": {"metrics": narrowed(template.clone())["spec"]["metrics"]}});
    let refused = eventually("a template that sees too little is refused", false, |query| {
        api.patch(&format!("{at}{query}"), Patch::Merge, &narrow)
    })?;
    ensure!(refused.message().contains("- analysis-signals ("), "{}", refused.message());
    ensure!(refused.message().contains(&format!("Rollout {namespace}/payments")), "{}", refused.message());
    // A stricter limit is nobody's loss.
    let stricter = json!([{"op": "replace", "path": "/spec/args/1/value", "value": "0.001"}]);
    let accepted = api.patch(&at, Patch::Json, &stricter)?;
    ensure!(accepted.accepted(), "{}", accepted.message());
    Ok(())
}

fn references_stay(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("live-references")?;
    let api = world.api(SRE);
    create(&api, &templates(namespace)?)?;
    let release = rollgate_e2e::manifests("delivery/_examples/canary-rollout.yaml")?.into_iter();
    let release: Vec<Value> = release.map(|object| rollgate_e2e::moved(object, namespace)).collect();
    create(&api, &release)?;
    let template = path(&templates(namespace)?[2]);
    let kept = |kind: &'static str| release.iter().filter(move |object| object["kind"] == kind).map(path);
    let needed: Vec<String> =
        [template].into_iter().chain(kept("Service")).chain(kept("VirtualService")).collect();
    for at in &needed {
        let refused =
            eventually(&format!("{at} is kept"), false, |query| api.delete(&format!("{at}{query}")))?;
        ensure!(refused.message().contains("- keep-guardrails ("), "{}", refused.message());
    }
    let elsewhere = json!({"spec": {"selector": {"app": "other"}}});
    let refused = api.patch(&needed[1], Patch::Merge, &elsewhere)?;
    ensure!(refused.message().contains("- no-bypass ("), "{}", refused.message());

    let scaled = api.patch(
        &format!("{}/scale", path(&rollout(namespace)?)),
        Patch::Merge,
        &json!({"spec": {"replicas": 0}}),
    )?;
    ensure!(scaled.accepted(), "{}", scaled.message());
    for at in &needed {
        let deleted = eventually(&format!("{at} may go"), true, |query| api.delete(&format!("{at}{query}")))?;
        ensure!(deleted.accepted(), "{}", deleted.message());
    }
    Ok(())
}

fn canary_and_target(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("live-canary")?;
    let api = world.api(SRE);
    let objects = rollgate_e2e::manifests("delivery/_examples/flagger-canary.yaml")?.into_iter();
    create(&api, &objects.map(|object| rollgate_e2e::moved(object, namespace)).collect::<Vec<_>>())?;
    let (canary, target) = (path(&canary(namespace)?), path(&target(namespace)?));
    let image = |tag: &str| {
        json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image",
            "value": format!("registry.example.com/shop/payments-api:{tag}")}])
    };
    let released = eventually("its target is released", true, |query| {
        api.patch(&format!("{target}{query}"), Patch::Json, &image("5.4.0"))
    })?;
    ensure!(released.accepted(), "{}", released.message());
    let refused = api.patch(&target, Patch::Json, &image("latest"))?;
    ensure!(refused.message().contains("- immutable-image ("), "{}", refused.message());
    let refused = eventually("it is kept", false, |query| api.delete(&format!("{canary}{query}")))?;
    ensure!(refused.message().contains("- keep-guardrails ("), "{}", refused.message());
    ensure!(api.delete(&target)?.accepted(), "the target may go");
    let deleted = eventually("it may go", true, |query| api.delete(&format!("{canary}{query}")))?;
    ensure!(deleted.accepted(), "{}", deleted.message());
    Ok(())
}

fn undo_in_a_freeze(world: &World) -> anyhow::Result<()> {
    let namespace = world.labelled_namespace("live-undo", &json!({"frozen": "true"}))?;
    let api = world.api(RELEASE_ENGINEER);
    create(&api, &templates(namespace)?)?;
    // Out of a time in which tags that move were allowed.
    let first = with_image(rollout(namespace)?, &format!("{IMAGE}:latest"));
    let controller = world.api(ARGO_ROLLOUTS);
    create(&controller, &[first])?;
    let at = path(&rollout(namespace)?);
    let revision = replica_set(&api.get(&at)?.body, 1);
    create(&controller, std::slice::from_ref(&revision))?;
    let second = with_image(api.get(&at)?.body, &format!("{IMAGE}:2.15.0"));
    ensure!(controller.replace(&at, &second)?.accepted(), "the second release");
    create(&controller, &[replica_set(&second, 2)])?;

    let freeze = json!([{"name": "always", "from": "2020-01-01", "to": "2100-01-01"}]);
    let settings = [("freeze".to_owned(), freeze)].into();
    let webhook = world.webhook("frozen", rollgate_e2e::Options { settings, ..Default::default() })?;
    world.add(&webhook, "rollgate-frozen", "frozen")?;
    let template = |image: &str| {
        // As the plugin does: with the defaults that the API server has set, without the label of the hash.
        let mut template =
            with_image(json!({"spec": {"template": revision_template(&api, &revision)}}), image);
        if let Some(labels) =
            template.pointer_mut("/spec/template/metadata/labels").and_then(Value::as_object_mut)
        {
            labels.remove("rollouts-pod-template-hash");
        }
        json!([{"op": "replace", "path": "/spec/template", "value": template["spec"]["template"]}])
    };
    let patched =
        |query: &str, image: &str| api.patch(&format!("{at}{query}"), Patch::Json, &template(image));
    let third = format!("{IMAGE}:2.16.0");
    let refused = eventually("a release is refused in a freeze", false, |query| patched(query, &third))?;
    ensure!(refused.message().contains("- freeze-window ("), "{}", refused.message());
    ensure!(!patched("", &format!("{IMAGE}:2.15.1"))?.accepted(), "another image is none that ran");
    let undone = patched("", &format!("{IMAGE}:latest"))?;
    ensure!(undone.accepted(), "{}", undone.message());
    for rule in ["freeze-window", "immutable-image"] {
        ensure!(undone.warnings.iter().any(|warning| warning.starts_with(rule)), "{:?}", undone.warnings);
    }
    Ok(())
}

/// The template that a `ReplicaSet` is stored with.
fn revision_template(api: &Api, set: &Value) -> Value {
    api.get(&path(set)).map(|reply| reply.body["spec"]["template"].clone()).unwrap_or_default()
}
