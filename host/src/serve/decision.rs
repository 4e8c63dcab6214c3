//! One review, from the request to the answer.

use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::evaluator::{Evaluated, Evaluator, Failure, Look};
use super::review::Refusal;
use crate::admission::{AdmissionRequest, AdmissionResponse, Original};
use crate::runtime::CallError;

/// What was decided about a request, and where the time went.
pub(super) struct Decision<'a> {
    pub(super) request: &'a AdmissionRequest<'a>,
    pub(super) response: AdmissionResponse,
    pub(super) ended: Ended,
    pub(super) started: Instant,
    pub(super) answered: Instant,
    pub(super) looks: Vec<Look>,
}

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Accepted,
    Rejected,
    Deadline,
    MemoryLimit,
    GuestError,
    HostError,
}

impl Ended {
    /// As metrics call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deadline => "deadline",
            Self::MemoryLimit => "memory_limit",
            Self::GuestError => "guest_error",
            Self::HostError => "host_error",
        }
    }

    /// Why there is no verdict, if there is none.
    pub(super) fn failure(self) -> Option<String> {
        (!matches!(self, Self::Accepted | Self::Rejected)).then(|| self.name().replace('_', " "))
    }
}

impl From<&CallError> for Ended {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Deadline { .. } => Self::Deadline,
            CallError::MemoryLimit { .. } => Self::MemoryLimit,
            CallError::Busy(_) => Self::HostError,
            _ => Self::GuestError,
        }
    }
}

impl<'a> Decision<'a> {
    /// Has `request`, read since `started`, evaluated before `deadline`.
    pub(super) async fn make(
        evaluator: &Evaluator,
        request: &'a AdmissionRequest<'a>,
        started: Instant,
        deadline: Instant,
    ) -> Result<Self, Refusal> {
        let unwritable = |error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}"));
        let json = request.to_json().map_err(unwritable)?;
        let Evaluated { verdict, looks } = evaluator.evaluate(json, deadline).await;
        let (response, ended) = match verdict {
            Ok(verdict) => {
                let original = match (&*request.operation, request.object) {
                    ("DELETE", _) | (_, None) => Original::None,
                    (_, Some(object)) => Original::Object(object.get()),
                };
                let response =
                    without_patch(AdmissionResponse::from_verdict(&request.uid, verdict, original));
                let ended = if response.allowed { Ended::Accepted } else { Ended::Rejected };
                (response, ended)
            }
            Err(Failure::Call(error)) => {
                tracing::error!(uid = &*request.uid, %error, "no verdict");
                (AdmissionResponse::from_error(&request.uid, &error), Ended::from(&error))
            }
            Err(Failure::Host(error)) => {
                tracing::error!(uid = &*request.uid, %error, "no verdict");
                let message = format!("internal server error: {error}");
                (AdmissionResponse::failed(&request.uid, message), Ended::HostError)
            }
            Err(Failure::Busy) => {
                return Err(Refusal::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too many reviews at once: --max-concurrent are running and --max-queued are waiting",
                ));
            }
            Err(Failure::Late) => {
                return Err(Refusal::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too many reviews at once: it was not this one's turn before the time it may take was over",
                ));
            }
        };
        Ok(Self { request, response, ended, started, answered: Instant::now(), looks })
    }

    /// From the whole body to the answer.
    pub(super) fn duration(&self) -> Duration {
        self.answered - self.started
    }

    /// How long it waited for its turns.
    pub(super) fn queued(&self) -> Duration {
        self.looks.iter().map(|look| look.turn - look.asked).sum()
    }

    /// How long it took in the guest.
    pub(super) fn in_guest(&self) -> Duration {
        self.looks.iter().map(|look| look.over - look.turn).sum()
    }

    /// The rules that denied, as the policy notes them for the audit log, separated by commas.
    pub(super) fn denied_by(&self) -> Option<&str> {
        self.note("denied-by")
    }

    /// The rules that warned, as [`Decision::denied_by`].
    pub(super) fn warned_by(&self) -> Option<&str> {
        self.note("warned-by")
    }

    fn note(&self, name: &str) -> Option<&str> {
        self.response.audit_annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// Writes one line into the log. The objects are not in it: they may be secret.
    pub(super) fn log(&self) {
        let request = self.request;
        let microseconds = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // Strings, not displayed values: those are escaped in the text form of the log.
        tracing::info!(
            uid = &*request.uid,
            group = &*request.kind.group,
            kind = &*request.kind.kind,
            subresource = request.sub_resource.as_deref(),
            namespace = request.namespace.as_deref().unwrap_or_default(),
            name = request.name.as_deref().unwrap_or_default(),
            operation = &*request.operation,
            user = request.user_info.username.as_deref().unwrap_or_default(),
            dry_run = request.dry_run.unwrap_or_default(),
            allowed = self.response.allowed,
            denied_by = self.denied_by(),
            warned_by = self.warned_by(),
            exempted = self.note("exempted"),
            duration_us = microseconds(self.duration()),
            queue_us = microseconds(self.queued()),
            guest_us = microseconds(self.in_guest()),
            "reviewed"
        );
    }
}

/// A validating webhook must not change objects.
fn without_patch(response: AdmissionResponse) -> AdmissionResponse {
    if response.patch.is_none() {
        return response;
    }
    let message = "Request rejected by policy. The policy attempted to mutate the request, \
                   but it is currently configured to not allow mutations.";
    AdmissionResponse {
        warnings: response.warnings,
        audit_annotations: response.audit_annotations,
        ..AdmissionResponse::rejected(&response.uid, 500, message.to_owned())
    }
}
