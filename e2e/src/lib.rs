//! A Kubernetes control plane on this machine, and rollgate in front of it.
//!
//! [`Programs`] says where the programs are that `cargo xtask e2e` builds. A [`ControlPlane`] runs etcd, kube-apiserver
//! and, when asked, kube-controller-manager on loopback; [`Kubectl`] speaks to it as any user; a [`Webhook`] is
//! `rollgate serve` with the Wasm policy, registered as `deploy/webhook.yaml` says.

#![forbid(unsafe_code)]

mod certificates;
mod control_plane;
mod controllers;
mod kubectl;
mod process;
mod programs;
mod webhook;

pub use control_plane::ControlPlane;
pub use controllers::install_controllers;
pub use kubectl::{Answer, Kubectl};
pub use programs::{Programs, repository};
pub use webhook::{Registration, Webhook};
