//! Evaluations, as many at once as there are permits, and a bounded queue in front of them.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::time::timeout_at;

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
    /// How many permits `running` has in all.
    concurrent: usize,
}

struct Target {
    policy: Policy,
    settings: Settings,
}

/// How a review went, and where its time went.
pub(super) struct Evaluated {
    pub(super) verdict: Result<ValidationResponse, Failure>,
    pub(super) looks: Vec<Look>,
}

/// One evaluation: when it was asked for, when it was its turn, and when it was over.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) asked: Instant,
    pub(super) turn: Instant,
    pub(super) over: Instant,
}

/// Why there is no verdict.
pub(super) enum Failure {
    /// The queue is full.
    Busy,
    /// The deadline passed before it was its turn.
    Late,
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
            concurrent,
            target: Arc::new(Target { policy, settings }),
            callbacks,
            second_look,
        }
    }

    /// Evaluates `request` before `deadline`, waiting for its turn if need be.
    pub(super) async fn evaluate(&self, request: Vec<u8>, deadline: Instant) -> Evaluated {
        let mut looks = Vec::with_capacity(1);
        let verdict = self.verdict(request, deadline, &mut looks).await;
        Evaluated { verdict, looks }
    }

    async fn verdict(
        &self,
        request: Vec<u8>,
        deadline: Instant,
        looks: &mut Vec<Look>,
    ) -> Result<ValidationResponse, Failure> {
        let Ok(_admitted) = self.admitted.try_acquire() else { return Err(Failure::Busy) };
        let request = Arc::new(request);
        let Some(second_look) = &self.second_look else {
            return self.run(request, self.callbacks.clone(), deadline, looks).await;
        };
        let known = second_look.changes();
        let (callbacks, noted) = Noted::in_front_of(&self.callbacks);
        let first = self.run(Arc::clone(&request), callbacks, deadline, looks).await?;
        if (first.accepted && !noted.in_vain()) || !second_look.is_worth_it(known, deadline).await {
            return Ok(first);
        }
        match self.run(request, self.callbacks.clone(), deadline, looks).await {
            Err(Failure::Late) => Ok(first),
            second => second,
        }
    }

    /// Evaluates once, as soon as it is its turn.
    async fn run(
        &self,
        request: Arc<Vec<u8>>,
        callbacks: Callbacks,
        deadline: Instant,
        looks: &mut Vec<Look>,
    ) -> Result<ValidationResponse, Failure> {
        let asked = Instant::now();
        let permit = timeout_at(deadline.into(), Arc::clone(&self.running).acquire_owned()).await;
        let Ok(Ok(running)) = permit else { return Err(Failure::Late) };
        let timeout = deadline.saturating_duration_since(Instant::now());
        let target = Arc::clone(&self.target);
        let evaluated = tokio::task::spawn_blocking(move || {
            let turn = Instant::now();
            let verdict = target.policy.validate_within(timeout, &request, &target.settings, &callbacks);
            // Held until here even if the client has gone: the instance is in use as long as the guest runs.
            drop(running);
            (verdict, Look { asked, turn, over: Instant::now() })
        });
        match evaluated.await {
            Ok((verdict, look)) => {
                looks.push(look);
                verdict.map_err(Failure::Call)
            }
            Err(error) => Err(Failure::Host(format!("the evaluation ended abnormally: {error}"))),
        }
    }

    /// Requests that wait or are being evaluated.
    pub(super) fn in_progress(&self) -> usize {
        self.capacity - self.admitted.available_permits()
    }

    /// Instances of the guest that are at work.
    pub(super) fn in_use(&self) -> usize {
        self.concurrent - self.running.available_permits()
    }
}
