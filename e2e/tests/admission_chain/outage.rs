//! The webhook is killed, and comes back.

use std::time::Instant;

use anyhow::ensure;
use rollgate_e2e::{Options, ServerCertificate};

use crate::load::{Kind, Load};
use crate::people::RELEASE_ENGINEER;
use crate::releases::rollout;
use crate::world::{Test, World};

/// By which the API server knows the webhook.
pub const NAMES: [&str; 2] = ["rollgate.rollgate.svc", "localhost"];

/// How the API server says that it could not ask.
pub const FAILED_CLOSED: &str = "failed calling webhook \"releases.rollgate.dev\"";

pub const TESTS: &[Test] = &[Test::alone("a_killed_webhook_lets_nothing_governed_in", killed)];

fn killed(world: &World) -> anyhow::Result<()> {
    let certificate = ServerCertificate::issue(&world.folder.join("outage"), &NAMES)?;
    let options = Options { certificate: Some(certificate), ..Options::default() };
    let mut webhook = world.webhook("outage", options)?;
    world.put_in_place(&webhook)?;
    let mut load = Load::start(world, "outage")?;
    ensure!(load.refusals(Kind::Governed).is_empty(), "{:?}", load.refusals(Kind::Governed));

    webhook.kill()?;
    let dead = Instant::now();
    load.wait_for(Kind::Governed, false, dead)?;
    load.wait_for(Kind::Free, true, dead)?;
    let answer =
        world.kubectl(RELEASE_ENGINEER).run(&["create", "-f", "-"], &rollout("outage")?.to_string())?;
    ensure!(!answer.succeeded && answer.errors.contains(FAILED_CLOSED), "{answer:?}");
    ensure!(answer.errors.contains("connect: connection refused"), "{answer:?}");

    let restarted = Instant::now();
    webhook.start_again()?;
    let back = Instant::now();
    load.wait_for(Kind::Governed, true, back)?;
    load.stop()?;

    let meanwhile = load.between(Kind::Governed, dead, restarted);
    ensure!(meanwhile.iter().all(|outcome| outcome.refusal.is_some()), "one was let in");
    let refusals = load.refusals(Kind::Governed);
    ensure!(refusals.iter().all(|refusal| refusal.contains(FAILED_CLOSED)), "{refusals:?}");
    let afterwards = load.between(Kind::Governed, back, Instant::now());
    ensure!(afterwards.iter().all(|outcome| outcome.refusal.is_none()), "{afterwards:?}");
    ensure!(load.refusals(Kind::Free).is_empty(), "{:?}", load.refusals(Kind::Free));
    Ok(())
}
