//! What the server shows and whom it believes, exchangeable while it runs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::SupportedProtocolVersion;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};

use super::pair::{Pair, provider};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// The server's side of every new connection.
pub(in crate::serve) struct Endpoint {
    config: RustlsConfig,
    state: Mutex<State>,
}

struct State {
    shown: Pair,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    lack: Option<String>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Shows `pair`; asks clients for a certificate if there is something to know them by.
    pub(super) fn new(
        pair: Pair,
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Result<Self, rustls::Error> {
        let config = RustlsConfig::from_config(server_config(&pair, clients.clone())?);
        Ok(Self { config, state: Mutex::new(State { shown: pair, clients, lack: None }) })
    }

    pub(super) fn show(&self, pair: Pair) -> Result<(), rustls::Error> {
        let mut state = self.state();
        self.config.reload_from_config(server_config(&pair, state.clients.clone())?);
        state.shown = pair;
        Ok(())
    }

    pub(super) fn believe(&self, clients: Arc<dyn ClientCertVerifier>) -> Result<(), rustls::Error> {
        let mut state = self.state();
        self.config.reload_from_config(server_config(&state.shown, Some(Arc::clone(&clients)))?);
        state.clients = Some(clients);
        Ok(())
    }

    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    pub(super) fn shown(&self) -> Pair {
        self.state().shown.clone()
    }

    /// What keeps the server from having the certificate it is to show; `None` once it had it.
    pub(super) fn set_lack(&self, lack: Option<String>) {
        self.state().lack = lack;
    }

    /// Why nobody would believe this server yet.
    pub(in crate::serve) fn lack(&self) -> Option<String> {
        self.state().lack.clone()
    }

    /// When the certificate in use ends, in seconds since 1970.
    pub(in crate::serve) fn expiry(&self) -> i64 {
        self.state().shown.facts().not_after
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server_config(
    pair: &Pair,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&VERSIONS)?;
    let builder = match clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(pair.certified())));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, ServerConnection};

    use super::super::issue;
    use super::super::pair::certificates;
    use super::*;

    #[test]
    fn tls_1_2_and_1_3_are_spoken_and_the_certificate_is_exchanged_in_between() {
        let authority = issue::authority("test", None).expect("an authority");
        let mut trusted = RootCertStore::empty();
        trusted.add(certificates(authority.certificate.as_bytes()).expect("PEM").remove(0)).expect("a root");
        let pair = |until: i64| {
            let life = issue::Life { from: 0, until };
            let issued =
                issue::server(&authority, &["localhost".to_owned()], Some(life)).expect("a certificate");
            Pair::from_pem(issued.certificate.as_bytes(), issued.key.as_bytes()).expect("a pair")
        };
        let endpoint = Endpoint::new(pair(4_000_000_000), None).expect("an endpoint");
        assert_eq!(endpoint.expiry(), 4_000_000_000);
        let agreed = |version: &'static SupportedProtocolVersion| {
            let client = ClientConfig::builder_with_provider(provider())
                .with_protocol_versions(&[version])
                .expect("a version")
                .with_root_certificates(trusted.clone())
                .with_no_client_auth();
            let name = "localhost".try_into().expect("a name");
            let mut client = ClientConnection::new(Arc::new(client), name).expect("a client");
            let mut server = ServerConnection::new(endpoint.config().get_inner()).expect("a server");
            while client.is_handshaking() || server.is_handshaking() {
                let mut sent = Vec::new();
                client.write_tls(&mut sent).expect("a message");
                server.read_tls(&mut &*sent).expect("a message");
                server.process_new_packets().expect("a client");
                let mut sent = Vec::new();
                server.write_tls(&mut sent).expect("a message");
                client.read_tls(&mut &*sent).expect("a message");
                client.process_new_packets().expect("a server");
            }
            client.protocol_version()
        };
        assert_eq!(agreed(&TLS12), Some(ProtocolVersion::TLSv1_2));
        endpoint.show(pair(3_999_999_999)).expect("another one");
        assert_eq!(endpoint.expiry(), 3_999_999_999);
        assert_eq!(agreed(&TLS13), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(VERSIONS.map(|version| version.version), [TLS13.version, TLS12.version]);
    }
}
