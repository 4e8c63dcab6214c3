//! The controllers of Argo Rollouts and Flagger, as processes beside the control plane.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use crate::control_plane::{ControlPlane, free_port};
use crate::process::Process;
use crate::programs::Programs;

/// How long a controller may take until it is ready.
const START: Duration = Duration::from_mins(1);

/// Requests a second to the API server: enough for many releases at a time.
const REQUESTS: &str = "200";

/// A running delivery controller with the rights and the name its own manifests give it; it stops with this value.
pub struct DeliveryController {
    process: Process,
}

impl DeliveryController {
    /// Starts Argo Rollouts.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn argo_rollouts(cluster: &ControlPlane, programs: &Programs, folder: &Path) -> anyhow::Result<Self> {
        let (port, metrics_port) = (free_port()?, free_port()?);
        let kubeconfig = account(cluster, programs, "argo-rollouts", "argo-rollouts")?;
        let mut command = Command::new(programs.controller("argo-rollouts"));
        command.arg("--kubeconfig").arg(kubeconfig);
        command.args(["--leader-elect=false", "--qps", REQUESTS, "--burst", REQUESTS]);
        command.args(["--healthzPort", &port.to_string(), "--metricsPort", &metrics_port.to_string()]);
        Self::start("argo-rollouts", &mut command, port, folder)
    }

    /// Starts Flagger, which asks the Prometheus at `prometheus` what a Canary names no other for.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn flagger(
        cluster: &ControlPlane,
        programs: &Programs,
        folder: &Path,
        prometheus: &str,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let kubeconfig = account(cluster, programs, "flagger-system", "flagger")?;
        let mut command = Command::new(programs.controller("flagger"));
        command.arg("-kubeconfig").arg(kubeconfig);
        command.args(["-metrics-server", prometheus, "-port", &port.to_string(), "-log-level", "info"]);
        command.args(["-control-loop-interval", "1s", "-kubeconfig-qps", REQUESTS]);
        Self::start("flagger", &mut command, port, folder)
    }

    fn start(name: &str, command: &mut Command, port: u16, folder: &Path) -> anyhow::Result<Self> {
        let process = Process::start(name, command, folder)?;
        let mut controller = Self { process };
        let health = format!("http://127.0.0.1:{port}/healthz");
        controller.process.wait_until(START, || ureq::get(&health).call().is_ok())?;
        Ok(controller)
    }
}

/// Gives the controller its account and its rights, as its own manifests do, and returns a kubeconfig of that account.
fn account(
    cluster: &ControlPlane,
    programs: &Programs,
    namespace: &str,
    name: &str,
) -> anyhow::Result<PathBuf> {
    let manifests = programs.accounts(name);
    let manifests = manifests.to_str().context("the folder of accounts is not named in UTF-8")?;
    cluster.kubectl().must(&["apply", "-n", namespace, "-f", manifests], "")?;
    cluster.kubeconfig_of_account(namespace, name)
}
