//! A Kubernetes control plane on this machine, and rollgate in front of it.
//!
//! [`Programs`] says where the programs are that `cargo xtask e2e` builds. A [`ControlPlane`] runs etcd, kube-apiserver
//! and, when asked, kube-controller-manager on loopback; [`Kubectl`] and [`Api`] speak to it as any
//! user; a [`Webhook`] is
//! `rollgate serve` with the Wasm policy, registered as `deploy/webhook.yaml` says.
//!
//! For releases there are the controllers themselves, each a [`DeliveryController`]; pods that [`make_pods_ready`] makes
//! ready; and [`Measurements`], which answer what the controllers ask.

#![forbid(unsafe_code)]

mod api;
mod certificates;
mod control_plane;
mod controllers;
mod delivery;
mod kubectl;
mod manifests;
mod measurements;
mod pods;
mod process;
mod programs;
mod service_account;
mod waiting;
mod webhook;

pub use api::{Api, Change, Patch, Reply, path};
pub use certificates::ServerCertificate;
pub use control_plane::ControlPlane;
pub use controllers::{install_controllers, run_pods};
pub use delivery::DeliveryController;
pub use kubectl::{Answer, Kubectl};
pub use manifests::{manifests, moved};
pub use measurements::{Answers, Measurements};
pub use pods::make_pods_ready;
pub use programs::{Programs, repository};
pub use waiting::wait_until;
pub use webhook::{Options, Registration, Webhook};
