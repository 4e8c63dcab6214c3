//! Evaluations, as many at once as there are permits, and a bounded queue in front of them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::second_look::{Noted, SecondLook};
use crate::admission::ValidationResponse;
use crate::runtime::{CallError, Callbacks, Policy, Settings};

/// A policy with its settings, callable from asynchronous code.
pub(super) struct Evaluator {
    target: Arc<Target>,
    callbacks: Callbacks,
    second_look: Option<SecondLook>,
    /// One permit for each evaluation that runs or waits.
    admitted: Semaphore,
    /// How many permits `admitted` has in all.
    capacity: usize,
    /// One permit for each evaluation that runs.
    running: Arc<Semaphore>,
}

struct Target {
    policy: Policy,
    settings: Settings,
}

/// Why there is no verdict.
pub(super) enum Failure {
    /// The queue is full.
    Busy,
    /// The policy gave none.
    Call(CallError),
    /// The host failed; the text goes to the log too.
    Host(String),
}

impl Evaluator {
    pub(super) fn new(
        policy: Policy,
        settings: Settings,
        callbacks: Callbacks,
        second_look: Option<SecondLook>,
        max_queued: u32,
    ) -> Self {
        let concurrent = policy.limits().concurrent as usize;
        let capacity = concurrent.saturating_add(max_queued as usize).min(Semaphore::MAX_PERMITS);
        Self {
            admitted: Semaphore::new(capacity),
            capacity,
            running: Arc::new(Semaphore::new(concurrent)),
            target: Arc::new(Target { policy, settings }),
            callbacks,
            second_look,
        }
    }

    /// Evaluates `request`, waiting for its turn if need be.
    pub(super) async fn evaluate(&self, request: Vec<u8>) -> Result<ValidationResponse, Failure> {
        let Ok(_admitted) = self.admitted.try_acquire() else { return Err(Failure::Busy) };
        let request = Arc::new(request);
        let Some(second_look) = &self.second_look else {
            return self.run(request, self.callbacks.clone()).await;
        };
        let known = second_look.changes();
        let (callbacks, noted) = Noted::in_front_of(&self.callbacks);
        let first = self.run(Arc::clone(&request), callbacks).await?;
        if (first.accepted && !noted.in_vain()) || !second_look.is_worth_it(known).await {
            return Ok(first);
        }
        self.run(request, self.callbacks.clone()).await
    }

    /// Evaluates once, as soon as it is its turn.
    async fn run(&self, request: Arc<Vec<u8>>, callbacks: Callbacks) -> Result<ValidationResponse, Failure> {
        let Ok(running) = Arc::clone(&self.running).acquire_owned().await else { return Err(Failure::Busy) };
        let target = Arc::clone(&self.target);
        let evaluated = tokio::task::spawn_blocking(move || {
            let verdict = target.policy.validate(&request, &target.settings, &callbacks);
            // Held until here even if the client has gone: the instance is in use as long as the guest runs.
            drop(running);
            verdict
        });
        match evaluated.await {
            Ok(verdict) => verdict.map_err(Failure::Call),
            Err(error) => Err(Failure::Host(format!("the evaluation ended abnormally: {error}"))),
        }
    }

    /// Requests that wait or are being evaluated.
    pub(super) fn in_progress(&self) -> usize {
        self.capacity - self.admitted.available_permits()
    }
}
