//! A webhook that cannot be asked lets nothing governed in, and says why.

use std::time::Instant;

use anyhow::{Context, ensure};
use rollgate_e2e::{Options, ServerCertificate, wait_until};

use crate::load::{Kind, Load};
use crate::outage::{FAILED_CLOSED, NAMES};
use crate::people::RELEASE_ENGINEER;
use crate::releases::{config_map, pod, rollout};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::alone("a_webhook_of_an_unknown_authority_is_not_believed", unknown_authority),
    Test::alone("an_overloaded_webhook_lets_nothing_governed_in", overloaded),
];

/// What the webhook counts of those that found it busy.
const REFUSED: &str = "rollgate_requests_refused_total{status=\"503\"}";

fn unknown_authority(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("authority")?;
    let api = world.api(RELEASE_ENGINEER);
    let webhook = world.webhook("authority", Options::default())?;
    let other = ServerCertificate::issue(&world.folder.join("authority"), &NAMES)?;
    let other = std::fs::read(&other.authority).context("no authority")?;
    let words = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    world.put_out_of_place(&webhook, &other, words)?;
    let refused = api.create(&rollout(namespace)?)?;
    ensure!(refused.message().contains(FAILED_CLOSED) && refused.message().contains(words), "{refused:?}");
    for object in [config_map(namespace, "one"), pod(namespace, "one")] {
        let created = api.create(&object)?;
        ensure!(created.accepted(), "{}", created.message());
    }
    world.put_in_place(&webhook)?;
    let created = api.create(&rollout(namespace)?)?;
    ensure!(created.accepted(), "{}", created.message());
    Ok(())
}

fn overloaded(world: &World) -> anyhow::Result<()> {
    let arguments = ["--max-concurrent", "1", "--max-queued", "0"].map(str::to_owned).to_vec();
    let webhook = world.webhook("overload", Options { arguments, ..Options::default() })?;
    world.put_in_place(&webhook)?;
    let mut load = Load::start(world, "overload")?;
    let words = "the server is currently unable to handle the request";
    wait_until("the webhook is overloaded", || Ok(load.refusals(Kind::Governed).len() >= 5))?;
    // Those who find it free are answered.
    load.wait_for(Kind::Governed, true, Instant::now())?;
    load.stop()?;
    let refusals = load.refusals(Kind::Governed);
    let overload = |refusal: &String| refusal.contains(FAILED_CLOSED) && refusal.contains(words);
    ensure!(refusals.iter().all(overload), "{refusals:?}");
    // The API server may ask twice about a patch, of what it has in memory and of what is stored.
    let metrics = webhook.metrics()?;
    let counted =
        metrics.lines().find_map(|line| line.strip_prefix(REFUSED)).context("nothing was refused")?;
    ensure!(counted.trim().parse::<usize>()? >= refusals.len(), "{counted} of {} refusals", refusals.len());
    ensure!(load.refusals(Kind::Free).is_empty(), "{:?}", load.refusals(Kind::Free));
    Ok(())
}
