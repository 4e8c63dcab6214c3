//! What is remembered of the objects that rules ask for.

use anyhow::Context;

use crate::annotate::PolicyMetadata;
use crate::cluster::Fields;

/// The policy's own metadata, which lists the fields its rules read.
const METADATA: &str = include_str!("../../../policy-metadata.yml");

/// The fields of each kind that rules read.
pub(super) fn fields() -> anyhow::Result<Fields> {
    let metadata = PolicyMetadata::parse(METADATA).context("the policy's metadata")?;
    Ok(Fields::new(metadata.annotations.as_ref(), &metadata.context_aware_resources)?)
}
