//! Writes that never stop: some that rollgate is asked about, and some that it is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, ensure};
use rollgate_e2e::{Api, Patch, Reply, path, wait_until};
use serde_json::{Value, json};

use crate::people::{RELEASE_ENGINEER, SRE};
use crate::releases::{bare_deployment, config_map, named, pod, rollout, templates};
use crate::world::World;

/// As many writes of each kind prove that what holds for them holds.
const ENOUGH: usize = 10;

/// The writer that creates a Rollout each time, named `new-0` and so on.
pub const NEW_ROLLOUTS: &str = "new Rollouts";

/// Whether rollgate is asked about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Governed,
    Free,
}

/// A write that was answered.
#[derive(Clone, Debug)]
pub struct Outcome {
    began: Instant,
    ended: Instant,
    /// Why it was not carried out.
    pub refusal: Option<String>,
}

/// Writers, each of which sends its next write when it has the answer to the last one. They end with this value.
pub struct Load {
    writers: Vec<Writer>,
    stop: Arc<AtomicBool>,
}

struct Writer {
    name: &'static str,
    kind: Kind,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
    thread: Option<JoinHandle<()>>,
}

type Write = Box<dyn FnMut(usize) -> anyhow::Result<Reply> + Send>;

impl Load {
    /// Starts the writers in a namespace of their own, and waits until each of them has written.
    pub fn start(world: &World, namespace: &str) -> anyhow::Result<Self> {
        let namespace = world.namespace(namespace)?;
        let (people, admins) = (world.api(RELEASE_ENGINEER), world.api(SRE));
        let stop = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let writers = [
            (NEW_ROLLOUTS, Kind::Governed, new_rollouts(people.clone(), namespace)?),
            ("releases", Kind::Governed, releases(&people, namespace)?),
            ("templates", Kind::Governed, template(&people, namespace)?),
            ("Pods", Kind::Free, pods(people.clone(), namespace)),
            ("ConfigMaps", Kind::Free, labels(&people, &config_map(namespace, "busy"))?),
            ("leases of the system", Kind::Free, labels(&admins, &lease(namespace))?),
            (
                "Deployments of the system",
                Kind::Free,
                labels(&admins, &bare_deployment("kube-system", namespace))?,
            ),
        ]
        .into_iter()
        .map(|(name, kind, write)| Writer::start(name, kind, write, Arc::clone(&stop)))
        .collect();
        let load = Self { writers, stop };
        load.wait_for(Kind::Governed, true, began)?;
        load.wait_for(Kind::Free, true, began)?;
        Ok(load)
    }

    /// Waits until each writer of a kind has had enough writes carried out, or refused, that began after `since`.
    pub fn wait_for(&self, kind: Kind, accepted: bool, since: Instant) -> anyhow::Result<()> {
        for writer in self.writers.iter().filter(|writer| writer.kind == kind) {
            let word = if accepted { "carried out" } else { "refused" };
            wait_until(&format!("{} are {word}", writer.name), || {
                let matching =
                    |outcome: &&Outcome| outcome.began >= since && outcome.refusal.is_none() == accepted;
                Ok(writer.outcomes().iter().filter(matching).count() >= ENOUGH)
            })
            .with_context(|| {
                format!("the last ones: {:?}", writer.outcomes().iter().rev().take(3).collect::<Vec<_>>())
            })?;
        }
        Ok(())
    }

    /// What became of the writes of a kind that began and ended between two moments.
    pub fn between(&self, kind: Kind, from: Instant, to: Instant) -> Vec<Outcome> {
        let writers = self.writers.iter().filter(|writer| writer.kind == kind);
        let outcomes = writers.flat_map(Writer::outcomes);
        outcomes.filter(|outcome| outcome.began >= from && outcome.ended <= to).collect()
    }

    /// Why writes of a kind were refused, from the first one on.
    pub fn refusals(&self, kind: Kind) -> Vec<String> {
        let writers = self.writers.iter().filter(|writer| writer.kind == kind);
        writers.flat_map(Writer::outcomes).filter_map(|outcome| outcome.refusal).collect()
    }

    /// How many writes of a writer were carried out.
    pub fn carried_out(&self, name: &str) -> usize {
        let writers = self.writers.iter().filter(|writer| writer.name == name);
        writers.flat_map(Writer::outcomes).filter(|outcome| outcome.refusal.is_none()).count()
    }

    /// Waits for the answers to the last writes.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for writer in &mut self.writers {
            let ended = writer.thread.take().is_none_or(|thread| thread.join().is_ok());
            ensure!(ended, "{} have stopped by themselves", writer.name);
        }
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

impl Writer {
    fn start(name: &'static str, kind: Kind, mut write: Write, stop: Arc<AtomicBool>) -> Self {
        let outcomes = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&outcomes);
        let thread = std::thread::spawn(move || {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let began = Instant::now();
                let refusal = match write(number) {
                    Ok(reply) if reply.accepted() => None,
                    Ok(reply) => Some(reply.message().to_owned()),
                    Err(error) => Some(format!("no answer: {error:#}")),
                };
                let outcome = Outcome { began, ended: Instant::now(), refusal };
                written.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            }
        });
        Self { name, kind, outcomes, thread: Some(thread) }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn new_rollouts(api: Api, namespace: &str) -> anyhow::Result<Write> {
    let rollout = rollout(namespace)?;
    Ok(Box::new(move |number| api.create(&named(rollout.clone(), &format!("new-{number}")))))
}

fn releases(api: &Api, namespace: &str) -> anyhow::Result<Write> {
    let (api, rollout) = (api.clone(), rollout(namespace)?);
    create(&api, &rollout)?;
    Ok(Box::new(move |number| {
        let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image",
            "value": format!("registry.example.com/shop/payments:2.15.{number}")}]);
        api.patch(&path(&rollout), Patch::Json, &patch)
    }))
}

fn template(api: &Api, namespace: &str) -> anyhow::Result<Write> {
    let template = templates(namespace)?.into_iter().next().context("no template")?;
    labels(api, &named(template, "busy"))
}

fn pods(api: Api, namespace: &str) -> Write {
    let namespace = namespace.to_owned();
    Box::new(move |number| api.create(&pod(&namespace, &format!("pod-{number}"))))
}

/// Writes that change a label of one object.
fn labels(api: &Api, object: &Value) -> anyhow::Result<Write> {
    let (api, at) = (api.clone(), path(object));
    create(&api, object)?;
    Ok(Box::new(move |number| {
        let patch = json!({"metadata": {"labels": {"number": number.to_string()}}});
        api.patch(&at, Patch::Merge, &patch)
    }))
}

fn create(api: &Api, object: &Value) -> anyhow::Result<()> {
    let created = api.create(object)?;
    ensure!(created.accepted(), "{}: {}", path(object), created.message());
    Ok(())
}

fn lease(name: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": "kube-system"}, "spec": {"holderIdentity": "a"}})
}
