//! What the delivery controllers ask besides the API server: a Prometheus, and gates.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use anyhow::Context;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

/// Who answers.
pub trait Answers: Send + Sync + 'static {
    /// The one value of a `PromQL` query.
    fn measure(&self, query: &str) -> f64;

    /// Whether a webhook of that name approves of the release in a namespace.
    fn approves(&self, namespace: &str, webhook: &str) -> bool;
}

/// An HTTP server on loopback, up to the end of the process.
#[derive(Clone, Debug)]
pub struct Measurements {
    address: SocketAddr,
}

impl Measurements {
    /// Starts it.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(answers: Arc<dyn Answers>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/api/v1/query", get(asked).post(told))
            .route("/approve/{namespace}/{webhook}", post(approve))
            .with_state(answers);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        Ok(Self { address })
    }

    /// The URL of the Prometheus.
    #[must_use]
    pub fn prometheus(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of a webhook that approves of the release in a namespace, or does not.
    #[must_use]
    pub fn webhook(&self, namespace: &str, name: &str) -> String {
        format!("http://{}/approve/{namespace}/{name}", self.address)
    }
}

#[derive(Deserialize)]
struct Question {
    query: String,
}

async fn asked(State(answers): State<Arc<dyn Answers>>, Query(asked): Query<Question>) -> Json<Value> {
    Json(vector(answers.measure(&asked.query)))
}

async fn told(State(answers): State<Arc<dyn Answers>>, Form(asked): Form<Question>) -> Json<Value> {
    Json(vector(answers.measure(&asked.query)))
}

async fn approve(
    State(answers): State<Arc<dyn Answers>>,
    Path((namespace, webhook)): Path<(String, String)>,
) -> StatusCode {
    if answers.approves(&namespace, &webhook) { StatusCode::OK } else { StatusCode::FORBIDDEN }
}

fn vector(value: f64) -> Value {
    let sample = json!({"metric": {}, "value": [0, value.to_string()]});
    json!({"status": "success", "data": {"resultType": "vector", "result": [sample]}})
}
