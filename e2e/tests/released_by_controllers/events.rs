//! Every change of what the controllers write, given to the release it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use rollgate_e2e::Api;
use serde_json::Value;

/// A kind that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rollout,
    Canary,
    ReplicaSet,
    Service,
    VirtualService,
}

const WATCHED: [(Kind, &str); 5] = [
    (Kind::Rollout, "/apis/argoproj.io/v1alpha1/rollouts"),
    (Kind::Canary, "/apis/flagger.app/v1beta1/canaries"),
    (Kind::ReplicaSet, "/apis/apps/v1/replicasets"),
    (Kind::Service, "/api/v1/services"),
    (Kind::VirtualService, "/apis/networking.istio.io/v1/virtualservices"),
];

/// An object as it is from one moment on.
pub struct Event {
    pub kind: Kind,
    pub deleted: bool,
    pub object: Value,
    pub at: Instant,
}

/// Watches everything from now on; the events of each namespace come out of a channel of its own.
pub fn watch(api: &Api, namespaces: &[String]) -> anyhow::Result<Vec<Receiver<Event>>> {
    let (senders, receivers): (Vec<Sender<Event>>, Vec<_>) = namespaces.iter().map(|_| channel()).unzip();
    let senders: Arc<BTreeMap<String, Sender<Event>>> =
        Arc::new(namespaces.iter().cloned().zip(senders).collect());
    for (kind, path) in WATCHED {
        let (changes, senders) = (api.watch(path)?, Arc::clone(&senders));
        thread::spawn(move || {
            for change in changes {
                let namespace = change.object["metadata"]["namespace"].as_str().unwrap_or_default();
                if let Some(sender) = senders.get(namespace) {
                    let event =
                        Event { kind, deleted: change.deleted, object: change.object, at: Instant::now() };
                    // Nobody listens any more when the release is over.
                    let _ = sender.send(event);
                }
            }
        });
    }
    Ok(receivers)
}
