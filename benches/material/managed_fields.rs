//! Objects made larger by what no rule reads and every large object is full of: the fields each writer manages.

use serde_json::{Map, Value, json};

/// How many fields one writer manages: those of a container with as many variables.
const FIELDS: usize = 100;

/// `object` as the API server keeps it, with managed fields until it has `bytes` bytes.
pub fn filled(object: &Value, bytes: usize) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    metadata.insert("uid".to_owned(), "1f0c4c2e-8e5a-4d0b-9a4e-0f6f7f3e2a11".into());
    metadata.insert("generation".to_owned(), 1.into());
    metadata.insert("creationTimestamp".to_owned(), "2026-01-05T08:00:00Z".into());
    let api_version = object["apiVersion"].clone();
    let mut writers = Vec::new();
    let mut missing = bytes.saturating_sub(object.to_string().len());
    while missing > 0 {
        let writer = writer(&api_version, writers.len(), missing);
        missing = missing.saturating_sub(writer.to_string().len() + 1);
        writers.push(writer);
    }
    object["metadata"]["managedFields"] = writers.into();
    object
}

/// The entry of one writer, with as many fields as `missing` bytes have room for.
fn writer(api_version: &Value, number: usize, missing: usize) -> Value {
    let mut variables = Map::new();
    let mut room = missing.saturating_sub(280);
    for variable in 0..FIELDS {
        let key = format!(r#"k:{{"name":"VARIABLE_{number:03}_{variable:03}"}}"#);
        let value = json!({".": {}, "f:name": {}, "f:value": {}});
        let length = key.len() + value.to_string().len() + 8;
        if length > room {
            break;
        }
        room -= length;
        variables.insert(key, value);
    }
    let container = json!({r#"k:{"name":"payments"}"#: {"f:env": variables}});
    json!({
        "manager": format!("writer-{number:03}"), "operation": "Update", "apiVersion": api_version,
        "time": "2026-01-05T08:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": container}}}},
    })
}
