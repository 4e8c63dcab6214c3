//! What the tests share: one control plane, and one webhook that all of it is asked of.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use anyhow::ensure;
use rollgate_e2e::{
    Api, ControlPlane, Kubectl, Options, Programs, Registration, Webhook, install_controllers,
    make_pods_ready, wait_for_deployments, wait_until,
};
use serde_json::{Value, json};

use crate::people::{self, Person};

/// A test, and whether it has the cluster to itself.
pub struct Test {
    pub name: &'static str,
    alone: bool,
    run: fn(&World) -> anyhow::Result<()>,
}

impl Test {
    /// One that changes nothing but the namespaces it makes.
    pub const fn beside_others(name: &'static str, run: fn(&World) -> anyhow::Result<()>) -> Self {
        Self { name, alone: false, run }
    }

    /// One that puts a webhook of its own in the place of the shared one.
    pub const fn alone(name: &'static str, run: fn(&World) -> anyhow::Result<()>) -> Self {
        Self { name, alone: true, run }
    }
}

pub struct World {
    webhook: Webhook,
    pub cluster: ControlPlane,
    pub folder: PathBuf,
    registration: Registration,
    turn: RwLock<()>,
}

impl World {
    pub fn start(programs: &Programs) -> anyhow::Result<Self> {
        let folder = programs.run("admission-chain")?;
        let mut cluster = ControlPlane::start(programs, &folder)?;
        install_controllers(cluster.kubectl())?;
        cluster.start_controller_manager(programs)?;
        make_pods_ready(cluster.api())?;
        for namespace in ["argo-rollouts", "flagger-system"] {
            wait_for_deployments(cluster.api(), namespace)?;
        }
        for object in people::permissions() {
            cluster.kubectl().apply(&object)?;
        }
        let webhook = Webhook::start(&cluster, &folder, "rollgate", &json!({}))?;
        let registration = Registration::shipped()?;
        let world = Self { webhook, cluster, folder, registration, turn: RwLock::default() };
        world.put_in_place(&world.webhook)?;
        Ok(world)
    }

    pub fn run(&self, test: &Test) -> anyhow::Result<()> {
        if !test.alone {
            let _turn = self.turn.read().unwrap_or_else(PoisonError::into_inner);
            return (test.run)(self);
        }
        let _turn = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = (test.run)(self);
        self.put_in_place(&self.webhook)?;
        outcome
    }

    /// Starts a webhook of a test's own; nobody asks it yet.
    pub fn webhook(&self, name: &str, options: Options) -> anyhow::Result<Webhook> {
        Webhook::start_with(&self.cluster, &self.folder, name, options)
    }

    /// Registers a webhook as the only one, and waits until the API server asks it.
    pub fn put_in_place(&self, webhook: &Webhook) -> anyhow::Result<()> {
        webhook.register(&self.cluster, &self.registration)?;
        self.wait_until_asked(webhook)
    }

    /// Waits until the API server asks a webhook that is registered.
    pub fn wait_until_asked(&self, webhook: &Webhook) -> anyhow::Result<()> {
        let asked = || {
            self.probe()?;
            Ok(webhook.log().lines().any(|line| line.contains(PROBE)))
        };
        wait_until("the API server asks the webhook", asked)
    }

    /// The same for one that it cannot ask: registers it by `authorities`, and waits for the refusal of a request.
    pub fn put_out_of_place(
        &self,
        webhook: &Webhook,
        authorities: &[u8],
        refusal: &str,
    ) -> anyhow::Result<()> {
        self.trust(webhook, authorities)?;
        wait_until(refusal, || Ok(self.probe()?.contains(refusal)))
    }

    /// Registers a webhook by other authorities than its own.
    pub fn trust(&self, webhook: &Webhook, authorities: &[u8]) -> anyhow::Result<()> {
        webhook.register_trusting(&self.cluster, &self.registration, authorities)
    }

    /// A second registration of a webhook, for the namespaces that carry the label `key` alone.
    pub fn add(&self, webhook: &Webhook, name: &str, key: &str) -> anyhow::Result<()> {
        webhook.register(&self.cluster, &self.registration.only_for(name, key, "true"))
    }

    /// Sends what a webhook is asked about and nothing becomes of: what the API server says to it.
    fn probe(&self) -> anyhow::Result<String> {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": PROBE, "namespace": "default"}, "spec": {
                "selector": {"matchLabels": {"app": PROBE}},
                "template": {"metadata": {"labels": {"app": PROBE}},
                    "spec": {"containers": [{"name": PROBE, "image": PROBE}]}}}});
        Ok(self.cluster.api().try_out(&deployment)?.message().to_owned())
    }

    /// Makes a namespace and returns its name.
    pub fn namespace<'a>(&self, name: &'a str) -> anyhow::Result<&'a str> {
        self.labelled_namespace(name, &json!({}))
    }

    pub fn labelled_namespace<'a>(&self, name: &'a str, labels: &Value) -> anyhow::Result<&'a str> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": labels}});
        let reply = self.cluster.api().create(&namespace)?;
        ensure!(reply.accepted(), "{}", reply.message());
        Ok(name)
    }

    pub fn api(&self, person: Person) -> Api {
        self.cluster.api().impersonating(person.user, person.groups)
    }

    pub fn kubectl(&self, person: Person) -> Kubectl {
        self.cluster.kubectl().impersonating(person.user, person.groups)
    }
}

const PROBE: &str = "is-anybody-asked";
