//! The signatures of a policy, as cosign leaves them in a registry.

use std::collections::BTreeMap;

use oci_client::manifest::{OciImageIndex, OciImageManifest};
use serde::{Deserialize, Serialize};
use sigstore_verify::types::{Bundle, SignatureContent};

use super::super::limits::{SIGNATURES, SMALL};
use super::super::session::Session;
use super::super::{Digest, RegistryError};

/// One signature; nothing in it is to be believed yet.
#[derive(Debug)]
pub(in crate::registry) enum Evidence {
    /// In cosign's older form: a layer behind a tag, with the signature in its annotations.
    Simple { payload: Vec<u8>, annotations: BTreeMap<String, String> },
    /// In its newer form: a bundle that refers to the manifest.
    Bundle { bundle: Box<Bundle>, statement: Statement },
}

/// What is said in a bundle.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::registry) struct Statement {
    pub(super) predicate_type: String,
    pub(super) subject: Vec<Named>,
}

/// What it is said of.
#[derive(Debug, Deserialize)]
pub(in crate::registry) struct Named {
    pub(super) digest: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, serde_json::Value>,
}

/// A signature as it is shown.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The form it is in.
    pub form: &'static str,
    /// Its annotations in the registry.
    pub annotations: BTreeMap<String, String>,
}

const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// Fetches the signatures of the manifest with a digest. A signature that cannot be read counts as none.
pub(in crate::registry) async fn collect(
    session: &Session,
    digest: &Digest,
) -> Result<Vec<Evidence>, RegistryError> {
    let mut all = simple(session, digest).await?;
    match bundles(session, digest).await {
        Ok(bundles) => all.extend(bundles),
        Err(RegistryError::NotFound { .. }) => {}
        // Many registries know nothing of what refers to a manifest, and say so in their own way.
        Err(error) => tracing::warn!(%error, "cannot look for signatures in the form of bundles"),
    }
    Ok(all)
}

async fn simple(session: &Session, digest: &Digest) -> Result<Vec<Evidence>, RegistryError> {
    let manifest = match session.manifest(&format!("sha256-{}.sig", digest.digits())).await {
        Ok((manifest, _)) => manifest,
        Err(RegistryError::NotFound { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let Ok(manifest) = serde_json::from_slice::<OciImageManifest>(&manifest) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for layer in manifest.layers.into_iter().filter(|layer| layer.media_type == SIMPLE).take(SIGNATURES) {
        let (Some(digest), Some(annotations)) = (Digest::parse(&layer.digest), layer.annotations) else {
            continue;
        };
        let payload = session.blob(&digest, SMALL, None).await?;
        all.push(Evidence::Simple { payload, annotations });
    }
    Ok(all)
}

async fn bundles(session: &Session, digest: &Digest) -> Result<Vec<Evidence>, RegistryError> {
    let index = session.referrers(digest).await?;
    let Ok(index) = serde_json::from_slice::<OciImageIndex>(&index) else { return Ok(Vec::new()) };
    let of_bundle = |kind: &Option<String>| kind.as_deref().is_some_and(|kind| kind.starts_with(BUNDLE));
    let mut all = Vec::new();
    for entry in index.manifests.into_iter().filter(|entry| of_bundle(&entry.artifact_type)).take(SIGNATURES)
    {
        let Some(name) = Digest::parse(&entry.digest) else { continue };
        let (manifest, _) = session.manifest(name.as_str()).await?;
        let Ok(manifest) = serde_json::from_slice::<OciImageManifest>(&manifest) else { continue };
        let layer = manifest.layers.iter().find(|layer| layer.media_type.starts_with(BUNDLE));
        let Some(content) = layer.and_then(|layer| Digest::parse(&layer.digest)) else { continue };
        all.extend(bundle(&session.blob(&content, SMALL, None).await?));
    }
    Ok(all)
}

fn bundle(content: &[u8]) -> Option<Evidence> {
    let bundle = Bundle::from_json(std::str::from_utf8(content).ok()?).ok()?;
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { return None };
    let statement = serde_json::from_slice(envelope.payload.as_bytes()).ok()?;
    Some(Evidence::Bundle { bundle: Box::new(bundle), statement })
}

impl Evidence {
    /// As it is shown.
    pub(in crate::registry) fn shown(self) -> Shown {
        match self {
            Self::Simple { annotations, .. } => Shown { form: "signature", annotations },
            Self::Bundle { statement, .. } => {
                let kind = ("predicateType".to_owned(), statement.predicate_type);
                Shown { form: "bundle", annotations: [kind].into() }
            }
        }
    }
}
