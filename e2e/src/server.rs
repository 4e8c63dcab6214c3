//! `rollgate serve` without a cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::control_plane::free_port;
use crate::pod;
use crate::process::Process;

/// A running server; it stops with this value.
pub struct Server {
    process: Process,
    port: u16,
    authority: PathBuf,
}

impl Server {
    /// Starts `command`, which is `rollgate serve` but for where it listens, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not ready within `limit`.
    pub fn start(mut command: Command, folder: &Path, limit: Duration) -> anyhow::Result<Self> {
        let (port, authority) = (free_port()?, folder.join("server.ca.crt"));
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--ca-out"]).arg(&authority);
        let mut process = Process::start("server", &mut command, folder)?;
        process.wait_until(limit, || pod::get(port, "/readyz").is_ok())?;
        Ok(Self { process, port, authority })
    }

    /// Its answer to a review.
    ///
    /// # Errors
    /// When there is none.
    pub fn review(&self, review: &Value) -> anyhow::Result<String> {
        let pem = std::fs::read(&self.authority).context("cannot read the server's authority")?;
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem)?]);
        let tls = TlsConfig::builder().root_certs(roots).build();
        let agent = ureq::Agent::config_builder().tls_config(tls).build().new_agent();
        let request = agent.post(format!("https://localhost:{}/validate", self.port));
        let mut answer = request.content_type("application/json").send(review.to_string())?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// What it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.printed()
    }
}
