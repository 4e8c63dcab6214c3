//! Clients that prove who they are.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::Extension;
use axum::http::StatusCode;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower_layer::Layer;

use super::super::review::Refusal;
use super::endpoint::Endpoint;
use super::pair::{certificates, provider};

/// What is known of the client of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum Client {
    /// Nobody asks.
    Anybody,
    /// It has shown a certificate of the authority of --client-ca.
    Proven,
    /// It has shown none.
    Unproven,
}

impl Client {
    /// Whether it may send reviews.
    pub(in crate::serve) fn may_ask(self) -> Result<(), Refusal> {
        match self {
            Self::Anybody | Self::Proven => Ok(()),
            Self::Unproven => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "reviews are taken from clients with a certificate of --client-ca alone",
            )),
        }
    }
}

/// The file that holds the authorities of clients.
pub(super) struct Authorities {
    path: PathBuf,
    known: Vec<u8>,
}

impl Authorities {
    pub(super) fn read(path: &Path) -> anyhow::Result<(Self, Arc<dyn ClientCertVerifier>)> {
        let known = std::fs::read(path);
        let known = known.with_context(|| format!("cannot read --client-ca {}", path.display()))?;
        let this = Self { path: path.to_owned(), known };
        let verifier = this.verifier()?;
        Ok((this, verifier))
    }

    /// Who shows nothing gets in as well: a kubelet has no certificate to show.
    fn verifier(&self) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
        let unusable = |error: String| anyhow!("cannot use --client-ca {}: {error}", self.path.display());
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.known).map_err(|error| unusable(error.to_string()))? {
            roots.add(authority).map_err(|error| unusable(error.to_string()))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.allow_unauthenticated().build();
        verifier.map_err(|error| unusable(error.to_string()))
    }

    /// Takes changed authorities into use; keeps the old ones as long as the new ones cannot be used.
    pub(super) fn look(&mut self, endpoint: &Endpoint) {
        let read = match std::fs::read(&self.path) {
            Ok(read) => read,
            Err(error) => {
                let path = self.path.display();
                return tracing::warn!("cannot read --client-ca {path}: {error}; the old one stays in use");
            }
        };
        if self.known == read {
            return;
        }
        self.known = read;
        match self.verifier().and_then(|verifier| Ok(endpoint.believe(verifier)?)) {
            Ok(()) => tracing::info!(path = %self.path.display(), "renewed authorities of clients in use"),
            Err(error) => tracing::warn!("{error:#}; the old ones stay in use"),
        }
    }
}

/// Accepts connections, and says of each request what is known of its client.
#[derive(Clone)]
pub(in crate::serve) struct Acceptor<A> {
    inner: RustlsAcceptor<A>,
    asks: bool,
}

impl<A> Acceptor<A> {
    pub(super) fn new(inner: RustlsAcceptor<A>, asks: bool) -> Self {
        Self { inner, asks }
    }
}

impl<A, S> Accept<TcpStream, S> for Acceptor<A>
where
    A: Accept<TcpStream, S>,
    A::Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A::Service: Send + 'static,
    A::Future: Send + 'static,
{
    type Stream = <RustlsAcceptor<A> as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<A::Service, Client>;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let asks = self.asks;
        let accepting = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            // Whoever shows a certificate of another authority does not get as far as this.
            let client = match stream.get_ref().1.peer_certificates() {
                _ if !asks => Client::Anybody,
                Some(_) => Client::Proven,
                None => Client::Unproven,
            };
            Ok((stream, Extension(client).layer(service)))
        })
    }
}
