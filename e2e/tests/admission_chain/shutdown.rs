//! The webhook is told to stop, with a successor and without.

use std::time::Instant;

use anyhow::ensure;
use rollgate_e2e::{Options, ServerCertificate};

use crate::load::{Kind, Load, NEW_ROLLOUTS};
use crate::outage::{FAILED_CLOSED, NAMES};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[Test::alone("a_webhook_that_stops_answers_what_it_took", stopped)];

fn stopped(world: &World) -> anyhow::Result<()> {
    let certificate = ServerCertificate::issue(&world.folder.join("shutdown"), &NAMES)?;
    let options = || Options {
        certificate: Some(certificate.clone()),
        arguments: vec!["--drain-delay".to_owned(), "2s".to_owned()],
        ..Options::default()
    };
    let mut first = world.webhook("shutdown-first", options())?;
    world.put_in_place(&first)?;
    let mut load = Load::start(world, "shutdown")?;

    // As a rolling update does: the successor is ready, the first one is told to go, and meanwhile asked less and less.
    let mut second = world.webhook("shutdown-second", options())?;
    first.ask_to_stop()?;
    ensure!(first.is_ready_to(&certificate.authority).is_err(), "it still says that it is ready");
    world.put_in_place(&second)?;
    first.wait_for_end()?;
    load.wait_for(Kind::Governed, true, Instant::now())?;
    ensure!(load.refusals(Kind::Governed).is_empty(), "{:?}", load.refusals(Kind::Governed));

    // Nobody follows: whoever comes too late finds nobody there.
    second.ask_to_stop()?;
    let told = Instant::now();
    second.wait_for_end()?;
    load.wait_for(Kind::Governed, false, told)?;
    load.stop()?;
    let refusals = load.refusals(Kind::Governed);
    ensure!(refusals.iter().all(|refusal| refusal.contains(FAILED_CLOSED)), "{refusals:?}");
    ensure!(!refusals.iter().any(|refusal| refusal.contains("deadline exceeded")), "{refusals:?}");
    // The API server may ask twice about a patch, of what it has in memory and of what is stored.
    let reviewed = [first.log(), second.log()].concat();
    let new = |line: &&str| line.contains("namespace=\"shutdown\" name=\"new-");
    let (reviewed, created) = (reviewed.lines().filter(new).count(), load.carried_out(NEW_ROLLOUTS));
    ensure!(reviewed == created, "{reviewed} were reviewed, and {created} created");
    ensure!(load.refusals(Kind::Free).is_empty(), "{:?}", load.refusals(Kind::Free));
    Ok(())
}
