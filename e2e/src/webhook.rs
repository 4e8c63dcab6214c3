//! `rollgate serve` with the Wasm policy, and its registration with the API server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::control_plane::{ControlPlane, free_port};
use crate::process::Process;
use crate::programs::repository;

/// How long the server may take until it is ready: it compiles the policy and reads the cluster.
const START: Duration = Duration::from_mins(1);

/// The name by which the API server knows the server.
const NAME: &str = "rollgate.rollgate.svc";

/// A running webhook; it stops with this value.
pub struct Webhook {
    process: Process,
    port: u16,
    authority: PathBuf,
}

impl Webhook {
    /// Starts `dist/rollgate serve` with `dist/policy.wasm`, a certificate that it issues itself, and the cluster for
    /// what the policy looks up; waits until it is ready. What it prints goes to `<name>.log` in `folder`.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start(
        cluster: &ControlPlane,
        folder: &Path,
        name: &str,
        settings: &Value,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let authority = folder.join(format!("{name}.crt"));
        let written = folder.join(format!("{name}.settings.json"));
        std::fs::write(&written, settings.to_string()).context("cannot write the settings")?;
        let dist = repository().join("dist");
        let mut command = Command::new(dist.join("rollgate"));
        command.arg("serve").arg("--policy").arg(dist.join("policy.wasm"));
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.args(["--tls-san", NAME, "--ca-out"]).arg(&authority).arg("--settings").arg(written);
        command.arg("--allow-context-aware").arg("--kubeconfig").arg(cluster.kubeconfig());
        let process = Process::start(name, &mut command, folder)?;
        let mut webhook = Self { process, port, authority };
        let (port, authority) = (webhook.port, webhook.authority.clone());
        webhook.process.wait_until(START, || get(port, &authority, "/readyz").is_ok())?;
        Ok(webhook)
    }

    /// What the server counts, in the text format of Prometheus.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self) -> anyhow::Result<String> {
        get(self.port, &self.authority, "/metrics")
    }

    /// The log of its decisions so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.printed()
    }

    /// Makes the cluster ask this webhook as `registration` says, through a Service of the name it gives.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub fn register(&self, cluster: &ControlPlane, registration: &Registration) -> anyhow::Result<()> {
        let kubectl = cluster.kubectl();
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rollgate"}}))?;
        // The API server has no way into a cluster's network here: the Service is a name for this machine.
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "rollgate", "namespace": "rollgate"},
            "spec": {"type": "ExternalName", "externalName": "localhost"}}))?;
        let authority = std::fs::read(&self.authority).context("cannot read the webhook's authority")?;
        kubectl.apply(&registration.addressed(self.port, &authority)).map(|_| ())
    }
}

fn get(port: u16, authority: &Path, path: &str) -> anyhow::Result<String> {
    let pem = std::fs::read(authority)?;
    let certificate = Certificate::from_pem(&pem)?;
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate])).build();
    let agent = ureq::Agent::config_builder().tls_config(tls).timeout_global(Some(START)).build().new_agent();
    Ok(agent.get(format!("https://localhost:{port}{path}")).call()?.body_mut().read_to_string()?)
}

/// A `ValidatingWebhookConfiguration`.
#[derive(Clone, Debug)]
pub struct Registration(Value);

impl Registration {
    /// The one of `deploy/webhook.yaml`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn shipped() -> anyhow::Result<Self> {
        let path = repository().join("deploy/webhook.yaml");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self(serde_saphyr::from_str(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?))
    }

    /// The same under another name, for the namespaces that carry the label `key=value` alone.
    #[must_use]
    pub fn only_for(&self, name: &str, key: &str, value: &str) -> Self {
        let mut configuration = self.0.clone();
        configuration["metadata"]["name"] = json!(name);
        for webhook in configuration["webhooks"].as_array_mut().into_iter().flatten() {
            webhook["namespaceSelector"]["matchLabels"] = json!({key: value});
        }
        Self(configuration)
    }

    /// The same under another name, for exactly the requests that this one's conditions let pass unseen.
    ///
    /// # Errors
    /// When there is not one condition.
    pub fn of_the_unseen(&self, name: &str) -> anyhow::Result<Self> {
        let mut configuration = self.0.clone();
        configuration["metadata"]["name"] = json!(name);
        for webhook in configuration["webhooks"].as_array_mut().into_iter().flatten() {
            let [condition] = webhook["matchConditions"].as_array().map_or(&[][..], Vec::as_slice) else {
                bail!("deploy/webhook.yaml does not have one condition");
            };
            let expression = condition["expression"].as_str().context("a condition has no expression")?;
            let unseen = format!("!({expression})");
            webhook["matchConditions"] = json!([{"name": "a-controller", "expression": unseen}]);
        }
        Ok(Self(configuration))
    }

    /// With the two things that differ from one cluster to the next.
    fn addressed(&self, port: u16, authority: &[u8]) -> Value {
        let mut configuration = self.0.clone();
        for webhook in configuration["webhooks"].as_array_mut().into_iter().flatten() {
            webhook["clientConfig"]["service"]["port"] = json!(port);
            webhook["clientConfig"]["caBundle"] = json!(BASE64_STANDARD.encode(authority));
        }
        configuration
    }
}
