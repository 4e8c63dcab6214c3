//! What the Secret holds, and what of it can be used.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::ByteString;
use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::super::certificate::{Facts, believed};
use super::super::pair::{Pair, certificates};

pub(super) type Certificate = CertificateDer<'static>;

/// The Secret's members, in PEM; empty where there are none.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Material {
    /// `ca.crt`: who signs, then those who did before.
    pub(super) authorities: Vec<u8>,
    /// `ca.key`: the key of the first of them.
    pub(super) authority_key: Vec<u8>,
    /// `tls.crt`: the server's certificate.
    pub(super) certificate: Vec<u8>,
    /// `tls.key`: its key.
    pub(super) key: Vec<u8>,
}

impl Material {
    pub(super) fn read(data: Option<&BTreeMap<String, ByteString>>) -> Self {
        let member = |name| data.and_then(|data| data.get(name)).map(|text| text.0.clone());
        let member = |name| member(name).unwrap_or_default();
        Self {
            authorities: member("ca.crt"),
            authority_key: member("ca.key"),
            certificate: member("tls.crt"),
            key: member("tls.key"),
        }
    }

    /// Writes the members, and leaves all others alone.
    pub(super) fn write(&self, data: &mut BTreeMap<String, ByteString>) {
        let members = [
            ("ca.crt", &self.authorities),
            ("ca.key", &self.authority_key),
            ("tls.crt", &self.certificate),
            ("tls.key", &self.key),
        ];
        for (name, text) in members {
            data.insert(name.to_owned(), ByteString(text.clone()));
        }
    }
}

/// What can be used of a material at one moment.
pub(super) struct Reading {
    pub(super) authorities: Vec<Certificate>,
    /// The first authority, if it can sign; otherwise why not.
    pub(super) signs: Result<Facts, String>,
    /// The server's certificate, if clients who trust one of the authorities would believe it; otherwise why not.
    pub(super) serves: Result<Serving, String>,
}

/// A certificate that can be shown, and who signed it.
pub(super) struct Serving {
    pub(super) pair: Pair,
    pub(super) authority: Certificate,
}

impl Reading {
    pub(super) fn of(material: &Material, now: i64) -> Self {
        let found = read("ca.crt", &material.authorities);
        let authorities = found.clone().unwrap_or_default();
        Self {
            signs: found.and_then(|authorities| signs(&authorities, &material.authority_key, now)),
            serves: serves(material, &authorities, now),
            authorities,
        }
    }

    /// Whether the first authority has signed the certificate that can be shown.
    pub(super) fn is_signed_by_the_first(&self) -> bool {
        self.serves.as_ref().is_ok_and(|serving| self.authorities.first() == Some(&serving.authority))
    }
}

fn read(name: &str, pem: &[u8]) -> Result<Vec<Certificate>, String> {
    if pem.is_empty() {
        return Err(format!("there is no {name}"));
    }
    certificates(pem).map_err(|error| format!("{name}: {error}"))
}

fn signs(authorities: &[Certificate], key: &[u8], now: i64) -> Result<Facts, String> {
    let Some(authority) = authorities.first() else { return Err("there is no ca.crt".to_owned()) };
    if key.is_empty() {
        return Err("there is no ca.key".to_owned());
    }
    let wrong = |error: &dyn std::fmt::Display| format!("ca.crt: {error}");
    let (_, certificate) = X509Certificate::from_der(authority).map_err(|error| wrong(&error))?;
    if !certificate.is_ca() {
        return Err(wrong(&"it is the certificate of no authority"));
    }
    let key = std::str::from_utf8(key).map_err(|error| format!("ca.key: {error}"))?;
    let key = KeyPair::from_pem(key).map_err(|error| format!("ca.key: {error}"))?;
    if certificate.public_key().raw != key.subject_public_key_info() {
        return Err("ca.key is not the key of ca.crt".to_owned());
    }
    let facts = Facts::of(authority).map_err(|error| wrong(&error))?;
    if facts.is_valid(now) { Ok(facts) } else { Err(wrong(&"it is not valid at this time")) }
}

fn serves(material: &Material, authorities: &[Certificate], now: i64) -> Result<Serving, String> {
    if material.certificate.is_empty() {
        return Err("there is no tls.crt".to_owned());
    }
    let pair = Pair::from_pem(&material.certificate, &material.key);
    let pair = pair.map_err(|error| format!("tls.crt and tls.key: {error}"))?;
    let mut reason = "there is no authority in ca.crt".to_owned();
    for authority in authorities {
        match believed(pair.chain(), authority, now) {
            Ok(()) => return Ok(Serving { pair, authority: authority.clone() }),
            Err(error) => reason = error,
        }
    }
    Err(format!("tls.crt: {reason}"))
}

/// Certificates in PEM.
pub(super) fn pem(certificates: &[Certificate]) -> Vec<u8> {
    let mut pem = String::new();
    for certificate in certificates {
        let text = BASE64_STANDARD.encode(certificate);
        pem += "-----BEGIN CERTIFICATE-----\n";
        for line in text.as_bytes().chunks(64) {
            pem += &String::from_utf8_lossy(line);
            pem.push('\n');
        }
        pem += "-----END CERTIFICATE-----\n";
    }
    pem.into_bytes()
}
