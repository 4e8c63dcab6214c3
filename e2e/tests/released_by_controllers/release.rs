//! One release, from the first version to the end of the second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rollgate_e2e::{Api, Patch, path};
use serde_json::{Value, json};

use crate::events::Event;
use crate::observe::Observer;
use crate::plan::{Bad, Plan, Shows};
use crate::predict::{Outcome, Prediction};
use crate::workload::containers;
use crate::world::World;

/// Who releases.
const PERSON: &str = "dev@example.com";

/// How long the first version may take until it serves.
const FIRST_VERSION: Duration = Duration::from_mins(4);

/// How much later than predicted a release may end before nobody waits for it any more.
const GRACE: Duration = Duration::from_mins(2);

/// How long others wait at most until a release is under way.
const TURN: Duration = Duration::from_secs(5);

/// How often what no event tells is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// A release to be sent.
pub struct Release<'a> {
    pub plan: &'a Plan,
    pub bad: Bad,
    pub namespace: String,
    pub objects: Vec<Value>,
    pub prediction: Prediction,
}

/// When a release may begin: when the first versions of all serve, and one after the other.
pub struct Start {
    pub together: Barrier,
    pub turn: Mutex<()>,
}

impl Release<'_> {
    /// Waits for the first version, then for all others with `start`, sends the second version, and waits for its end.
    pub fn run(
        &self,
        api: &Api,
        world: &World,
        events: &Receiver<Event>,
        start: &Start,
    ) -> anyhow::Result<Outcome> {
        let mut observer = Observer::new(self.plan.weight);
        let settled = settle(&mut observer, events);
        start.together.wait();
        settled?;
        // Fifty that begin at once make one another late.
        let turn = || start.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turn = self.of_argo_rollouts().then(turn);
        if self.plan.shows == Shows::FromTheStart {
            world.show(&self.namespace);
        }
        observer.begin(Instant::now());
        self.send(api)?;
        let patience = self.prediction.patience;
        let limit = Duration::from_secs_f64(self.prediction.outcome.seconds) + patience + GRACE;
        let begun = Instant::now();
        loop {
            if let Some(outcome) = observer.outcome(patience) {
                return Ok(outcome);
            }
            if begun.elapsed() > limit {
                bail!("it has not ended after {limit:.0?}");
            }
            match events.recv_timeout(EVERY) {
                Ok(event) => observer.see(&event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the cluster is no longer to be seen"),
            }
            if observer.under_way || begun.elapsed() > TURN {
                drop(turn.take());
            }
            if observer.exposed() {
                world.show(&self.namespace);
                world.close(&self.namespace);
            }
            if let Some(at) = world.refused(&self.namespace) {
                observer.refused(at);
            }
        }
    }

    /// Flagger takes its releases up by itself, every ten seconds.
    fn of_argo_rollouts(&self) -> bool {
        self.objects.iter().any(|object| object["kind"] == "Rollout")
    }

    /// Changes the image and nothing else.
    fn send(&self, api: &Api) -> anyhow::Result<()> {
        let kind = if self.of_argo_rollouts() { "Rollout" } else { "Deployment" };
        let workload = self.objects.iter().find(|object| object["kind"] == kind).context("no workload")?;
        let patch = json!({"spec": {"template": {"spec": {"containers": containers(2)}}}});
        let person = api.impersonating(PERSON, &["system:masters"]);
        let reply = person.patch(&path(workload), Patch::Merge, &patch)?;
        ensure!(reply.accepted(), "{}", reply.message());
        Ok(())
    }
}

/// Waits until the first version serves.
fn settle(observer: &mut Observer, events: &Receiver<Event>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !observer.settled {
        let left = FIRST_VERSION.saturating_sub(begun.elapsed());
        observer.see(&events.recv_timeout(left).context("its first version does not serve")?);
    }
    Ok(())
}
