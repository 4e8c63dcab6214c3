//! Releases that the real controllers carry out: what becomes of them is what rollgate says, and the webhook, failing
//! closed, is never in their way.

mod argo;
mod compare;
mod events;
mod flagger;
mod observe;
mod plan;
mod predict;
mod release;
mod workload;
mod world;

use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;

use anyhow::{Context, bail};
use rollgate_e2e::{
    Answers, ControlPlane, DeliveryController, Measurements, Programs, Registration, Webhook,
    install_controllers, make_pods_ready,
};
use serde_json::{Value, json};

use crate::compare::{describe, difference};
use crate::plan::Place;
use crate::predict::predict;
use crate::release::Release;
use crate::world::World;

fn main() -> anyhow::Result<ExitCode> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let world = Arc::new(World::default());
    let measurements = Measurements::start(Arc::clone(&world) as Arc<dyn Answers>)?;
    let releases = releases(&wanted, &measurements)?;
    if std::env::args().any(|word| word == "--list") {
        for release in &releases {
            println!("{}: {}", release.namespace, describe(&release.prediction.outcome, 1.0));
        }
        return Ok(ExitCode::SUCCESS);
    }
    for release in &releases {
        world.expect(&release.namespace, release.bad.signals(), release.plan.ruin);
    }
    let programs = Programs::find()?;
    let folder = programs.run("releases")?;
    let mut cluster = ControlPlane::start(&programs, &folder)?;
    cluster.start_controller_manager(&programs)?;
    let api = cluster.api()?;
    make_pods_ready(&api)?;
    install_controllers(cluster.kubectl())?;
    let shipped = Registration::shipped()?;
    let asked_by_people = Webhook::start(&cluster, &folder, "rollgate", &settings())?;
    asked_by_people.register(&cluster, &shipped)?;
    let asked_by_controllers = Webhook::start(&cluster, &folder, "rollgate-controllers", &json!({}))?;
    asked_by_controllers.register(&cluster, &shipped.of_the_unseen("rollgate-controllers")?)?;
    let _argo_rollouts = DeliveryController::argo_rollouts(&cluster, &programs, &folder)?;
    let _flagger = DeliveryController::flagger(&cluster, &programs, &folder, &measurements.prometheus())?;

    let namespaces: Vec<String> = releases.iter().map(|release| release.namespace.clone()).collect();
    let events = events::watch(&api, &namespaces)?;
    println!("the first version of {} releases", releases.len());
    let applied = cluster.kubectl().run(&["apply", "-f", "-"], &list(&releases).to_string())?;
    std::fs::write(folder.join("apply.log"), [applied.output, applied.errors].concat())?;
    if !applied.succeeded {
        bail!("not everything was accepted: see {}", folder.join("apply.log").display());
    }
    let start = Barrier::new(releases.len());
    let (sender, receiver) = channel();
    let mut wrong = 0;
    thread::scope(|scope| {
        for (release, events) in releases.iter().zip(events) {
            let (sender, api, world, start) = (sender.clone(), &api, &world, &start);
            scope.spawn(move || sender.send((release, release.run(api, world, &events, start))));
        }
        drop(sender);
        for (release, observed) in receiver {
            let predicted = describe(&release.prediction.outcome, 1.0);
            let (observed, difference) = match observed {
                Ok(observed) => (describe(&observed, 1.0), difference(&release.prediction, &observed)),
                Err(error) => (format!("{error:#}"), Some("no outcome".to_owned())),
            };
            let mark = if difference.is_none() { '✓' } else { '✗' };
            wrong += usize::from(difference.is_some());
            let about = format!("{}, bad in {}", release.plan.name, release.bad.name());
            println!(
                "{mark} {about}: {observed} (predicted: {predicted}) {}",
                difference.unwrap_or_default()
            );
            let _ = std::io::stdout().flush();
        }
    });
    println!("{}", asked_by_controllers.metrics()?);
    println!("{wrong} of {} releases went another way", releases.len());
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings() -> Value {
    json!({})
}

fn releases<'a>(wanted: &[String], measurements: &Measurements) -> anyhow::Result<Vec<Release<'a>>> {
    let mut releases = Vec::new();
    for plan in argo::PLANS.iter().chain(flagger::PLANS) {
        if !wanted.is_empty() && !wanted.iter().any(|word| plan.name.contains(word.as_str())) {
            continue;
        }
        for bad in plan.releases.iter().copied() {
            let namespace = format!("{}-{}", plan.name, bad.name());
            let place = Place { namespace: namespace.clone(), measurements: measurements.clone() };
            let objects = (plan.objects)(&place);
            let prediction =
                predict(&objects, &namespace, &bad.signals()).with_context(|| namespace.clone())?;
            releases.push(Release { plan, bad, namespace, objects, prediction });
        }
    }
    Ok(releases)
}

/// Everything that is there before the releases, in the order in which it is applied.
fn list(releases: &[Release<'_>]) -> Value {
    let namespace = |release: &Release<'_>| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": release.namespace}});
    let objects = releases.iter().flat_map(|release| release.objects.iter().cloned());
    let items: Vec<Value> = releases.iter().map(namespace).chain(objects).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
