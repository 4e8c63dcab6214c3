//! Fetching policies, from wherever they are.

use std::path::{Path, PathBuf};

use oci_client::Reference;

use super::credentials::Credentials;
use super::manifest::layer;
use super::session::{Access, Session};
use super::signature::{Evidence, Shown, Verification, collect};
use super::sources::Sources;
use super::store::Store;
use super::{Address, Digest, Limits, RegistryError, client};
use crate::progress::Progress;

/// Whether an address must say by its digest what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// A tag will do.
    Optional,
    /// Only a digest will do.
    Required,
}

/// A policy that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The module.
    pub wasm: Vec<u8>,
    /// The digest of its manifest; `None` where there is no manifest.
    pub digest: Option<Digest>,
}

/// Fetches policies.
pub struct Fetcher {
    pub(super) sources: Sources,
    /// The configuration of Docker, if it is not where Docker has it.
    pub(super) docker: Option<PathBuf>,
    pub(super) store: Store,
    pub(super) limits: Limits,
    pub(super) pin: Pin,
    pub(super) verification: Option<Verification>,
}

/// A registry that is spoken to once there is something to ask.
struct Later<'a> {
    fetcher: &'a Fetcher,
    reference: &'a Reference,
    session: Option<Session>,
}

impl Later<'_> {
    async fn session(&mut self) -> Result<&Session, RegistryError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.fetcher.open(self.reference, Access::Pull).await?,
        };
        Ok(self.session.insert(session))
    }
}

impl Fetcher {
    /// What a fetch may take.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Fetches the policy at an address, and holds it against the signatures that were asked for.
    ///
    /// A tag is looked up every time; what it stands for is fetched once, and so is what a digest names.
    ///
    /// # Errors
    /// When it cannot be had, is none, is too large, or is not signed as it should be.
    pub async fn fetch(&self, address: &Address) -> Result<Fetched, RegistryError> {
        let limit = self.limits.time;
        let fetching = async {
            if self.pin == Pin::Required && address.digest().is_none() && !matches!(address, Address::File(_))
            {
                return Err(RegistryError::NotPinned { address: address.to_string() });
            }
            let fetched = match address {
                Address::Registry(reference) => self.fetch_from_registry(reference).await?,
                Address::Web(_) | Address::File(_) if self.verification.is_some() => {
                    return Err(unsigned(address));
                }
                Address::Web(url) => {
                    Fetched { wasm: client::fetch(url, &self.sources, &self.limits).await?, digest: None }
                }
                Address::File(path) => Fetched { wasm: self.read_file(path)?, digest: None },
            };
            if fetched.wasm.starts_with(b"\0asm") || matches!(address, Address::File(_)) {
                return Ok(fetched);
            }
            Err(RegistryError::NotAPolicy {
                what: address.to_string(),
                reason: "it does not start with the bytes \\0asm".to_owned(),
            })
        };
        tokio::time::timeout(limit, fetching).await.unwrap_or(Err(RegistryError::Time(limit)))
    }

    /// The digest of the manifest behind an address.
    ///
    /// # Errors
    /// When the registry does not tell.
    pub async fn digest(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        let limit = self.limits.time;
        let asking = async {
            let session = self.open(reference, Access::Pull).await?;
            let name = reference.digest().or(reference.tag()).unwrap_or("latest");
            Ok(session.manifest(name).await?.1)
        };
        tokio::time::timeout(limit, asking).await.unwrap_or(Err(RegistryError::Time(limit)))
    }

    /// Holds what is behind an address against the signatures that were asked for, and says under which digest it can
    /// be had. Nothing is fetched but the manifest and its signatures.
    ///
    /// # Errors
    /// When it is not signed as it should be, or that cannot be found out.
    pub async fn verify(&self, address: &Address) -> Result<Digest, RegistryError> {
        let (Address::Registry(reference), Some(verification)) = (address, &self.verification) else {
            return Err(unsigned(address));
        };
        let limit = self.limits.time;
        let verifying = async {
            let session = self.open(reference, Access::Pull).await?;
            let name = reference.digest().or(reference.tag()).unwrap_or("latest");
            let (_, digest) = session.manifest(name).await?;
            verification.check(&session, &digest).await?;
            Ok(digest)
        };
        tokio::time::timeout(limit, verifying).await.unwrap_or(Err(RegistryError::Time(limit)))
    }

    /// Whether signatures are asked for.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verification.is_some()
    }

    /// The signatures of the manifest with a digest; whether they are good is not looked at.
    ///
    /// # Errors
    /// When the registry does not tell.
    pub async fn signatures(
        &self,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<Vec<Shown>, RegistryError> {
        let limit = self.limits.time;
        let asking = async {
            let session = self.open(reference, Access::Pull).await?;
            Ok(collect(&session, digest).await?.into_iter().map(Evidence::shown).collect())
        };
        tokio::time::timeout(limit, asking).await.unwrap_or(Err(RegistryError::Time(limit)))
    }

    /// Opens a conversation with the registry of a policy.
    pub(super) async fn open(&self, reference: &Reference, access: Access) -> Result<Session, RegistryError> {
        let credentials = Credentials::find(reference.resolve_registry(), self.docker.as_deref())?;
        Session::open(reference, access, &self.sources, credentials).await
    }

    async fn fetch_from_registry(&self, reference: &Reference) -> Result<Fetched, RegistryError> {
        let mut registry = Later { fetcher: self, reference, session: None };
        let (manifest, digest) = self.manifest(reference, &mut registry).await?;
        if let Some(verification) = &self.verification {
            verification.check(registry.session().await?, &digest).await?;
        }
        let what = reference.to_string();
        let layer = layer(&manifest, &what)?;
        if layer.size > self.limits.size as u64 {
            return Err(RegistryError::TooLarge { what, limit: self.limits.size, policy: true });
        }
        if let Some(wasm) = self.store.get(&layer.digest, self.limits.size) {
            return Ok(Fetched { wasm, digest: Some(digest) });
        }
        let progress = Progress::of_bytes("fetching");
        let wasm = registry.session().await?.blob(&layer.digest, self.limits.size, Some(&progress)).await?;
        self.store.put(&layer.digest, &wasm);
        Ok(Fetched { wasm, digest: Some(digest) })
    }

    async fn manifest(
        &self,
        reference: &Reference,
        registry: &mut Later<'_>,
    ) -> Result<(Vec<u8>, Digest), RegistryError> {
        let pinned = reference.digest().and_then(Digest::parse);
        let digest = match pinned {
            Some(digest) => Some(digest),
            None => registry.session().await?.digest(reference.tag().unwrap_or("latest")).await?,
        };
        if let Some(digest) = &digest
            && let Some(kept) = self.store.get(digest, super::limits::SMALL)
        {
            return Ok((kept, digest.clone()));
        }
        let name = digest.as_ref().map_or(reference.tag().unwrap_or("latest"), Digest::as_str);
        let (manifest, digest) = registry.session().await?.manifest(name).await?;
        self.store.put(&digest, &manifest);
        Ok((manifest, digest))
    }

    fn read_file(&self, path: &Path) -> Result<Vec<u8>, RegistryError> {
        let unreadable = |reason: std::io::Error| RegistryError::Read { path: path.to_owned(), reason };
        if std::fs::metadata(path).map_err(unreadable)?.len() > self.limits.size as u64 {
            let what = path.display().to_string();
            return Err(RegistryError::TooLarge { what, limit: self.limits.size, policy: true });
        }
        std::fs::read(path).map_err(unreadable)
    }
}

fn unsigned(address: &Address) -> RegistryError {
    RegistryError::Unsigned {
        address: address.to_string(),
        reason: "signatures are found beside policies in registries alone: give an address with registry://"
            .to_owned(),
    }
}
