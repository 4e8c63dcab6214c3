//! The arguments that say how a policy must be signed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sigstore_verify::types::DerPublicKey;

use super::config::{Requirement, Requirements, Subject};
use super::{Verification, identity};

/// How a policy must be signed; with none of these, signatures are not looked at.
#[derive(Debug, clap::Args)]
pub struct VerificationArgs {
    /// File with a public key in PEM; the policy must be signed with it. May be repeated: all are needed
    #[arg(short = 'k', long, value_name = "FILE")]
    verification_key: Vec<PathBuf>,
    /// Annotation that every signature must have, as KEY=VALUE. May be repeated
    #[arg(short = 'a', long, value_name = "KEY=VALUE", value_parser = pair)]
    verification_annotation: Vec<(String, String)>,
    /// File that says which signatures are needed, in YAML
    #[arg(long, value_name = "FILE", conflicts_with_all = ["verification_key", "verification_annotation", "cert_identity", "github_owner"])]
    verification_config_path: Option<PathBuf>,
    /// Who must have signed without a key: an e-mail address or a URI, as it is in the certificate
    #[arg(long, alias = "cert-email", value_name = "IDENTITY", requires = "cert_oidc_issuer")]
    cert_identity: Option<String>,
    /// Who must know the one that signed: the URL of an identity provider
    #[arg(long, value_name = "URL", requires = "cert_identity")]
    cert_oidc_issuer: Option<String>,
    /// Owner of the GitHub repository whose workflow must have signed
    #[arg(long, value_name = "NAME")]
    github_owner: Option<String>,
    /// GitHub repository whose workflow must have signed
    #[arg(long, value_name = "NAME", requires = "github_owner")]
    github_repo: Option<String>,
    /// File with the certificates and keys of another Sigstore than the public one: its `trusted_root.json`
    #[arg(long, value_name = "FILE")]
    sigstore_trust_config: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| "write it as KEY=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

impl VerificationArgs {
    /// What the arguments ask for, if anything.
    ///
    /// # Errors
    /// When a file cannot be used, or annotations are asked for of no signature.
    pub fn read(&self) -> anyhow::Result<Option<Verification>> {
        let requirements = match &self.verification_config_path {
            Some(path) => {
                Some(Requirements::parse(&read(path)?).with_context(|| path.display().to_string())?)
            }
            None => self.single()?,
        };
        let Some(requirements) = requirements else { return Ok(None) };
        let root = self.sigstore_trust_config.as_deref().map(read).transpose()?;
        let verification = Verification::new(requirements, root.as_deref());
        verification.map(Some).context("cannot use the certificates and keys of Sigstore")
    }

    /// What the arguments ask for one by one.
    fn single(&self) -> anyhow::Result<Option<Requirements>> {
        let annotations: BTreeMap<_, _> = self.verification_annotation.iter().cloned().collect();
        let annotations = (!annotations.is_empty()).then_some(annotations);
        let mut all = Vec::new();
        for path in &self.verification_key {
            let key = read(path)?;
            let usable = DerPublicKey::from_pem(&key);
            usable.with_context(|| format!("{} is no public key in PEM", path.display()))?;
            let owner = Some(path.display().to_string());
            all.push(Requirement::PubKey { owner, key, annotations: annotations.clone() });
        }
        if let (Some(identity), Some(issuer)) = (&self.cert_identity, &self.cert_oidc_issuer) {
            let (issuer, subject) = (issuer.clone(), Subject::Equal(identity.clone()));
            all.push(Requirement::GenericIssuer { issuer, subject, annotations: annotations.clone() });
        }
        if let Some(owner) = &self.github_owner {
            identity::check_name(owner).context("--github-owner")?;
            if let Some(repo) = &self.github_repo {
                identity::check_name(repo).context("--github-repo")?;
            }
            let (owner, repo) = (owner.clone(), self.github_repo.clone());
            all.push(Requirement::GithubAction { owner, repo, annotations: annotations.clone() });
        }
        if all.is_empty() && annotations.is_some() {
            anyhow::bail!(
                "--verification-annotation says nothing without --verification-key, --cert-identity or --github-owner"
            );
        }
        Ok((!all.is_empty()).then(|| Requirements::all(all)))
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
