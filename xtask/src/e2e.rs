//! `cargo xtask e2e`.

mod bats;
mod go;
mod modules;

use std::env;
use std::path::{Path, PathBuf};

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, build, image};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds what is missing, starts a Kubernetes control plane on this machine, puts the webhook with the Wasm policy in
front of it, and sends it what people and controllers send. Then installs the Helm chart there, and runs what it
installs as a node would, from the files of the container image. Before that, the acceptance suites of the policy,
e2e/*.bats, with dist/rollgate, or with what KWCTL names. Last, pushes the policy to a container registry, and serves it
from there.

Options:
  --controllers  Run the controllers of Argo Rollouts and Flagger instead, let them release, and hold what they do
                 against what rollgate says they will do; writes docs/simulation.md

etcd, kube-apiserver, kube-controller-manager, kubectl, Helm, the registry and the controllers are built from their Go
modules with `go`, which has to be on PATH, once, and bats is installed with `npm`; KUBEBUILDER_ASSETS, when set, names a folder that has the first four, and they are
not built. What is built, and the logs of the last run, are in the folder e2e of cargo's target folder.
";

/// The tests against an API server.
const API_SERVER: [&str; 5] =
    ["applied_fixtures", "admission_chain", "audited_cluster", "helm_chart", "kubewarden_manifests"];

/// The tests against a container registry.
const REGISTRY: [&str; 1] = ["registry"];

/// The tests beside the delivery controllers.
const CONTROLLERS: [&str; 1] = ["released_by_controllers"];

/// Chooses all of these tests, which cargo leaves out unless they are named.
pub fn every_test() -> impl Iterator<Item = &'static str> {
    API_SERVER.into_iter().chain(REGISTRY).chain(CONTROLLERS).flat_map(|test| ["--test", test])
}

/// Builds, then runs the tests against an API server, and installs the chart there.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    let provided = provide(workspace)?;
    helm(workspace)?;
    image::run(workspace)?;
    bats::run(workspace)?;
    modules::registry(&provided.join("tools/registry"))?;
    test(workspace, &provided, &[&API_SERVER[..], &REGISTRY].concat())
}

/// Builds, then runs the tests beside the delivery controllers.
pub fn run_controllers(workspace: &Workspace) -> Result<(), Failure> {
    let provided = provide(workspace)?;
    modules::controllers(&provided.join("controllers"))?;
    modules::accounts(&provided.join("accounts"))?;
    test(workspace, &provided, &CONTROLLERS)
}

/// Helm, built unless it was.
pub fn helm(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let program = workspace.target.join("e2e/tools/helm");
    modules::helm(&program)?;
    Ok(program)
}

/// The folder of what the tests need beside rollgate.
fn provide(workspace: &Workspace) -> Result<PathBuf, Failure> {
    build::run(workspace)?;
    let provided = workspace.target.join("e2e");
    if env::var_os("KUBEBUILDER_ASSETS").is_none() {
        go::control_plane(&workspace.root.join("e2e/control-plane"), &provided.join("kubernetes"))?;
    }
    modules::definitions(&provided.join("definitions"))?;
    Ok(provided)
}

fn test(workspace: &Workspace, provided: &Path, tests: &[&str]) -> Result<(), Failure> {
    let mut command = cargo(workspace, "test");
    // The whole workspace, as in `cargo xtask test`: nothing is compiled twice.
    command
        .args(["--release", "--workspace", "--no-fail-fast"])
        .args(tests.iter().flat_map(|test| ["--test", *test]));
    process::run(command.env("ROLLGATE_E2E", provided))
}
