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
        server_config(chain, key).map_err(|error| {
            anyhow!("cannot use certificate {cert_path} with key {key_path}: {error}. Give a matching pair")
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
pub(super) struct Renewal {
    files: Files,
    config: RustlsConfig,
    known: Option<(Vec<u8>, Vec<u8>)>,
}

impl Renewal {
    pub(super) fn new(files: Files, config: RustlsConfig) -> Self {
        Self { known: files.read().ok(), files, config }
    }

    fn look(&mut self) {
        let read = match self.files.read() {
            Ok(read) => read,
            Err(error) => return tracing::warn!("{error:#}; the old certificate stays in use"),
        };
        if self.known.as_ref() == Some(&read) {
            return;
        }
        match self.files.load(&read) {
            Ok(renewed) => {
                self.config.reload_from_config(renewed);
                tracing::info!(cert = %self.files.cert.display(), "renewed certificate in use");
            }
            Err(error) => tracing::warn!("{error:#}; the old certificate stays in use"),
        }
        self.known = Some(read);
    }
}

/// Looks for a renewed certificate for as long as the server runs. Mounted secrets change by renaming, which is not
/// worth a watcher.
pub(super) async fn reload(mut renewal: Renewal, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let look = tokio::task::spawn_blocking(move || {
            renewal.look();
            renewal
        });
        match look.await {
            Ok(looked) => renewal = looked,
            Err(error) => return tracing::error!(%error, "renewed certificates are no longer looked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(directory: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let (cert, key) = (directory.join("tls.crt"), directory.join("tls.key"));
        std::fs::write(&cert, issued.cert.pem())?;
        std::fs::write(&key, issued.signing_key.serialize_pem())?;
        Ok((cert, key))
    }

    #[test]
    fn a_renewed_pair_is_taken_and_half_of_one_is_not() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let (cert, key) = write_pair(directory.path())?;
        let identity = Identity::from_files(&cert, &key)?;
        let config = identity.config();
        let files = identity.into_files().context("an identity from files")?;
        let mut renewal = Renewal::new(files, config.clone());
        let first = config.get_inner();

        renewal.look();
        assert!(Arc::ptr_eq(&first, &config.get_inner()), "nothing has changed");

        let old_key = std::fs::read(&key)?;
        write_pair(directory.path())?;
        let new_key = std::fs::read(&key)?;
        std::fs::write(&key, old_key)?;
        renewal.look();
        assert!(Arc::ptr_eq(&first, &config.get_inner()), "the key does not match yet");

        std::fs::write(&key, new_key)?;
        renewal.look();
        assert!(!Arc::ptr_eq(&first, &config.get_inner()), "the pair is whole");

        std::fs::remove_file(&cert)?;
        let second = config.get_inner();
        renewal.look();
        assert!(Arc::ptr_eq(&second, &config.get_inner()), "the certificate is gone");
        Ok(())
    }
}
