//! A container registry on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::certificates::ServerCertificate;
use crate::control_plane::free_port;
use crate::process::Process;
use crate::programs::Programs;

/// How long the registry may take to start.
const START: Duration = Duration::from_secs(30);

/// The registry of the Cloud Native Computing Foundation; it stops with this value.
pub struct Registry {
    _process: Process,
    port: u16,
}

/// What a registry is started with.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// The files of its certificate; without them it does without TLS.
    pub certificate: Option<ServerCertificate>,
    /// The file of its users, as `htpasswd` of Apache writes it; without it, everybody is let in.
    pub users: Option<PathBuf>,
}

impl Registry {
    /// Starts one that is empty, and waits until it answers. What it has, and its log, are in `folder`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start(
        programs: &Programs,
        folder: &Path,
        name: &str,
        options: &RegistryOptions,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let configuration = folder.join(format!("{name}.registry.json"));
        std::fs::write(&configuration, configure(&folder.join(name), port, options).to_string())
            .with_context(|| format!("cannot write {}", configuration.display()))?;
        let mut command = Command::new(programs.registry());
        command.arg("serve").arg(&configuration);
        let mut process = Process::start(&format!("{name}.registry"), &mut command, folder)?;
        process.wait_until(START, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { _process: process, port })
    }

    /// Host and port, as in the address of an image.
    #[must_use]
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

fn configure(storage: &Path, port: u16, options: &RegistryOptions) -> Value {
    let mut configuration = json!({
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": storage}},
        "http": {"addr": format!("127.0.0.1:{port}")},
    });
    if let Some(ServerCertificate { certificate, key, .. }) = &options.certificate {
        configuration["http"]["tls"] = json!({"certificate": certificate, "key": key});
    }
    if let Some(users) = &options.users {
        configuration["auth"] = json!({"htpasswd": {"realm": "e2e", "path": users}});
    }
    configuration
}
