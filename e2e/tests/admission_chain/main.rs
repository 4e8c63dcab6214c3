//! An API server that asks the webhook as `deploy/webhook.yaml` says, the controllers of Kubernetes, and what people
//! and service accounts send through both, on good days and on bad ones.

mod annotations;
mod bootstrap;
mod bulk;
mod deletion;
mod flood;
mod live_release;
mod load;
mod managed;
mod misconfiguration;
mod outage;
mod people;
mod plugin;
mod releases;
mod rotation;
mod scaling;
mod shutdown;
mod world;
mod writing;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rollgate_e2e::Programs;
use world::{Test, World};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(None)).exit_code());
    }
    let world = Arc::new(World::start(&Programs::find()?)?);
    let conclusion = libtest_mimic::run(&arguments, trials(Some(&world)));
    Ok(conclusion.exit_code())
}

/// Those that need the webhook to themselves come last.
fn trials(world: Option<&Arc<World>>) -> Vec<Trial> {
    let themes = [
        deletion::TESTS,
        writing::TESTS,
        bulk::TESTS,
        live_release::TESTS,
        plugin::TESTS,
        scaling::TESTS,
        annotations::TESTS,
        outage::TESTS,
        flood::TESTS,
        rotation::TESTS,
        managed::TESTS,
        shutdown::TESTS,
        bootstrap::TESTS,
        misconfiguration::TESTS,
    ];
    themes.into_iter().flatten().map(|test| trial(test, world.cloned())).collect()
}

fn trial(test: &'static Test, world: Option<Arc<World>>) -> Trial {
    Trial::test(test.name, move || {
        let world = world.ok_or("no cluster")?;
        world.run(test).map_err(|error| Failed::from(format!("{error:#}")))
    })
}
