//! The API server by HTTP, for what is asked too often for kubectl.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use ureq::http::Response;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::certificates::Certificates;

/// How long the API server may take until it begins to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that may do everything. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    agent: Agent,
    server: String,
}

/// A change of an object.
#[derive(Clone, Debug)]
pub struct Change {
    /// It is the object's last.
    pub deleted: bool,
    /// The object after the change.
    pub object: Value,
}

impl Api {
    pub(crate) fn new(port: u16, certificates: &Certificates) -> anyhow::Result<Self> {
        let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
        let authority = Certificate::from_pem(&read(&certificates.authority)?)?;
        let (certificate, key) = &certificates.admin;
        let (certificate, key) =
            (Certificate::from_pem(&read(certificate)?)?, PrivateKey::from_pem(&read(key)?)?);
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[authority]))
            .client_cert(Some(ClientCert::new_with_certs(&[certificate], key)))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_recv_response(Some(PATIENCE))
            .build()
            .new_agent();
        Ok(Self { agent, server: format!("https://127.0.0.1:{port}") })
    }

    /// What is at `path`.
    ///
    /// # Errors
    /// When the API server refuses, or does not answer.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        read(path, self.agent.get(format!("{}{path}", self.server)).call()?)
    }

    /// Changes the object at `path` by a merge patch, as `user` where one is given.
    ///
    /// # Errors
    /// When the API server refuses, or does not answer.
    pub fn patch(&self, path: &str, user: Option<&str>, change: &Value) -> anyhow::Result<Value> {
        let mut request = self.agent.patch(format!("{}{path}", self.server));
        if let Some(user) = user {
            request = request.header("Impersonate-User", user).header("Impersonate-Group", "system:masters");
        }
        read(path, request.content_type("application/merge-patch+json").send(change.to_string())?)
    }

    /// Every object at `path`, then every change of one, for as long as the API server runs; none is left out.
    ///
    /// # Errors
    /// When the API server refuses, or does not answer.
    pub fn watch(&self, path: &str) -> anyhow::Result<impl Iterator<Item = Change> + use<>> {
        let mut list = self.get(path)?;
        let version = list["metadata"]["resourceVersion"].as_str().context("a list has no version")?;
        let watch = format!("{}{path}?watch=1&resourceVersion={version}", self.server);
        let response = self.agent.get(watch).call()?;
        if !response.status().is_success() {
            bail!("cannot watch {path}: {}", response.status());
        }
        let listed = match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        let lines = BufReader::new(response.into_body().into_reader()).lines();
        let changes = lines.map_while(Result::ok).map_while(|line| {
            let mut event: Value = serde_json::from_str(&line).ok()?;
            let deleted = match event["type"].as_str()? {
                "ADDED" | "MODIFIED" => false,
                "DELETED" => true,
                _ => return None,
            };
            Some(Change { deleted, object: event["object"].take() })
        });
        Ok(listed.into_iter().map(|object| Change { deleted: false, object }).chain(changes))
    }
}

fn read(path: &str, mut response: Response<Body>) -> anyhow::Result<Value> {
    let text = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
    if !response.status().is_success() {
        bail!("{path}: {}: {text}", response.status());
    }
    Ok(serde_json::from_str(&text)?)
}
