//! A second look at a cluster whose watches may be a moment behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::{LiveCluster, says_not_found};
use crate::runtime::{Callbacks, Capabilities};

/// What is applied right after what it refers to can be reviewed before the watches have told of that: a review that
/// rejects, or that looked for something in vain, is made again if anything arrives within `lag`.
pub(super) struct SecondLook {
    live: Arc<LiveCluster>,
    lag: Duration,
}

/// The capabilities of one review, and whether they found what they were asked for.
pub(super) struct Noted {
    capabilities: Arc<dyn Capabilities>,
    in_vain: AtomicBool,
}

impl SecondLook {
    pub(super) fn new(live: Arc<LiveCluster>, lag: Duration) -> Self {
        Self { live, lag }
    }

    /// Counts what the watches have told.
    pub(super) fn changes(&self) -> u64 {
        self.live.changes()
    }

    /// Waits; whether anything has arrived since there were `known` changes. Where `deadline` leaves no time for that,
    /// nothing has.
    pub(super) async fn is_worth_it(&self, known: u64, deadline: Instant) -> bool {
        if Instant::now() + self.lag >= deadline {
            return false;
        }
        tokio::time::sleep(self.lag).await;
        self.changes() != known
    }
}

impl Noted {
    /// The same callbacks, with a note of what they do not find.
    pub(super) fn in_front_of(callbacks: &Callbacks) -> (Callbacks, Arc<Self>) {
        let noted =
            Arc::new(Self { capabilities: callbacks.capabilities(), in_vain: AtomicBool::new(false) });
        (callbacks.answered_by(Arc::clone(&noted) as _), noted)
    }

    pub(super) fn in_vain(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed)
    }
}

impl Capabilities for Noted {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.capabilities.call(namespace, operation, payload);
        if answer.as_ref().is_err_and(|error| says_not_found(error)) {
            self.in_vain.store(true, Ordering::Relaxed);
        }
        answer
    }
}
