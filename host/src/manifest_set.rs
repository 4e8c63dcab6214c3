//! A set of manifests as the whole world: what the offline commands look at.

use std::path::{Path, PathBuf};

use rollgate_check::identify;
use rollgate_policy::admission::Manifest;
use rollgate_policy::cluster::Objects;
use rollgate_policy::settings::Settings;
use serde_json::value::RawValue;

use crate::manifest::{self, Document, ReadError, Source};
use crate::settings_file;

/// Objects read from files, and what could not be read.
pub(crate) struct ManifestSet {
    pub objects: Vec<Object>,
    pub errors: Vec<ReadError>,
    /// The same objects, to look references up in.
    pub cluster: Objects,
}

/// One object and its place.
pub(crate) struct Object {
    pub document: Document,
    pub json: Box<RawValue>,
    /// Kind, namespace and name.
    pub identity: Manifest<'static>,
}

impl ManifestSet {
    /// Reads files, directories and `-` for standard input.
    pub(crate) fn read(paths: &[PathBuf]) -> Self {
        let sources: Vec<Source> = paths.iter().map(Source::from).collect();
        let reading = manifest::gather(&sources);
        let mut manifests = Self { objects: Vec::new(), errors: reading.errors, cluster: Objects::default() };
        for mut document in reading.documents {
            let Ok(json) = RawValue::from_string(std::mem::take(&mut document.json)) else { continue };
            // What has no name cannot be referred to either.
            let _ = manifests.cluster.insert(json.clone());
            let identity = identify(json.get());
            manifests.objects.push(Object { document, json, identity });
        }
        manifests
    }
}

/// Settings from a file in YAML or JSON; the defaults without one.
pub(crate) fn settings(path: Option<&Path>) -> anyhow::Result<Settings> {
    Ok(path.map(settings_file::read).transpose()?.unwrap_or_default())
}
