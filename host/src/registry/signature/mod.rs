//! Signatures of policies, as cosign makes them, and what a policy's must be.

mod args;
mod check;
mod config;
mod evidence;
mod identity;
mod keyless;

use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};

use super::session::Session;
use super::{Digest, RegistryError};
pub use args::VerificationArgs;
pub use config::{InvalidConfig, Requirements};
pub use evidence::Shown;
pub(super) use evidence::{Evidence, collect};

/// What the signatures of a policy are held against.
pub struct Verification {
    requirements: Requirements,
    verifier: Verifier,
}

impl Verification {
    /// With the certificates and keys of Sigstore's public services as this program carries them, or with others.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(
        requirements: Requirements,
        trusted_root: Option<&str>,
    ) -> Result<Self, sigstore_verify::Error> {
        let root = TrustedRoot::from_json(trusted_root.unwrap_or(SIGSTORE_PRODUCTION_TRUSTED_ROOT))?;
        Ok(Self { requirements, verifier: Verifier::new(&root)? })
    }

    /// Whether the manifest with this digest is signed as it should be.
    pub(super) async fn check(&self, session: &Session, digest: &Digest) -> Result<(), RegistryError> {
        let evidence = collect(session, digest).await?;
        check::check(&self.requirements, &evidence, digest, &self.verifier)
            .map_err(|reason| RegistryError::Unsigned { address: digest.to_string(), reason })
    }
}
