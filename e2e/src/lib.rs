//! A Kubernetes control plane on this machine, and rollgate in front of it.
//!
//! [`Programs`] says where the programs are that `cargo xtask e2e` builds. A [`ControlPlane`] runs etcd, kube-apiserver
//! and, when asked, kube-controller-manager on loopback; [`Kubectl`] and [`Api`] speak to it as any user; a [`Webhook`]
//! is `rollgate serve` with the Wasm policy, registered as `deploy/webhook.yaml` says. [`Helm`] renders and installs the
//! chart, and a [`Pod`] runs what that installed.
//!
//! For releases there are the controllers themselves, each a [`DeliveryController`]; Pods that [`make_pods_ready`] makes
//! ready; and [`Measurements`], which answer what the controllers ask.
//!
//! A [`Registry`] takes policies, and a [`Server`] is `rollgate serve` without a cluster.

#![forbid(unsafe_code)]

mod api;
mod certificates;
mod control_plane;
mod controllers;
mod delivery;
mod helm;
mod kubectl;
mod manifests;
mod measurements;
mod plain_manifests;
mod pod;
mod process;
mod programs;
mod ready_pods;
mod registry;
mod server;
mod service_account;
mod waiting;
mod webhook;

pub use api::{Api, Change, Patch, Reply, path};
pub use certificates::ServerCertificate;
pub use control_plane::{ControlPlane, free_port};
pub use controllers::{install_controllers, wait_for_deployments};
pub use delivery::DeliveryController;
pub use helm::{Helm, chart};
pub use kubectl::{Answer, Kubectl};
pub use manifests::{documents, manifests, moved, rename_namespaces};
pub use measurements::{Answers, Measurements};
pub use plain_manifests::plain_manifests;
pub use pod::{Pod, RunningPod};
pub use programs::{Programs, repository};
pub use ready_pods::make_pods_ready;
pub use registry::{Registry, RegistryOptions};
pub use server::Server;
pub use waiting::wait_until;
pub use webhook::{Options, Registration, Webhook};
