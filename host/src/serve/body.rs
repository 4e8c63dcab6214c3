//! The bodies of requests, and the memory they may take together.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::review::Refusal;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What one permit stands for, in bytes.
const UNIT: usize = 1 << 10;

/// Reads bodies as long as there is memory for them.
pub(super) struct Bodies {
    largest: usize,
    memory: Semaphore,
}

impl Bodies {
    /// Bodies of at most `largest` bytes, that take at most `memory` bytes together.
    pub(super) fn new(largest: usize, memory: usize) -> Self {
        Self { largest, memory: Semaphore::new((memory / UNIT).min(Semaphore::MAX_PERMITS)) }
    }

    /// The largest body in bytes.
    pub(super) fn largest(&self) -> usize {
        self.largest
    }

    /// The body of a request, and the memory it holds until it is dropped.
    pub(super) async fn read(
        &self,
        request: Request,
        deadline: Instant,
    ) -> Result<(Bytes, SemaphorePermit<'_>), Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "reviews are sent with Content-Type: application/json",
            ));
        }
        let permits = announced(request.headers()).unwrap_or(self.largest).min(self.largest).div_ceil(UNIT);
        let patience = BODY_TIMEOUT.min(deadline.saturating_duration_since(Instant::now()));
        let Ok(held) = self.memory.try_acquire_many(u32::try_from(permits).unwrap_or(u32::MAX)) else {
            let _ = tokio::time::timeout(patience, self.discard(request)).await;
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many reviews at once: their bodies take all of --body-memory",
            ));
        };
        match tokio::time::timeout(patience, Bytes::from_request(request, &())).await {
            Ok(Ok(body)) => Ok((body, held)),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is larger than --body-limit allows",
            )),
            Ok(Err(rejection)) => Err(Refusal::new(rejection.status(), rejection.body_text())),
            Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")),
        }
    }

    /// Reads a body without keeping it: a client of HTTP/1 that is still sending when the connection ends does not see
    /// the answer.
    async fn discard(&self, request: Request) {
        let mut chunks = request.into_body().into_data_stream();
        let mut left = self.largest;
        while let Some(Ok(chunk)) = chunks.next().await
            && chunk.len() <= left
        {
            left -= chunk.len();
        }
    }
}

/// How many bytes the client says it will send.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
