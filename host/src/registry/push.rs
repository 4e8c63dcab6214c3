//! Putting a policy into a registry.

use std::collections::BTreeMap;

use oci_client::Reference;

use super::session::{Access, Session};
use super::{Digest, Fetcher, RegistryError, manifest};

/// Uploads a policy with the annotations of its manifest, and says under which digest it can be had. A policy that can
/// be had from the registry under that digest is there as a whole.
///
/// # Errors
/// When the registry does not take it, or takes something else.
pub async fn push(
    fetcher: &Fetcher,
    reference: &Reference,
    wasm: &[u8],
    annotations: BTreeMap<String, String>,
) -> Result<Digest, RegistryError> {
    let limit = fetcher.limits().time;
    let pushing = push_unhurried(fetcher, reference, wasm, annotations);
    tokio::time::timeout(limit, pushing).await.unwrap_or(Err(RegistryError::Time(limit)))
}

async fn push_unhurried(
    fetcher: &Fetcher,
    reference: &Reference,
    wasm: &[u8],
    annotations: BTreeMap<String, String>,
) -> Result<Digest, RegistryError> {
    let session: Session = fetcher.open(reference, Access::Push).await?;
    let manifest = serde_json::to_vec(&manifest::write(wasm, annotations)).map_err(|error| {
        RegistryError::NotAPolicy { what: "the policy".to_owned(), reason: error.to_string() }
    })?;
    let digest = Digest::of(&manifest);
    session.upload(wasm).await?;
    session.upload(manifest::CONFIGURATION).await?;
    let name = reference.tag().unwrap_or("latest");
    session.put_manifest(name, &manifest).await?;
    let (_, found) = session.manifest(name).await?;
    if found == digest {
        return Ok(digest);
    }
    Err(RegistryError::Digest {
        what: format!("what the registry has as {reference}"),
        expected: digest,
        found,
    })
}
