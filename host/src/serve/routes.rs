//! The endpoints.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Serialize;

use super::body::Bodies;
use super::connections::Connections;
use super::deadline;
use super::decision::Decision;
use super::evaluator::Evaluator;
use super::metrics::{self, Metrics};
use super::review::{self, Answer, Refusal};
use super::tls::{Client, Endpoint};
use super::traces::{self, Traces};
use crate::cluster::{KindStatus, LiveCluster};

/// What the endpoints share.
pub(super) struct Server {
    evaluator: Evaluator,
    metrics: Metrics,
    live: Option<Arc<LiveCluster>>,
    endpoint: Arc<Endpoint>,
    pub(super) connections: Arc<Connections>,
    bodies: Bodies,
    pub(super) traces: Option<Traces>,
    /// Whether the process was told to stop.
    pub(super) draining: AtomicBool,
}

impl Server {
    pub(super) fn new(
        evaluator: Evaluator,
        live: Option<Arc<LiveCluster>>,
        endpoint: Arc<Endpoint>,
        connections: Arc<Connections>,
        bodies: Bodies,
        traces: Option<Traces>,
    ) -> Self {
        let metrics = Metrics::new(live.clone(), Arc::clone(&endpoint));
        let draining = AtomicBool::new(false);
        Self { evaluator, metrics, live, endpoint, connections, bodies, traces, draining }
    }
}

pub(super) fn router(server: Arc<Server>) -> Router {
    let body_limit = server.bodies.largest();
    Router::new()
        .route("/validate", post(validate))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(expose))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "unknown path: reviews go to /validate"))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "unknown method: reviews are sent with POST")
        })
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), take_leave))
        .with_state(server)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            message: &'a str,
            status: u16,
        }
        json(self.status, &Body { message: &self.message, status: self.status.as_u16() })
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot write the answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Told to stop, the server ends each connection with the answer to it: who asks again finds another server. One that
/// were kept would be closed some time later, and a review sent at that moment is lost.
async fn take_leave(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let keeps_alive = request.version() <= Version::HTTP_11;
    let mut response = next.run(request).await;
    if keeps_alive && server.draining.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn ready(State(server): State<Arc<Server>>) -> Response {
    if server.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    if let Some(lack) = server.endpoint.lack() {
        let body = format!("there is no certificate that the API server trusts yet: {lack}\n");
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    let kinds = server.live.as_ref().map(|live| live.status()).unwrap_or_default();
    let (status, body) = readiness(&kinds);
    (status, body).into_response()
}

/// Ready once every kind was read. A watch that breaks later is told and does no harm to readiness: all replicas lose
/// the API server at once, and none of them would be there to answer when it is back.
fn readiness(kinds: &[KindStatus]) -> (StatusCode, String) {
    let ready = kinds.iter().all(|kind| kind.synced);
    let mut body =
        String::from(if ready { "ok\n" } else { "not everything was read from the cluster yet\n" });
    for KindStatus { kind, synced, contact_age, trouble, .. } in kinds {
        let since = contact_age.unwrap_or_default().as_secs();
        let _ = match (synced, trouble) {
            (false, Some(trouble)) => writeln!(body, "{kind}: not read yet: {trouble}"),
            (false, None) => writeln!(body, "{kind}: not read yet"),
            (true, Some(trouble)) => writeln!(body, "{kind}: as it was {since} s ago: {trouble}"),
            (true, None) => Ok(()),
        };
    }
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, body)
}

async fn expose(State(server): State<Arc<Server>>) -> Response {
    match server.metrics.exposition(&server.evaluator, server.connections.count()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn validate(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Response {
    let deadline = deadline::of(request.uri(), Instant::now());
    let parent = server.traces.as_ref().map(|_| traces::parent(request.headers()));
    let answer = async {
        client.may_ask()?;
        let (body, _held) = server.bodies.read(request, deadline).await?;
        let started = Instant::now();
        let request = review::parse(&body)?;
        let decision = Decision::make(&server.evaluator, &request, started, deadline).await?;
        decision.log();
        server.metrics.decided(&decision);
        if let (Some(traces), Some(parent)) = (&server.traces, &parent) {
            traces.record(parent, &decision);
        }
        Ok(json(StatusCode::OK, &Answer::new(&decision.response)))
    };
    answer.await.unwrap_or_else(|refusal: Refusal| {
        server.metrics.refused(refusal.status.as_u16());
        tracing::warn!(status = refusal.status.as_u16(), reason = %refusal.message, "refused");
        refusal.into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::runtime::ResourceKind;

    fn status(kind: &str, synced: bool, trouble: Option<&str>) -> KindStatus {
        KindStatus {
            kind: ResourceKind { api_version: "v1".into(), kind: kind.into() },
            synced,
            served: true,
            objects: 0,
            bytes: 0,
            contact_age: Some(Duration::from_secs(90)),
            errors: 0,
            trouble: trouble.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_never_read_keeps_from_being_ready_and_what_broke_later_does_not() {
        let broken = status("Service", true, Some("no route to host"));
        let fine = status("ConfigMap", true, None);
        let (code, body) = readiness(&[broken.clone(), fine.clone()]);
        assert_eq!(
            (code, &*body),
            (StatusCode::OK, "ok\nv1/Service: as it was 90 s ago: no route to host\n")
        );
        let (code, body) = readiness(&[fine, status("PodTemplate", false, None), broken]);
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            "not everything was read from the cluster yet\nv1/PodTemplate: not read yet\n\
             v1/Service: as it was 90 s ago: no route to host\n"
        );
        assert_eq!(readiness(&[]), (StatusCode::OK, "ok\n".to_owned()));
    }
}
