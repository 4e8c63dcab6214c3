//! HTTP within limits.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

use super::limits::{CONNECT, REDIRECTS, SILENCE};
use super::sources::Sources;
use super::{Limits, RegistryError};
use crate::progress::Progress;

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Over TLS, with a certificate that is believed.
    Proven,
    /// Over TLS, with whoever is there.
    Anybody,
    /// Without TLS.
    Plain,
}

impl Trust {
    /// The ways to a host, in the order in which they are tried.
    pub(super) fn ways(host: &str, sources: &Sources) -> &'static [Self] {
        if sources.is_insecure(host) { &[Self::Proven, Self::Anybody, Self::Plain] } else { &[Self::Proven] }
    }

    pub(super) fn scheme(self) -> &'static str {
        if self == Self::Plain { "http" } else { "https" }
    }
}

/// The client for a host.
pub(super) fn client(host: &str, trust: Trust, sources: &Sources) -> Result<Client, RegistryError> {
    // Another provider that the process has chosen before stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("rollgate/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(Policy::custom(move |attempt| redirect(trust, attempt)))
        // Without TLS no authorities are needed, and a container may have none.
        .tls_danger_accept_invalid_certs(trust != Trust::Proven)
        .tls_certs_merge(sources.authorities(host)?)
        .no_proxy();
    for proxy in sources.proxies()? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| unreachable(host, &error))
}

fn redirect(trust: Trust, attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > REDIRECTS {
        return attempt.error("it redirects without end");
    }
    if trust == Trust::Proven && attempt.url().scheme() != "https" {
        return attempt.error("it redirects to an address without TLS");
    }
    attempt.follow()
}

/// Who is asked for what: the names in errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) host: &'a str,
    pub(super) what: &'a str,
    /// Whether credentials are sent along.
    pub(super) known: bool,
}

impl Question<'_> {
    /// Sends a request; an answer is one that grants it.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Response, RegistryError> {
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(&response)) }
    }

    pub(super) fn failed(&self, error: &reqwest::Error) -> RegistryError {
        if error.is_redirect() {
            return RegistryError::Protocol { host: self.host.to_owned(), reason: reason(error) };
        }
        if error.is_connect() || error.is_builder() {
            return unreachable(self.host, error);
        }
        RegistryError::Cut { host: self.host.to_owned(), reason: reason(error) }
    }

    pub(super) fn refused(&self, response: &Response) -> RegistryError {
        let (host, what) = (self.host.to_owned(), self.what.to_owned());
        match response.status() {
            StatusCode::UNAUTHORIZED => RegistryError::Unauthorized { host, known: self.known },
            StatusCode::FORBIDDEN => RegistryError::Forbidden { host, what },
            StatusCode::NOT_FOUND => RegistryError::NotFound { host, what },
            status => RegistryError::Status {
                host,
                what,
                status: status.as_u16(),
                pause: pause(response.headers()),
            },
        }
    }

    /// An answer that is not what the protocol says.
    pub(super) fn unreadable(&self, reason: &str) -> RegistryError {
        RegistryError::Protocol { host: self.host.to_owned(), reason: reason.to_owned() }
    }

    /// The body of an answer, as long as it is no longer than `limit`.
    pub(super) async fn body(
        &self,
        mut response: Response,
        limit: usize,
        progress: Option<&Progress>,
    ) -> Result<Vec<u8>, RegistryError> {
        let too_large =
            || RegistryError::TooLarge { what: self.what.to_owned(), limit, policy: progress.is_some() };
        let announced =
            response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > limit {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
            if let Some(progress) = progress {
                progress.advance(chunk.len());
            }
        }
        Ok(body)
    }
}

/// The pause that an answer asks for. A date is not read: no registry is known to send one.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// What an error of the library comes from. Its own text repeats the address, whose query may be a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() {
        "it does not answer in time".to_owned()
    } else {
        without_address(&cause.to_string())
    }
}

fn without_address(text: &str) -> String {
    let hidden = |word: &str| if word.contains("://") { "…".to_owned() } else { word.to_owned() };
    text.split(' ').map(hidden).collect::<Vec<_>>().join(" ")
}

fn unreachable(host: &str, error: &reqwest::Error) -> RegistryError {
    RegistryError::Unreachable { host: host.to_owned(), reason: reason(error) }
}

/// The host of an address, with the port where one is given.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// Fetches what is at an address of a web server.
pub(super) async fn fetch(url: &Url, sources: &Sources, limits: &Limits) -> Result<Vec<u8>, RegistryError> {
    let host = host(url);
    let question = Question { host: &host, what: url.path(), known: false };
    let progress = Progress::of_bytes("fetching");
    let ways: &[Trust] = if url.scheme() == "http" { &[Trust::Plain] } else { Trust::ways(&host, sources) };
    let mut last = None;
    for &trust in ways {
        let client = client(&host, trust, sources)?;
        let mut url = url.clone();
        // Never fails between these schemes.
        let _ = url.set_scheme(trust.scheme());
        let attempt = async || {
            let response = question.ask(client.get(url.clone())).await?;
            progress.begin(response.content_length());
            question.body(response, limits.size, Some(&progress)).await
        };
        match super::retry::persist(attempt).await {
            Err(error @ RegistryError::Unreachable { .. }) => last = Some(error),
            done => return done,
        }
    }
    Err(last.unwrap_or_else(|| RegistryError::Unreachable { host, reason: "there is no way".to_owned() }))
}
