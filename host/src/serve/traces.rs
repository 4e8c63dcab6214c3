//! OpenTelemetry traces: a span for each review, in the trace of the API server's request where it has one.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{HeaderMap, Request, Response, Uri};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

use super::decision::Decision;

/// How long a collector may take to accept spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spans to a collector, in batches and from a thread of its own.
pub(super) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Sends to the collector whose OTLP/HTTP address is `endpoint`; of the reviews that belong to no trace yet, `ratio`
    /// of all begin one.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(super) fn to(endpoint: &str, ratio: f64, runtime: Handle) -> anyhow::Result<Self> {
        let address: Uri = endpoint.parse().with_context(|| format!("--otlp-endpoint {endpoint}"))?;
        ensure!(
            address.scheme_str() == Some("http"),
            "--otlp-endpoint {endpoint}: give an http:// address, as of a collector in the cluster"
        );
        let client = HyperClient::with_default_connector(EXPORT_TIMEOUT, None);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .with_http_client(Client { client, runtime })
            .build()
            .with_context(|| format!("--otlp-endpoint {endpoint}"))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
            .with_resource(Resource::builder_empty().with_service_name("rollgate").build())
            .build();
        Ok(Self { tracer: provider.tracer("rollgate"), provider })
    }

    /// Records a review with its waits and evaluations.
    pub(super) fn record(&self, parent: &Context, decision: &Decision<'_>) {
        let (now, clock) = (Instant::now(), SystemTime::now());
        let at = |instant: Instant| clock - now.saturating_duration_since(instant);
        let request = decision.request;
        let text = |key, value: &str| KeyValue::new(key, value.to_owned());
        let mut attributes = vec![
            text("rollgate.uid", &request.uid),
            text("rollgate.operation", &request.operation),
            text("rollgate.group", &request.kind.group),
            text("rollgate.kind", &request.kind.kind),
            text("rollgate.name", request.name.as_deref().unwrap_or_default()),
            text("k8s.namespace.name", request.namespace.as_deref().unwrap_or_default()),
            KeyValue::new("rollgate.allowed", decision.response.allowed),
        ];
        attributes.extend(decision.denied_by().map(|rules| text("rollgate.denied_by", rules)));
        attributes.extend(decision.warned_by().map(|rules| text("rollgate.warned_by", rules)));
        let review = SpanBuilder::from_name("review").with_kind(SpanKind::Server);
        let mut review = review
            .with_start_time(at(decision.started))
            .with_attributes(attributes)
            .start_with_context(&self.tracer, parent);
        if !review.span_context().is_sampled() {
            return;
        }
        if let Some(reason) = decision.ended.failure() {
            review.set_status(Status::error(reason));
        }
        let inside = parent.with_remote_span_context(review.span_context().clone());
        for look in &decision.looks {
            for (name, from, to) in [("queue", look.asked, look.turn), ("guest", look.turn, look.over)] {
                let part = SpanBuilder::from_name(name).with_start_time(at(from));
                part.start_with_context(&self.tracer, &inside).end_with_timestamp(at(to));
            }
        }
        review.end_with_timestamp(at(decision.answered));
    }

    /// Sends what is left. Blocks, for a few seconds at most.
    pub(super) fn finish(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

/// The trace that a request belongs to.
pub(super) fn parent(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract(&HeaderExtractor(headers))
}

/// The client of the exporter, whose thread is none of the server's.
#[derive(Debug)]
struct Client {
    client: HyperClient,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
