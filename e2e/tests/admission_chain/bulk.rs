//! A folder of manifests, applied at once, whatever comes first in it.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use rollgate_e2e::{Answer, manifests, moved};
use serde_json::{Value, json};

use crate::people::RELEASE_ENGINEER;
use crate::releases::{narrowed, templates};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("a_good_folder_is_applied_in_either_order", good),
    Test::beside_others("a_bad_folder_is_refused_in_either_order", bad),
];

/// Writes a folder of two files, in the order of their names, and applies it.
fn apply(world: &World, namespace: &str, files: [&[Value]; 2]) -> anyhow::Result<Answer> {
    let folder: PathBuf = world.folder.join(namespace);
    std::fs::create_dir_all(&folder).context("cannot make a folder")?;
    for (name, objects) in ["1.json", "2.json"].into_iter().zip(files) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        std::fs::write(folder.join(name), list.to_string()).context("cannot write a manifest")?;
    }
    world.kubectl(RELEASE_ENGINEER).run(&["apply", "-f", &folder.display().to_string()], "")
}

/// What carries the traffic of the Rollout, and the Rollout.
fn release(namespace: &str) -> anyhow::Result<Vec<Value>> {
    let objects = manifests("delivery/_examples/canary-rollout.yaml")?.into_iter();
    let mut objects: Vec<Value> = objects.map(|object| moved(object, namespace)).collect();
    objects.reverse();
    Ok(objects)
}

fn good(world: &World) -> anyhow::Result<()> {
    let missing = "Warning: resolved-references at ";
    let namespace = world.namespace("bulk-good-templates-first")?;
    let answer = apply(world, namespace, [&templates(namespace)?, &release(namespace)?])?;
    ensure!(answer.succeeded && !answer.errors.contains("Warning: "), "{answer:?}");
    let namespace = world.namespace("bulk-good-templates-last")?;
    let answer = apply(world, namespace, [&release(namespace)?, &templates(namespace)?])?;
    ensure!(answer.succeeded && answer.errors.contains(missing), "{answer:?}");
    Ok(())
}

fn bad(world: &World) -> anyhow::Result<()> {
    let narrow = |namespace: &str| -> anyhow::Result<Vec<Value>> {
        Ok(templates(namespace)?.into_iter().map(narrowed).collect())
    };
    let namespace = world.namespace("bulk-bad-templates-first")?;
    let answer = apply(world, namespace, [&narrow(namespace)?, &release(namespace)?])?;
    let rejected = format!("rollgate rejects Rollout {namespace}/payments for ");
    ensure!(!answer.succeeded && answer.errors.contains(&rejected), "{answer:?}");
    ensure!(answer.errors.contains("- analysis-signals ("), "{answer:?}");
    for template in ["request-signals", "request-signals-gate", "smoke-check"] {
        ensure!(answer.output.contains(&created(template)), "{answer:?}");
    }

    let namespace = world.namespace("bulk-bad-templates-last")?;
    let answer = apply(world, namespace, [&release(namespace)?, &narrow(namespace)?])?;
    ensure!(answer.output.contains("rollout.argoproj.io/payments created"), "{answer:?}");
    // What the release still lacks of being a bad one.
    let rejected = format!("rollgate rejects AnalysisTemplate {namespace}/smoke-check for ");
    ensure!(!answer.succeeded && answer.errors.contains(&rejected), "{answer:?}");
    let relying = format!("with it, Rollout {namespace}/payments at ");
    ensure!(answer.errors.contains("- analysis-signals (") && answer.errors.contains(&relying), "{answer:?}");
    ensure!(!answer.output.contains(&created("smoke-check")), "{answer:?}");
    Ok(())
}

fn created(template: &str) -> String {
    format!("analysistemplate.argoproj.io/{template} created")
}
