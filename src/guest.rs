//! The waPC guest: what Kubewarden calls in the module.

use std::time::{SystemTime, UNIX_EPOCH};

use kubewarden_policy_sdk::protocol_version_guest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wapc_guest::{CallResult, host_call, register_function};

use crate::cluster::{Cluster, Kind, Unreadable};
use crate::{json, protocol};

/// Registers the operations; called once by the host after instantiation.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

#[expect(clippy::unnecessary_wraps, reason = "waPC fixes the signature")]
fn validate(payload: &[u8]) -> CallResult {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(protocol::validate(payload, i64::try_from(now).unwrap_or(i64::MAX), &Host))
}

#[expect(clippy::unnecessary_wraps, reason = "waPC fixes the signature")]
fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(protocol::validate_settings(payload))
}

/// The cluster as Kubewarden's host capabilities show it.
struct Host;

#[derive(Serialize)]
struct GetResource<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: Option<&'a str>,
    disable_cache: bool,
    field_masks: Option<&'a [&'a str]>,
}

#[derive(Serialize)]
struct ListResources<'a> {
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    label_selector: Option<&'a str>,
    field_selector: Option<&'a str>,
    field_masks: Option<&'a [&'a str]>,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Box<RawValue>>,
}

/// How the host says that an object is not there. It has no other way, and the text of a kind that is not
/// served differs by the missing name.
const NOT_FOUND: [&str; 2] = ["Cannot find ", "named '"];
/// How the host says that the API does not serve a kind.
const NOT_SERVED: &str = "Cannot find resource";

impl Host {
    fn list_by(request: &ListResources<'_>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let operation =
            if request.namespace.is_some() { "list_resources_by_namespace" } else { "list_resources_all" };
        match Self::call(operation, request) {
            Ok(reply) => json::from_bytes(&reply).map(|List { items }| items).map_err(Unreadable),
            Err(error) if error.contains(NOT_SERVED) => Ok(Vec::new()),
            Err(error) => Err(Unreadable(error)),
        }
    }

    fn call(operation: &str, request: &impl Serialize) -> Result<Vec<u8>, String> {
        let payload = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        host_call("kubewarden", "kubernetes", operation, &payload).map_err(|error| error.to_string())
    }
}

impl Cluster for Host {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        let request = GetResource {
            api_version: kind.api_version,
            kind: kind.kind,
            name,
            namespace,
            disable_cache: false,
            field_masks: None,
        };
        match Self::call("get_resource", &request) {
            Ok(reply) => String::from_utf8(reply).map(Some).map_err(|error| Unreadable(error.to_string())),
            Err(error) if NOT_FOUND.iter().all(|part| error.contains(part)) || error.contains(NOT_SERVED) => {
                Ok(None)
            }
            Err(error) => Err(Unreadable(error)),
        }
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        Self::list_by(&ListResources {
            api_version: kind.api_version,
            kind: kind.kind,
            namespace,
            label_selector: None,
            field_selector: None,
            field_masks: None,
        })
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        Self::list_by(&ListResources {
            api_version: kind.api_version,
            kind: kind.kind,
            namespace: None,
            label_selector: Some(label),
            field_selector: None,
            // Metadata always comes.
            field_masks: Some(&["status"]),
        })
    }
}
