//! Manifests of this repository, as objects.

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::programs::repository;

/// The objects of a file, by its path below the root of this repository.
///
/// # Errors
/// When it cannot be read.
pub fn manifests(file: &str) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(repository().join(file)).with_context(|| file.to_owned())?;
    documents(&text).context(file.to_owned())
}

/// The documents of a manifest, without the empty ones.
///
/// # Errors
/// When it is no YAML.
pub fn documents(manifest: &str) -> anyhow::Result<Vec<Value>> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(manifest).map_err(|error| anyhow!("{error}: {manifest}"))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// An object in another namespace; what an object refers to moves along with it.
#[must_use]
pub fn moved(mut object: Value, namespace: &str) -> Value {
    rename_namespaces(&mut object, &mut |name| namespace.clone_into(name));
    object["metadata"]["namespace"] = json!(namespace);
    object
}

/// Renames every namespace that an object names: its own, those of what it refers to, and those a monitor looks into.
pub fn rename_namespaces(value: &mut Value, rename: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(name) if key == "namespace" => rename(name),
                    Value::Array(names) if key == "matchNames" => {
                        for name in names {
                            if let Value::String(name) = name {
                                rename(name);
                            }
                        }
                    }
                    _ => rename_namespaces(value, rename),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_namespaces(item, rename)),
        _ => {}
    }
}
