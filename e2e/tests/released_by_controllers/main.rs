//! Releases that the real controllers carry out: what becomes of them is what rollgate says, and the webhook, failing
//! closed, is never in their way.

mod argo;
mod compare;
mod events;
mod flagger;
mod observe;
mod page;
mod plan;
mod predict;
mod release;
mod requests;
mod workload;
mod world;

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use anyhow::{Context, ensure};
use rollgate_e2e::{
    Answers, Api, ControlPlane, DeliveryController, Measurements, Programs, Registration, Webhook,
    install_controllers, make_pods_ready, repository,
};
use serde_json::{Value, json};

use crate::compare::{describe, difference};
use crate::events::Event;
use crate::page::Versions;
use crate::plan::Place;
use crate::predict::{Outcome, predict};
use crate::release::{Release, Start};
use crate::requests::Requests;
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
    println!("a control plane and two controllers start; their logs are in {}", folder.display());
    let mut cluster = ControlPlane::start(&programs, &folder)?;
    cluster.start_controller_manager(&programs)?;
    let api = cluster.api();
    make_pods_ready(api)?;
    install_controllers(cluster.kubectl())?;
    let shipped = Registration::shipped()?;
    let asked_by_people = Webhook::start(&cluster, &folder, "rollgate", &settings())?;
    asked_by_people.register(&cluster, &shipped)?;
    let asked_by_controllers = Webhook::start(&cluster, &folder, "rollgate-controllers", &json!({}))?;
    asked_by_controllers.register(&cluster, &shipped.of_the_unseen("rollgate-controllers")?)?;
    let _argo_rollouts = DeliveryController::argo_rollouts(&cluster, &programs, &folder)?;
    let _flagger = DeliveryController::flagger(&cluster, &programs, &folder, &measurements.prometheus())?;

    let namespaces: Vec<String> = releases.iter().map(|release| release.namespace.clone()).collect();
    let events = events::watch(api, &namespaces)?;
    println!("{} releases: their first versions", releases.len());
    let warned = apply(&cluster, &releases)?;
    let observed = carry_out(&releases, api, &world, events);

    let requests = Requests::count(&asked_by_controllers.metrics()?, &cluster.audit_log())?;
    println!("{} requests of controllers were reviewed, none was rejected", requests.reviewed);
    let wrong = observed.iter().filter(|outcome| outcome.is_none()).count();
    println!("{} of {} releases went as predicted", releases.len() - wrong, releases.len());
    let Some(observed) = observed.into_iter().collect::<Option<Vec<Outcome>>>() else {
        return Ok(ExitCode::FAILURE);
    };
    if wanted.is_empty() {
        for rule in BROKEN_ON_PURPOSE {
            ensure!(warned.contains(&format!("{rule} ")), "no plan breaks {rule}: it need not be lowered");
        }
        let versions = Versions {
            kubernetes: cluster.version()?,
            argo_rollouts: programs.controller_version("argo-rollouts")?,
            flagger: programs.controller_version("flagger")?,
        };
        let page = page::write(&releases, &observed, &versions, &requests, &BROKEN_ON_PURPOSE);
        std::fs::write(repository().join("docs/simulation.md"), page)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Applies what every plan starts with, as a person does; returns what the webhook warned of.
fn apply(cluster: &ControlPlane, releases: &[Release<'_>]) -> anyhow::Result<String> {
    let applied = cluster.kubectl().run(&["apply", "-f", "-"], &list(releases).to_string())?;
    let refused = applied.errors.lines().filter(|line| !line.starts_with("Warning: "));
    ensure!(applied.succeeded, "not everything is accepted:\n{}", refused.collect::<Vec<_>>().join("\n"));
    Ok(applied.errors)
}

/// Sends all releases, and tells of each when it ends. What went another way than predicted is missing in the answer.
fn carry_out(
    releases: &[Release<'_>],
    api: &Api,
    world: &World,
    events: Vec<Receiver<Event>>,
) -> Vec<Option<Outcome>> {
    let start = Start { together: Barrier::new(releases.len()), turn: Mutex::new(()) };
    let (sender, receiver) = channel();
    let mut outcomes = vec![None; releases.len()];
    thread::scope(|scope| {
        for (index, (release, events)) in releases.iter().zip(events).enumerate() {
            let (sender, start) = (sender.clone(), &start);
            scope.spawn(move || sender.send((index, release.run(api, world, &events, start))));
        }
        drop(sender);
        for (index, observed) in receiver {
            let Release { plan, bad, prediction, .. } = &releases[index];
            let about = format!("{}, bad in {}", plan.name, bad.name());
            let predicted = describe(&prediction.outcome, 1.0);
            match observed {
                Ok(observed) => match difference(plan, prediction, &observed) {
                    None => {
                        println!("✓ {about}: {}", describe(&observed, 1.0));
                        outcomes[index] = Some(observed);
                    }
                    Some(difference) => println!(
                        "✗ {about}: {}, predicted: {predicted}; {difference}",
                        describe(&observed, 1.0)
                    ),
                },
                Err(error) => println!("✗ {about}: {error:#}, predicted: {predicted}"),
            }
        }
    });
    outcomes
}

/// What some plan breaks on purpose is only warned of; every other rule rejects as ever.
const BROKEN_ON_PURPOSE: [&str; 7] = [
    "analysis-coverage",
    "analysis-signals",
    "analysis-thresholds",
    "automatic-rollback",
    "gradual-exposure",
    "smoke-verification",
    "stable-replicas-kept",
];

fn settings() -> Value {
    let levels: serde_json::Map<String, Value> =
        BROKEN_ON_PURPOSE.iter().map(|rule| ((*rule).to_owned(), json!("warn"))).collect();
    json!({"rules": levels})
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
