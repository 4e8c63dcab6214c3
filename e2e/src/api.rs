//! The API server, asked directly: what a client library sends, without a process for each request.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use ureq::http::Request;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::certificates::Certificates;

/// Longer than the API server waits for any webhook.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A client of the API server, acting as one user. Cheap to clone; its clones share their connections.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    server: Arc<str>,
    identity: Vec<(&'static str, String)>,
}

/// What the API server answered.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The object, or the `Status` that says why there is none.
    pub body: Value,
    /// What the API server warns of, in the order it came.
    pub warnings: Vec<String>,
    /// By which the audit log knows the request.
    pub audit_id: String,
}

impl Reply {
    /// Whether the request was carried out.
    #[must_use]
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Why it was not.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// A change of an object.
#[derive(Clone, Debug)]
pub struct Change {
    /// It is the object's last.
    pub deleted: bool,
    /// The object after the change.
    pub object: Value,
}

/// How a patch changes an object, by its content type.
#[derive(Clone, Copy, Debug)]
pub enum Patch {
    /// RFC 6902: a list of operations.
    Json,
    /// RFC 7386: the fields that change.
    Merge,
    /// Kubernetes' own, for its own kinds: lists are merged by key.
    Strategic,
}

impl Patch {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
        }
    }
}

impl Api {
    pub(crate) fn new(port: u16, certificates: &Certificates) -> anyhow::Result<Self> {
        let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
        let authority = Certificate::from_pem(&read(&certificates.authority)?)?;
        let (certificate, key) = &certificates.admin;
        let client = ClientCert::new_with_certs(
            &[Certificate::from_pem(&read(certificate)?)?],
            PrivateKey::from_pem(&read(key)?)?,
        );
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[authority]))
            .client_cert(Some(client))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent();
        Ok(Self { agent, server: format!("https://127.0.0.1:{port}").into(), identity: Vec::new() })
    }

    /// Acts as another user of some groups, by impersonation.
    #[must_use]
    pub fn impersonating(&self, user: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| ("Impersonate-Group", (*group).to_owned()));
        let identity = std::iter::once(("Impersonate-User", user.to_owned())).chain(groups).collect();
        Self { identity, ..self.clone() }
    }

    /// Reads what is at `path`.
    ///
    /// # Errors
    /// When there is no answer. What the API server refuses is none here and below: it is in the reply.
    pub fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.send("GET", path, None)
    }

    /// Every object at `path`, then every change of one, for as long as the API server runs; none is left out.
    ///
    /// # Errors
    /// When there is no answer, or the API server refuses.
    pub fn watch(&self, path: &str) -> anyhow::Result<impl Iterator<Item = Change> + use<>> {
        let mut list = self.get(path)?;
        ensure!(list.accepted(), "{path}: {}", list.message());
        let version = list.body["metadata"]["resourceVersion"].as_str().context("a list has no version")?;
        let uri = format!("{}{path}?watch=1&resourceVersion={version}", self.server);
        let response = self.agent.get(uri).config().timeout_global(None).build().call()?;
        ensure!(response.status().is_success(), "cannot watch {path}: {}", response.status());
        let listed = match list.body["items"].take() {
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

    /// Creates `object` in the namespace it names.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn create(&self, object: &Value) -> anyhow::Result<Reply> {
        self.send("POST", &collection(object), Some(("application/json", object)))
    }

    /// The same without any effect: a dry run on the server.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_out(&self, object: &Value) -> anyhow::Result<Reply> {
        let path = format!("{}?dryRun=All", collection(object));
        self.send("POST", &path, Some(("application/json", object)))
    }

    /// Replaces what is at `path`, which may name a sub-resource.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn replace(&self, path: &str, object: &Value) -> anyhow::Result<Reply> {
        self.send("PUT", path, Some(("application/json", object)))
    }

    /// Changes what is at `path`, which may name a sub-resource.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn patch(&self, path: &str, kind: Patch, change: &Value) -> anyhow::Result<Reply> {
        self.send("PATCH", path, Some((kind.content_type(), change)))
    }

    /// Deletes what is at `path`; what it owns goes after it.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn delete(&self, path: &str) -> anyhow::Result<Reply> {
        self.send("DELETE", path, None)
    }

    fn send(&self, method: &str, path: &str, body: Option<(&str, &Value)>) -> anyhow::Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.server));
        for (name, value) in &self.identity {
            request = request.header(*name, value);
        }
        let sent = match body {
            Some((content_type, body)) => {
                self.agent.run(request.header("Content-Type", content_type).body(body.to_string())?)
            }
            None => self.agent.run(request.body(())?),
        };
        let mut response = sent.with_context(|| format!("{method} {path}"))?;
        let header = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let audit_id = response.headers().get("Audit-Id").map(header).unwrap_or_default();
        // `299 - "the text"`
        let text =
            |warning: String| warning.split_once('"').map_or(warning.clone(), |(_, text)| text.to_owned());
        let warnings = response.headers().get_all("Warning").iter().map(header).map(text).collect();
        let read = response.body_mut().read_to_string().with_context(|| format!("{method} {path}"))?;
        // A few answers are no objects: /healthz, and refusals by the server below.
        let body = serde_json::from_str(&read).unwrap_or(Value::String(read));
        Ok(Reply { status: response.status().as_u16(), body, warnings, audit_id })
    }
}

/// Where `object` is, or will be.
#[must_use]
pub fn path(object: &Value) -> String {
    format!("{}/{}", collection(object), object["metadata"]["name"].as_str().unwrap_or_default())
}

/// Where objects of this kind are, in the namespace that `object` names.
fn collection(object: &Value) -> String {
    let text = |value: &'static str| object.pointer(value).and_then(Value::as_str);
    let api_version = text("/apiVersion").unwrap_or_default();
    let prefix = if api_version.contains('/') { "apis" } else { "api" };
    let kind = text("/kind").unwrap_or_default().to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    };
    match text("/metadata/namespace") {
        Some(namespace) => format!("/{prefix}/{api_version}/namespaces/{namespace}/{plural}"),
        None => format!("/{prefix}/{api_version}/{plural}"),
    }
}
