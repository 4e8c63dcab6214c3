//! A webhook of the demo's own, over HTTPS on this machine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use rollgate::manifest::Document;
use serde_json::Value;
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long the server may take to start: the first time, it compiles the policy.
const START: Duration = Duration::from_mins(2);
/// How long one answer may take; the API server waits no longer than 30 s itself.
const ANSWER: Duration = Duration::from_secs(30);
/// How the server says where it listens.
const LISTENS: &str = "rollgate listens on ";

/// A running server and a client that trusts it. Dropping it ends it.
pub struct Server {
    child: Child,
    address: String,
    agent: ureq::Agent,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the server has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts `rollgate serve` on a free port; `live` is what the policy finds in the cluster.
    pub fn start(command: &Path, policy: &Path, live: &[Document]) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir().context("cannot create a temporary folder")?;
        let cluster = directory.path().join("cluster.yaml");
        // JSON is YAML, and the documents stand one below the other.
        let objects: Vec<String> = live.iter().map(|object| format!("---\n{}\n", object.json)).collect();
        std::fs::write(&cluster, objects.concat()).context("cannot write the objects of the cluster")?;
        let authority = directory.path().join("ca.pem");
        let mut serve = Command::new(command);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--allow-context-aware"]);
        serve.arg("--policy").arg(policy).arg("--cluster-objects").arg(cluster);
        serve.arg("--ca-out").arg(&authority).env("RUST_LOG", "warn");
        let child = serve.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start {}", command.display()))?;
        // From here on, whatever fails ends the server too.
        let mut server = Self { child, address: String::new(), agent: ureq::agent(), _directory: directory };
        server.address = server.wait_for_address()?;
        server.agent = agent(&authority)?;
        Ok(server)
    }

    /// Sends a review and returns the whole answer.
    pub fn review(&self, review: &Value) -> anyhow::Result<Value> {
        let request = self.agent.post(format!("{}/validate", self.address));
        let mut response = request.header("Content-Type", "application/json").send(review.to_string())?;
        let body = response.body_mut().read_to_string()?;
        if response.status().as_u16() != 200 {
            bail!("the server answered {}: {body}", response.status());
        }
        serde_json::from_str(&body).with_context(|| format!("cannot read the answer {body}"))
    }

    fn wait_for_address(&mut self) -> anyhow::Result<String> {
        let stderr = self.child.stderr.take().context("the server has no standard error")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Drained to the end, so that the server never waits for a reader. What comes once it listens is
            // about its own health, and for the person at the terminal.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Err(mpsc::SendError(line)) = sender.send(line) {
                    eprintln!("{line}");
                }
            }
        });
        let deadline = Instant::now() + START;
        let mut said = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = lines.recv_timeout(left).map_err(|_| {
                anyhow!("the server did not start, or not within {}s:{said}", START.as_secs())
            })?;
            if let Some(address) = line.strip_prefix(LISTENS) {
                return Ok(address.to_owned());
            }
            said.push('\n');
            said.push_str(&line);
        }
    }
}

fn agent(authority: &Path) -> anyhow::Result<ureq::Agent> {
    let pem = std::fs::read(authority).context("cannot read the server's authority")?;
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem)?]);
    Ok(ureq::Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .timeout_global(Some(ANSWER))
        .build()
        .new_agent())
}
