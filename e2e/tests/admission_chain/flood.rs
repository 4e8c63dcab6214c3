//! Many objects in a short time: each is reviewed, and all are known afterwards.

use anyhow::{Context, ensure};
use rollgate_e2e::{Options, wait_until};

use crate::people::RELEASE_ENGINEER;
use crate::releases::{named, templates};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[Test::alone("a_flood_of_objects_is_reviewed_and_remembered", flood)];

/// How many threads create, and how many objects each of them.
const WRITERS: usize = 8;
const OBJECTS: usize = 250;

fn flood(world: &World) -> anyhow::Result<()> {
    let webhook = world.webhook("flood", Options::default())?;
    world.put_in_place(&webhook)?;
    let namespace = world.namespace("flood")?;
    let template = templates(namespace)?.into_iter().next().context("no template")?;
    let people = world.api(RELEASE_ENGINEER);
    let known = |count: usize| {
        let metrics = webhook.metrics()?;
        let kind = "rollgate_cluster_objects{kind=\"argoproj.io/v1alpha1/AnalysisTemplate\"} ";
        let value = metrics.lines().find_map(|line| line.strip_prefix(kind)).context("a metric")?;
        anyhow::Ok(value.parse::<usize>()? >= count)
    };
    std::thread::scope(|scope| {
        let write = |writer: usize| {
            for number in 0..OBJECTS {
                let reply = people.create(&named(template.clone(), &format!("flood-{writer}-{number}")))?;
                ensure!(reply.accepted(), "{}", reply.message());
            }
            Ok(())
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().unwrap_or_else(|_| anyhow::bail!("a writer panicked")))
    })?;
    wait_until("all of them are known", || known(WRITERS * OBJECTS))
}
