//! The server's certificate: from files, or issued for one run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use axum_server::tls_rustls::RustlsConfig;
use rcgen::KeyUsagePurpose;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at. Mounted secrets change by renaming, which is not worth a watcher.
const RELOAD_EVERY: Duration = Duration::from_secs(30);

/// Who the server is.
pub(super) struct Identity {
    config: Arc<ServerConfig>,
    authority: Option<String>,
    files: Option<Files>,
}

/// A certificate and its key on disk.
#[derive(Clone)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Identity {
    pub(super) fn from_files(cert: &Path, key: &Path) -> anyhow::Result<Self> {
        let files = Files { cert: cert.to_owned(), key: key.to_owned() };
        let config = files.load(&files.read()?)?;
        Ok(Self { config, authority: None, files: Some(files) })
    }

    /// Issues a certificate for localhost and `names`, signed by an authority whose key is then forgotten.
    pub(super) fn issue(names: &[String]) -> anyhow::Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "rollgate, for one run");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority_cert = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let names: Vec<String> = own.into_iter().chain(names.iter().cloned()).collect();
        let mut server = CertificateParams::new(names).context("--tls-san is no DNS name and no address")?;
        server.distinguished_name.push(DnType::CommonName, "rollgate");
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let cert = server.signed_by(&key, &issuer)?;

        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow!(error))?;
        let config = server_config(vec![cert.der().clone()], key)?;
        Ok(Self { config, authority: Some(authority_cert.pem()), files: None })
    }

    pub(super) fn config(&self) -> RustlsConfig {
        RustlsConfig::from_config(Arc::clone(&self.config))
    }

    /// The certificate of the authority in PEM, if the server's was issued here.
    pub(super) fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    pub(super) fn into_files(self) -> Option<Files> {
        self.files
    }
}

impl Files {
    fn read(&self) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let read = |what, path: &Path| {
            std::fs::read(path).with_context(|| format!("cannot read the {what} {}", path.display()))
        };
        Ok((read("certificate", &self.cert)?, read("key", &self.key)?))
    }

    fn load(&self, (cert, key): &(Vec<u8>, Vec<u8>)) -> anyhow::Result<Arc<ServerConfig>> {
        let (cert_path, key_path) = (self.cert.display(), self.key.display());
        let chain = CertificateDer::pem_slice_iter(cert)
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("cannot read {cert_path} as certificates in PEM"))?;
        if chain.is_empty() {
            bail!("{cert_path} holds no certificate: give a PEM file with -----BEGIN CERTIFICATE-----");
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .with_context(|| format!("cannot read {key_path} as a private key in PEM"))?;
        server_config(chain, key).with_context(|| {
            format!("cannot use certificate {cert_path} with key {key_path}: give a matching pair")
        })
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Takes a renewed certificate into use; keeps the old one as long as the new one cannot be used.
pub(super) async fn reload(files: Files, config: RustlsConfig) {
    let mut known = files.read().ok();
    loop {
        tokio::time::sleep(RELOAD_EVERY).await;
        let read = {
            let files = files.clone();
            tokio::task::spawn_blocking(move || files.read()).await
        };
        let Ok(Ok(read)) = read else {
            tracing::warn!("cannot read the certificate and key again: the old ones stay in use");
            continue;
        };
        if known.as_ref() == Some(&read) {
            continue;
        }
        match files.load(&read) {
            Ok(renewed) => {
                config.reload_from_config(renewed);
                tracing::info!(cert = %files.cert.display(), "renewed certificate in use");
            }
            Err(error) => tracing::warn!("{error:#}; the old certificate stays in use"),
        }
        known = Some(read);
    }
}
