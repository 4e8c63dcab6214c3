//! etcd, kube-apiserver and kube-controller-manager, on loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::api::Api;
use crate::certificates::Certificates;
use crate::kubectl::Kubectl;
use crate::process::Process;
use crate::programs::Programs;

/// How long one of the servers may take until it is ready, on a machine that has much else to do.
const START: Duration = Duration::from_mins(2);

/// What changes is written to the audit log with the annotations of the webhooks; bodies are not.
const AUDIT_POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
  "rules": [{"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]},
            {"level": "None"}]}"#;

/// A running control plane; it stops with this value.
pub struct ControlPlane {
    // In the order in which they stop.
    controller_manager: Option<Process>,
    api_server: Process,
    _etcd: Process,
    certificates: Certificates,
    folder: PathBuf,
    port: u16,
    kubeconfig: PathBuf,
    kubectl: Kubectl,
    api: Api,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver, keeps everything in `folder`, and installs the custom resource definitions.
    ///
    /// # Errors
    /// When one of them does not get ready: the error holds the end of its log.
    pub fn start(programs: &Programs, folder: &Path) -> anyhow::Result<Self> {
        let certificates = Certificates::issue(folder)?;
        let etcd_address = format!("http://127.0.0.1:{}", free_port()?);
        let mut etcd = Command::new(programs.kubernetes("etcd"));
        etcd.arg("--data-dir").arg(folder.join("etcd"));
        etcd.args(["--listen-client-urls", &etcd_address, "--advertise-client-urls", &etcd_address]);
        // Nothing outlives the run, so nothing has to reach the disk.
        etcd.args(["--listen-peer-urls", "http://127.0.0.1:0", "--unsafe-no-fsync", "--log-level", "warn"]);
        let etcd = Process::start("etcd", &mut etcd, folder)?;

        let port = free_port()?;
        let (certificate, key) = &certificates.admin;
        let admin = json!({"client-certificate": certificate, "client-key": key});
        let kubeconfig = write_kubeconfig(folder, "admin", port, &certificates.authority, &admin)?;
        let kubectl = Kubectl::new(programs.kubernetes("kubectl"), kubeconfig.clone());
        let mut command = api_server(programs, folder, port, &etcd_address, &certificates)?;
        let mut api_server = Process::start("kube-apiserver", &mut command, folder)?;
        let ready = || kubectl.run(&["get", "--raw", "/readyz"], "").is_ok_and(|answer| answer.succeeded);
        api_server.wait_until(START, ready)?;

        let api = Api::new(port, &certificates)?;
        let mut this = Self {
            controller_manager: None,
            api_server,
            _etcd: etcd,
            certificates,
            folder: folder.into(),
            port,
            kubeconfig,
            kubectl,
            api,
        };
        this.install_definitions(&programs.definitions())?;
        Ok(this)
    }

    /// Starts kube-controller-manager, each of its controllers with a service account of its own.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start_controller_manager(&mut self, programs: &Programs) -> anyhow::Result<()> {
        let port = free_port()?;
        let mut command = Command::new(programs.kubernetes("kube-controller-manager"));
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command.arg("--service-account-private-key-file").arg(&self.certificates.service_accounts.1);
        command.arg("--root-ca-file").arg(&self.certificates.authority);
        command.arg("--cert-dir").arg(self.folder.join("kube-controller-manager"));
        command.args(["--bind-address", "127.0.0.1", "--secure-port", &port.to_string()]);
        command.args(["--use-service-account-credentials", "--leader-elect=false"]);
        // What takes a cluster hours is done here in minutes.
        command.args(["--kube-api-qps", "200", "--kube-api-burst", "400"]);
        // There are no nodes: nothing looks after them, nor after what is theirs.
        command.args([
            "--controllers",
            "*,-node-ipam-controller,-node-lifecycle-controller,-node-route-controller",
        ]);
        let mut process = Process::start("kube-controller-manager", &mut command, &self.folder)?;
        let kubectl = &self.kubectl;
        // The last of what it makes for a new namespace.
        process.wait_until(START, || kubectl.get(&["serviceaccount", "default"]).is_ok())?;
        self.controller_manager = Some(process);
        Ok(())
    }

    /// kubectl, as somebody who may do everything.
    #[must_use]
    pub fn kubectl(&self) -> &Kubectl {
        &self.kubectl
    }

    /// The API server itself, as somebody who may do everything.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// A kubeconfig for somebody who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A kubeconfig for somebody else: `user` is what proves who that is, as a kubeconfig has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn kubeconfig_of(&self, name: &str, user: &Value) -> anyhow::Result<PathBuf> {
        write_kubeconfig(&self.folder, name, self.port, &self.certificates.authority, user)
    }

    /// A token of a service account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn token_of(&self, namespace: &str, account: &str) -> anyhow::Result<String> {
        let token = self.kubectl.must(&["create", "token", account, "-n", namespace], "")?;
        Ok(token.trim().to_owned())
    }

    /// A kubeconfig for a service account, under its name.
    ///
    /// # Errors
    /// When there is no such account, or the file cannot be written.
    pub fn kubeconfig_of_account(&self, namespace: &str, account: &str) -> anyhow::Result<PathBuf> {
        self.kubeconfig_of(account, &json!({"token": self.token_of(namespace, account)?}))
    }

    /// The version the API server tells.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn version(&self) -> anyhow::Result<String> {
        let version = self.api.get("/version")?;
        Ok(version.body["gitVersion"].as_str().context("the API server has no version")?.to_owned())
    }

    /// Host and port of the API server.
    #[must_use]
    pub fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// The authority of its certificate, in PEM.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.certificates.authority
    }

    /// The API server's audit log: an event a line.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    fn install_definitions(&mut self, folder: &Path) -> anyhow::Result<()> {
        let folder = folder.to_str().context("the folder of definitions is not named in UTF-8")?;
        self.kubectl.must(&["create", "-f", folder], "")?;
        let kubectl = &self.kubectl;
        let established = || {
            kubectl
                .run(
                    &[
                        "wait",
                        "--for=condition=Established",
                        "customresourcedefinitions",
                        "--all",
                        "--timeout=5s",
                    ],
                    "",
                )
                .is_ok_and(|answer| answer.succeeded)
        };
        self.api_server.wait_until(START, established)
    }
}

fn api_server(
    programs: &Programs,
    folder: &Path,
    port: u16,
    etcd: &str,
    certificates: &Certificates,
) -> anyhow::Result<Command> {
    let policy = folder.join("audit-policy.json");
    std::fs::write(&policy, AUDIT_POLICY).context("cannot write the audit policy")?;
    let mut command = Command::new(programs.kubernetes("kube-apiserver"));
    command.args(["--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", &port.to_string()]);
    command.arg("--client-ca-file").arg(&certificates.authority);
    command.arg("--tls-cert-file").arg(&certificates.server.0);
    command.arg("--tls-private-key-file").arg(&certificates.server.1);
    command.arg("--service-account-key-file").arg(&certificates.service_accounts.0);
    command.arg("--service-account-signing-key-file").arg(&certificates.service_accounts.1);
    command.args(["--service-account-issuer", "https://kubernetes.default.svc"]);
    command.args(["--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "RBAC"]);
    command.arg("--audit-policy-file").arg(policy);
    command.arg("--audit-log-path").arg(folder.join("audit.log"));
    Ok(command)
}

fn write_kubeconfig(
    folder: &Path,
    name: &str,
    port: u16,
    authority: &Path,
    user: &Value,
) -> anyhow::Result<PathBuf> {
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
        "clusters": [{"name": "e2e", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "certificate-authority": authority}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": name}}],
    });
    let path = folder.join(format!("{name}.kubeconfig"));
    std::fs::write(&path, kubeconfig.to_string()).context("cannot write the kubeconfig")?;
    Ok(path)
}

/// A port that is free now. Another program may take it before it is used; then that server says so, and the run fails.
///
/// # Errors
/// When none is.
pub fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
