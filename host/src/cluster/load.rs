//! Reading manifests.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Why manifests cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadObjectsError {
    /// A file or directory cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file is not YAML.
    #[error("cannot parse {}: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Reads the objects in a manifest, or in all manifests (`.yaml`, `.yml`, `.json`) below a directory. Lists are
/// taken apart.
///
/// # Errors
/// When something cannot be read or is not YAML.
pub fn cluster_objects(path: &Path) -> Result<Vec<Value>, LoadObjectsError> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    let mut objects = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(read_error(&file))?;
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text)
            .map_err(|error| LoadObjectsError::Parse { path: file, reason: error.to_string() })?;
        for document in documents {
            flatten(document, &mut objects);
        }
    }
    Ok(objects)
}

fn flatten(document: Value, objects: &mut Vec<Value>) {
    match document {
        Value::Null => {}
        Value::Object(mut list) if list.get("items").is_some_and(Value::is_array) => {
            if let Some(Value::Array(items)) = list.remove("items") {
                objects.extend(items);
            }
        }
        object => objects.push(object),
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadObjectsError> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<_> = entries.map_err(read_error(path))?.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    let is_manifest = |path: &PathBuf| {
        let extension = path.extension().and_then(std::ffi::OsStr::to_str);
        path.is_dir() || matches!(extension, Some("yaml" | "yml" | "json"))
    };
    paths.iter().filter(|path| is_manifest(path)).try_for_each(|path| collect(path, files))
}

fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> LoadObjectsError {
    let path = path.to_owned();
    |reason| LoadObjectsError::Read { path, reason }
}
