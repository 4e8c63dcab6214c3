//! Reading the manifests that stand for a cluster.

use std::path::PathBuf;

use serde_json::Value;

use crate::manifest::{self, ReadError, Source};

/// Why manifests cannot be read: everything that is wrong with them, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadObjectsError(Vec<ReadError>);

/// Reads the objects in manifests, or in all manifests below directories. Lists are taken apart.
///
/// # Errors
/// When something cannot be read or is no manifest.
pub fn cluster_objects(paths: &[PathBuf]) -> Result<Vec<Value>, LoadObjectsError> {
    let sources: Vec<Source> = paths.iter().cloned().map(Source::Path).collect();
    let documents = manifest::read(&sources).map_err(LoadObjectsError)?;
    // A document's JSON was written by the reader, so it can be read again.
    Ok(documents.iter().filter_map(|document| serde_json::from_str(&document.json).ok()).collect())
}
