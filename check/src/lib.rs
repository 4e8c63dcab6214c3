//! A set of manifests as the whole world: what the policy says about each object, where it stands, and what has one
//! mend only.
//!
//! Pure: files come in as texts, the time comes in with the question, and whatever else is there to ask is a
//! [`Cluster`](rollgate_policy::cluster::Cluster).

#![forbid(unsafe_code)]

mod identity;
mod mend;
mod place;
mod review;
mod set;
mod settings;
mod world;

pub use identity::identify;
pub use mend::{Mended, MendedFile, Mending, mend, written};
pub use place::place;
pub use review::review;
pub use set::{Contents, File, Object, Set};
pub use settings::read_settings;
pub use world::{SharedCluster, Watched, World};
