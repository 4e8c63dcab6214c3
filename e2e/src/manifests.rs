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
    serde_saphyr::from_multiple(&text).map_err(|error| anyhow!("{file}: {error}"))
}

/// The same in another namespace; what an object refers to moves along with it.
#[must_use]
pub fn moved(mut object: Value, namespace: &str) -> Value {
    rename(&mut object, namespace);
    object["metadata"]["namespace"] = json!(namespace);
    object
}

fn rename(value: &mut Value, namespace: &str) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(name) if key == "namespace" => namespace.clone_into(name),
                    _ => rename(value, namespace),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, namespace)),
        _ => {}
    }
}
