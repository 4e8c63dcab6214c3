//! `rollgate serve` with the Wasm policy, and its registration with the API server.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::certificates::ServerCertificate;
use crate::control_plane::{ControlPlane, free_port};
use crate::pod;
use crate::process::Process;
use crate::programs::repository;
use crate::service_account;

/// How long the server may take until it is ready: it compiles the policy and reads the cluster.
const START: Duration = Duration::from_mins(1);

/// The name by which the API server knows the server.
const NAME: &str = "rollgate.rollgate.svc";

/// Where servers that manage their certificate keep it.
const SECRET: &str = "rollgate/rollgate-tls";

/// What a webhook is started with, beside the policy and the cluster.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The settings of the policy.
    pub settings: BTreeMap<String, Value>,
    /// The files of its certificate; without them it issues one itself.
    pub certificate: Option<ServerCertificate>,
    /// The kubeconfig with which it keeps its certificate in the cluster instead, in the Secret `rollgate-tls`.
    pub managed: Option<PathBuf>,
    /// Further arguments of `rollgate serve`.
    pub arguments: Vec<String>,
}

/// A running webhook; it stops with this value.
pub struct Webhook {
    process: Process,
    name: String,
    folder: PathBuf,
    arguments: Vec<OsString>,
    port: u16,
    authority: PathBuf,
}

impl Webhook {
    /// Starts `dist/rollgate serve` with `dist/policy.wasm`, a certificate that it issues itself, and the cluster, read
    /// with its own service account, for what the policy looks up; waits until it is ready. What it prints goes to
    /// `<name>.log` in `folder`.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start(
        cluster: &ControlPlane,
        folder: &Path,
        name: &str,
        settings: &Value,
    ) -> anyhow::Result<Self> {
        let settings = settings.as_object().into_iter().flatten();
        let settings = settings.map(|(key, value)| (key.clone(), value.clone())).collect();
        Self::start_with(cluster, folder, name, Options { settings, ..Options::default() })
    }

    /// The same with more to choose.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start_with(
        cluster: &ControlPlane,
        folder: &Path,
        name: &str,
        options: Options,
    ) -> anyhow::Result<Self> {
        let mut webhook = Self::launch(cluster, folder, name, options)?;
        webhook.wait_until_ready()?;
        Ok(webhook)
    }

    /// The same without waiting for anything.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(
        cluster: &ControlPlane,
        folder: &Path,
        name: &str,
        options: Options,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let settings = folder.join(format!("{name}.settings.json"));
        std::fs::write(&settings, json!(options.settings).to_string())
            .context("cannot write the settings")?;
        let mut arguments: Vec<OsString> = vec!["serve".into(), "--policy".into()];
        arguments.push(repository().join("dist/policy.wasm").into());
        arguments.extend(["--listen".into(), format!("127.0.0.1:{port}").into()]);
        arguments.extend(["--settings".into(), settings.into(), "--allow-context-aware".into()]);
        let account = service_account::kubeconfig(cluster)?;
        let account = options.managed.clone().unwrap_or(account);
        arguments.extend(["--kubeconfig".into(), account.into()]);
        let authority = if options.managed.is_some() {
            arguments.extend(["--tls-san".into(), NAME.into(), "--tls-secret".into(), SECRET.into()]);
            arguments.extend(["--webhook-configuration".into(), "rollgate".into()]);
            folder.join(format!("{name}.ca.crt"))
        } else if let Some(certificate) = options.certificate {
            let ServerCertificate { authority, certificate, key } = certificate;
            arguments.extend(["--cert".into(), certificate.into(), "--key".into(), key.into()]);
            authority
        } else {
            let authority = folder.join(format!("{name}.ca.crt"));
            arguments.extend(["--tls-san".into(), NAME.into(), "--ca-out".into()]);
            arguments.push(authority.clone().into());
            authority
        };
        arguments.extend(options.arguments.into_iter().map(OsString::from));
        let process = launch(name, folder, &arguments)?;
        let (name, folder) = (name.to_owned(), folder.to_owned());
        Ok(Self { process, name, folder, arguments, port, authority })
    }

    /// What is at `path`, asked as a kubelet does: without looking at the certificate. `None` if it does not answer, or
    /// not with success.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<String> {
        pod::get(self.port, path).ok()
    }

    /// Starts it again as it was started, on the same port, after it has ended.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.process = launch(&self.name, &self.folder, &self.arguments)?;
        self.wait_until_ready()
    }

    /// Ends it at once, with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill().map(|_| ())
    }

    /// Asks it to stop, with SIGTERM.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ask_to_stop(&self) -> anyhow::Result<()> {
        self.process.ask_to_stop()
    }

    /// Waits for the end of one that was asked to stop.
    ///
    /// # Errors
    /// When it does not end by itself, or does not end well.
    pub fn wait_for_end(&mut self) -> anyhow::Result<()> {
        self.process.stop_well()
    }

    /// What the server counts, in the text format of Prometheus.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self) -> anyhow::Result<String> {
        get(self.port, &self.authority, "/metrics")
    }

    /// Whether it says that it is ready, over a connection of its own, to who trusts `authority` alone.
    ///
    /// # Errors
    /// When it does not, or its certificate is not of that authority.
    pub fn is_ready_to(&self, authority: &Path) -> anyhow::Result<()> {
        get(self.port, authority, "/readyz").map(|_| ())
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
        let authority = std::fs::read(&self.authority).context("cannot read the webhook's authority")?;
        self.register_trusting(cluster, registration, &authority)
    }

    /// The same, with other authorities than its own to know it by.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub fn register_trusting(
        &self,
        cluster: &ControlPlane,
        registration: &Registration,
        authorities: &[u8],
    ) -> anyhow::Result<()> {
        let kubectl = cluster.kubectl();
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rollgate"}}))?;
        // The API server has no way into a cluster's network here: the Service is a name for this machine.
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "rollgate", "namespace": "rollgate"},
            "spec": {"type": "ExternalName", "externalName": "localhost"}}))?;
        kubectl.apply(&registration.addressed(self.port, authorities)).map(|_| ())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let port = self.port;
        self.process.wait_until(START, || pod::get(port, "/readyz").is_ok())
    }
}

fn launch(name: &str, folder: &Path, arguments: &[OsString]) -> anyhow::Result<Process> {
    let mut command = Command::new(repository().join("dist/rollgate"));
    Process::start(name, command.args(arguments), folder)
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
            let conditions = webhook["matchConditions"].as_array().map_or(&[][..], Vec::as_slice);
            ensure!(conditions.len() == 1, "deploy/webhook.yaml does not have one condition");
            let expression = conditions[0]["expression"].as_str().context("a condition has no expression")?;
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
