//! The certificates and keys of a control plane.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Files in PEM.
pub struct Certificates {
    /// The authority that signed the others.
    pub authority: PathBuf,
    /// The API server's certificate and key.
    pub server: (PathBuf, PathBuf),
    /// A client that may do everything: of the group `system:masters`.
    pub admin: (PathBuf, PathBuf),
    /// The public and the private key of the tokens of service accounts.
    pub service_accounts: (PathBuf, PathBuf),
}

impl Certificates {
    /// Issues everything into `folder`.
    pub fn issue(folder: &Path) -> anyhow::Result<Self> {
        let (authority, issuer) = authority("e2e")?;
        let mut server = CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned))?;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut admin = CertificateParams::default();
        admin.distinguished_name.push(DnType::CommonName, "admin");
        admin.distinguished_name.push(DnType::OrganizationName, "system:masters");
        admin.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let tokens = KeyPair::generate()?;
        Ok(Self {
            authority: write(folder, "authority.crt", &authority.pem())?,
            server: pair(folder, "server", server, &issuer)?,
            admin: pair(folder, "admin", admin, &issuer)?,
            service_accounts: (
                write(folder, "service-accounts.pub", &tokens.public_key_pem())?,
                write(folder, "service-accounts.key", &tokens.serialize_pem())?,
            ),
        })
    }
}

/// A server's certificate, and the authority by which to know it.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    /// The authority, in PEM.
    pub authority: PathBuf,
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

impl ServerCertificate {
    /// Issues one for `names` with an authority of its own, into `folder`: files of the names a Secret gives them.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn issue(folder: &Path, names: &[&str]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let (authority, issuer) = authority("a webhook's")?;
        let mut server =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (certificate, key) = pair(folder, "tls", server, &issuer)?;
        Ok(Self { authority: write(folder, "ca.crt", &authority.pem())?, certificate, key })
    }
}

fn authority(name: &str) -> anyhow::Result<(Certificate, Issuer<'static, KeyPair>)> {
    let key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let certificate = authority.self_signed(&key)?;
    Ok((certificate, Issuer::new(authority, key)))
}

fn pair(
    folder: &Path,
    name: &str,
    mut params: CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> anyhow::Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, issuer)?;
    Ok((
        write(folder, &format!("{name}.crt"), &certificate.pem())?,
        write(folder, &format!("{name}.key"), &key.serialize_pem())?,
    ))
}

fn write(folder: &Path, name: &str, pem: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, pem).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
