//! A certificate with its key.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::certificate::Facts;

/// A certificate, its chain and its key, which match.
#[derive(Clone)]
pub(super) struct Pair {
    certified: Arc<CertifiedKey>,
    facts: Facts,
}

/// Why something is no pair.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPair {
    #[error("the certificate is not in PEM: {0}")]
    Certificate(String),
    #[error("there is no certificate: it begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    #[error("the key is not a private key in PEM: {0}")]
    Key(String),
    #[error("they cannot be used together: {0}")]
    Unmatched(String),
}

/// The algorithms by which the server does everything.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates of a text in PEM, in order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NoPair> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| NoPair::Certificate(error.to_string()))?;
    if certificates.is_empty() { Err(NoPair::NoCertificate) } else { Ok(certificates) }
}

impl Pair {
    pub(super) fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, NoPair> {
        let chain = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| NoPair::Key(error.to_string()))?;
        let unmatched = |error: String| NoPair::Unmatched(error);
        let facts = Facts::of(&chain[0]).map_err(unmatched)?;
        let certified = CertifiedKey::from_der(chain, key, &provider());
        let certified = Arc::new(certified.map_err(|error| unmatched(error.to_string()))?);
        Ok(Self { certified, facts })
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// The certificate, then those that lead to its authority.
    pub(super) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }
}
