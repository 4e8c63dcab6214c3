//! The files that `bench-files` wrote.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

/// The file of a review.
#[must_use]
pub fn review(folder: &Path, name: &str) -> PathBuf {
    folder.join("requests").join(format!("{name}.json"))
}

/// The admission request in the file of a review.
///
/// # Errors
/// When the file cannot be read.
pub fn request(folder: &Path, name: &str) -> anyhow::Result<Value> {
    Ok(read(&review(folder, name))?["request"].take())
}

/// The objects that requests are judged against.
///
/// # Errors
/// When the file cannot be read.
pub fn cluster(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut list = read(&cluster_file(folder))?;
    Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

/// The file of these objects.
#[must_use]
pub fn cluster_file(folder: &Path) -> PathBuf {
    folder.join("cluster.json")
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))
}
