//! What a certificate says, and whether a client would believe it.

use std::net::IpAddr;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::pair::provider;

/// What is read from a certificate. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    /// The DNS names and addresses it is good for.
    pub(super) names: Vec<String>,
}

impl Facts {
    /// Reads `certificate`; the error says why that cannot be done.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, String> {
        let (_, read) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        let names = read.subject_alternative_name().map_err(|error| error.to_string())?;
        let names = names.map_or(&[][..], |names| &names.value.general_names[..]);
        Ok(Self {
            not_before: read.validity().not_before.timestamp(),
            not_after: read.validity().not_after.timestamp(),
            names: names.iter().filter_map(name).collect(),
        })
    }

    pub(super) fn is_valid(&self, now: i64) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Whether two thirds of its life have passed.
    pub(super) fn is_due(&self, now: i64) -> bool {
        now - self.not_before >= (self.not_after - self.not_before) / 3 * 2
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|address| address.to_string()),
        _ => None,
    }
}

/// Whether a client that trusts `authority` alone would believe the chain at `now`; the error says why not.
pub(super) fn believed(
    chain: &[CertificateDer<'static>],
    authority: &CertificateDer<'static>,
    now: i64,
) -> Result<(), String> {
    let Some((certificate, intermediates)) = chain.split_first() else {
        return Err("there is no certificate".to_owned());
    };
    let text = |error: rustls::Error| error.to_string();
    let mut trusted = RootCertStore::empty();
    trusted.add(authority.clone()).map_err(text)?;
    // An authority's own end is not looked at when a chain is: it ends what it signed.
    if !Facts::of(authority)?.is_valid(now) {
        return Err("its authority is not valid at this time".to_owned());
    }
    let certificate = ParsedCertificate::try_from(certificate).map_err(text)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or_default()));
    let algorithms = provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(&certificate, &trusted, intermediates, now, algorithms)
        .map_err(text)
}
