//! Objects of a live cluster: watched and kept in memory, or asked for one by one.

mod api;
mod connect;
mod direct;
mod lists;
mod watch;
mod watched;

use std::sync::Arc;

pub(crate) use api::reason;
pub use connect::{ConnectError, connect};
pub use direct::DirectCluster;
pub(crate) use lists::{Lists, Place};
pub use watch::Pace;
pub use watched::KindStatus;

use kube::Client;

use super::fields::Fields;
use super::question::Question;
use crate::runtime::{Capabilities, ResourceKind, not_offered};
use api::Api;
use watched::Watched;

/// A live cluster, as far as some kinds of objects go: each is watched, and questions are answered from memory.
///
/// What could not be read yet is an error. What was read before a watch broke is served until it is read again.
#[derive(Debug)]
pub struct LiveCluster {
    kinds: Vec<Arc<Watched>>,
}

impl LiveCluster {
    /// Watches `kinds` from here on, for as long as the runtime lives that this is called in.
    ///
    /// Of each object its metadata is kept and the `fields` of its kind.
    pub fn watch(
        client: &Client,
        kinds: impl IntoIterator<Item = ResourceKind>,
        fields: &Fields,
        pace: Pace,
    ) -> Self {
        let watch = |kind: ResourceKind| {
            let mask = fields.of(&kind).cloned();
            let watched = Arc::new(Watched::new(kind, mask));
            tokio::spawn(watch::follow(Arc::clone(&watched), Api::new(client.clone()), pace));
            watched
        };
        Self { kinds: kinds.into_iter().map(watch).collect() }
    }

    /// Counts the objects that have come, changed or gone.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.kinds.iter().map(|watched| watched.changes()).sum()
    }

    /// How each kind is doing, in the order they were given.
    #[must_use]
    pub fn status(&self) -> Vec<KindStatus> {
        self.kinds.iter().map(|watched| watched.status()).collect()
    }
}

impl Capabilities for LiveCluster {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if namespace == "kubernetes"
            && let Some(question) = Question::read(operation, payload)?
        {
            let (api_version, kind) = question.kind();
            let watched = self.kinds.iter().find(|watched| watched.is(api_version, kind));
            let watched = watched.ok_or_else(|| format!("{api_version}/{kind} is not watched"))?;
            return watched.answer(&question);
        }
        Err(not_offered(namespace, operation))
    }
}
