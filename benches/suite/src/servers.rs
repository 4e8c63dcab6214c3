//! The servers that are put under load: rollgate, and whatever else is on this machine.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::files;
use crate::process::Process;

/// How long one answer may take before it counts as none.
const ANSWER: Duration = Duration::from_secs(10);

/// What the servers are made of.
#[derive(Clone, Debug)]
pub struct Material {
    /// The `rollgate` command.
    pub rollgate: PathBuf,
    /// The policy in Wasm.
    pub policy: PathBuf,
    /// The folder that `bench-files` wrote; logs go there too.
    pub folder: PathBuf,
}

/// What a server is asked to do with each review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The whole rulebook.
    Rulebook,
    /// The empty policy.
    Empty,
    /// The rulebook, where nothing can be looked up.
    RulebookAlone,
    /// A constant.
    Constant,
}

/// Which program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `rollgate serve`.
    Rollgate,
    /// Kubewarden's.
    PolicyServer,
    /// A web server.
    Nginx,
}

/// A server to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Which program it is.
    pub program: Program,
    /// What it does.
    pub work: Work,
    /// Threads that answer.
    pub threads: u32,
}

/// A server that runs.
pub struct Running {
    /// The process.
    pub process: Process,
    /// Where reviews are sent.
    pub url: String,
}

impl Server {
    /// What it is called on the page.
    #[must_use]
    pub fn name(self) -> String {
        let program = match self.program {
            Program::Rollgate => "rollgate",
            Program::PolicyServer => "policy-server",
            Program::Nginx => "nginx",
        };
        let work = match self.work {
            Work::Rulebook => "the whole rulebook",
            Work::Empty => "the empty policy",
            Work::RulebookAlone => "the whole rulebook, nothing to look up",
            Work::Constant => "a constant answer",
        };
        format!("{program}, {work}")
    }

    /// Starts it, and sees that it answers the review in `body` as it should.
    ///
    /// # Errors
    /// When it does not start, or answers anything else.
    pub fn start(self, material: &Material, body: &Path) -> anyhow::Result<Running> {
        let port = free_port()?;
        let agent = agent(&material.folder.join("ca.crt"))?;
        let log = material.folder.join("server.log");
        let base = format!("https://127.0.0.1:{port}");
        let (mut command, path, ready) = match self.program {
            Program::Rollgate => (self.rollgate(material, port), "/validate", format!("{base}/readyz")),
            Program::PolicyServer => {
                let readiness = free_port()?;
                let ready = format!("http://127.0.0.1:{readiness}/readiness");
                (self.policy_server(material, port, readiness)?, "/validate/policy", ready)
            }
            Program::Nginx => (self.nginx(material, port)?, "/", format!("{base}/")),
        };
        let is_ready = || agent.get(&ready).call().is_ok_and(|answer| answer.status() == 200);
        let process = Process::start(&mut command, &log, is_ready)?;
        let url = format!("{base}{path}");
        let review = fs::read(body).with_context(|| format!("cannot read {}", body.display()))?;
        let mut answer = agent.post(&url).header("Content-Type", "application/json").send(&review[..])?;
        let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let accepted = answer["response"]["allowed"].as_bool().context("the answer has no verdict")?;
        ensure!(accepted, "{} rejects what it should accept: {answer}", self.name());
        Ok(Running { process, url })
    }

    fn rollgate(self, material: &Material, port: u16) -> Command {
        let Material { rollgate, policy, folder } = material;
        let mut serve = Command::new(rollgate);
        serve.arg("serve").args(["--listen", &format!("127.0.0.1:{port}")]);
        serve.arg("--cert").arg(folder.join("tls.crt")).arg("--key").arg(folder.join("tls.key"));
        serve.args(["--max-concurrent", &self.threads.to_string()]);
        if self.work == Work::Empty {
            serve.arg("--policy").arg(folder.join("empty.wasm"));
        } else {
            serve.arg("--policy").arg(policy).arg("--allow-context-aware");
            serve.arg("--cluster-objects").arg(files::cluster_file(folder));
        }
        // Compiled policies are kept apart from those of the user.
        serve.env("XDG_CACHE_HOME", folder.join("cache")).env("RUST_LOG", "warn");
        serve.env("TOKIO_WORKER_THREADS", self.threads.to_string());
        serve
    }

    fn policy_server(self, material: &Material, port: u16, readiness: u16) -> anyhow::Result<Command> {
        let folder = &material.folder;
        let module = match self.work {
            Work::Empty => folder.join("empty.wasm"),
            _ => material.policy.clone(),
        };
        let policies = folder.join("policies.yml");
        let text = format!("policy:\n  module: file://{}\n  hostCapabilities: [\"*\"]\n", module.display());
        fs::write(&policies, text).context("cannot write policies.yml")?;
        let program = policy_server().context("there is no policy-server")?;
        let mut command = Command::new(program);
        command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--readiness-probe-port", &readiness.to_string()]);
        command.args(["--workers", &self.threads.to_string(), "--log-level", "error"]);
        command.arg("--ignore-kubernetes-connection-failure").arg("--policies").arg(policies);
        command.arg("--policies-download-dir").arg(folder);
        command.arg("--cert-file").arg(folder.join("tls.crt"));
        command.arg("--key-file").arg(folder.join("tls.key"));
        command.env("TOKIO_WORKER_THREADS", self.threads.to_string());
        Ok(command)
    }

    fn nginx(self, material: &Material, port: u16) -> anyhow::Result<Command> {
        let folder = material.folder.join("nginx");
        fs::create_dir_all(&folder).context("cannot create a folder for nginx")?;
        let answer = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","allowed":true}}"#;
        let configuration = format!(
            "daemon off;\npid {folder}/nginx.pid;\nworker_processes {threads};\nerror_log stderr;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n  access_log off;\n  keepalive_requests 100000000;\n  client_max_body_size 7m;\n  \
             client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n  \
             fastcgi_temp_path {folder}/fastcgi;\n  uwsgi_temp_path {folder}/uwsgi;\n  \
             scgi_temp_path {folder}/scgi;\n  server {{\n    listen 127.0.0.1:{port} ssl http2;\n    \
             ssl_certificate {certificate};\n    ssl_certificate_key {key};\n    location / {{\n      \
             default_type application/json;\n      return 200 '{answer}';\n    }}\n  }}\n}}\n",
            folder = folder.display(),
            threads = self.threads,
            certificate = material.folder.join("tls.crt").display(),
            key = material.folder.join("tls.key").display(),
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration).context("cannot write nginx.conf")?;
        let mut command = Command::new(nginx().context("there is no nginx")?);
        command.arg("-p").arg(&folder).arg("-c").arg(file).args(["-e", "stderr"]);
        Ok(command)
    }
}

/// Kubewarden's policy-server: named by `POLICY_SERVER`, or on `PATH`.
#[must_use]
pub fn policy_server() -> Option<PathBuf> {
    env::var_os("POLICY_SERVER")
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .or_else(|| on_path("policy-server"))
}

/// nginx, when it is on `PATH`.
#[must_use]
pub fn nginx() -> Option<PathBuf> {
    on_path("nginx")
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

fn agent(authority: &Path) -> anyhow::Result<ureq::Agent> {
    let pem = fs::read(authority).with_context(|| format!("cannot read {}", authority.display()))?;
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem)?]);
    Ok(ureq::Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .timeout_global(Some(ANSWER))
        .build()
        .new_agent())
}
