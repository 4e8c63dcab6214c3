//! The waPC guest: what Kubewarden calls in the module.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wapc_guest::{CallResult, host_call, register_function};

use crate::admission::Request;
use crate::cluster::{Cluster, Kind, Unreadable};
use crate::{read_settings, review};

/// Registers the operations; called once by the host after instantiation.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

/// HTTP status of a rejected release.
const FORBIDDEN: u16 = 403;
/// HTTP status of a request that makes no sense.
const BAD_REQUEST: u16 = 400;

/// The answer in Kubewarden's form; what is empty is left out.
///
/// The SDK's own type keeps annotations in random order, and the answer is to be the same every time.
#[derive(Default, Serialize)]
struct Response {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// What `validate` is called with.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(borrow)]
    settings: Option<&'a RawValue>,
}

fn validate(payload: &[u8]) -> CallResult {
    let response = answer(payload).unwrap_or_else(|reason| Response {
        message: Some(reason),
        code: Some(BAD_REQUEST),
        ..Response::default()
    });
    Ok(serde_json::to_vec(&response)?)
}

/// The answer to a request, or why it cannot be read.
fn answer(payload: &[u8]) -> Result<Response, String> {
    let Payload { mut request, settings } = serde_json::from_slice(payload)
        .map_err(|error| format!("rollgate cannot read the admission request: {error}"))?;
    request.received_at = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let settings = read_settings(settings.map_or("{}", RawValue::get))
        .map_err(|errors| format!("rollgate's settings are not valid: {}", one_line(&errors)))?;
    let review = review(&request, &settings, &Host);
    let reason = (!review.accepted()).then(|| review.message());
    Ok(Response {
        accepted: reason.is_none(),
        code: reason.is_some().then_some(FORBIDDEN),
        message: reason,
        warnings: review.warnings(),
        audit_annotations: review.audit_annotations(),
    })
}

fn validate_settings(payload: &[u8]) -> CallResult {
    let settings = std::str::from_utf8(payload).map_err(|error| error.to_string());
    let (valid, message) = match settings.map(read_settings) {
        Ok(Ok(_)) => (true, None),
        Ok(Err(errors)) => (false, Some(one_line(&errors))),
        Err(error) => (false, Some(error)),
    };
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid, message })?)
}

fn one_line<E: ToString>(errors: &[E]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
    fn call(operation: &str, request: &impl Serialize) -> Result<Vec<u8>, String> {
        let payload = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        host_call("kubewarden", "kubernetes", operation, &payload).map_err(|error| error.to_string())
    }
}

impl Cluster for Host {
    fn get(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Box<RawValue>>, Unreadable> {
        let request = GetResource {
            api_version: kind.api_version,
            kind: kind.kind,
            name,
            namespace,
            disable_cache: false,
            field_masks: None,
        };
        match Self::call("get_resource", &request) {
            Ok(reply) => {
                serde_json::from_slice(&reply).map(Some).map_err(|error| Unreadable(error.to_string()))
            }
            Err(error) if NOT_FOUND.iter().all(|part| error.contains(part)) || error.contains(NOT_SERVED) => {
                Ok(None)
            }
            Err(error) => Err(Unreadable(error)),
        }
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let request = ListResources {
            api_version: kind.api_version,
            kind: kind.kind,
            namespace,
            label_selector: None,
            field_selector: None,
            field_masks: None,
        };
        let operation =
            if namespace.is_some() { "list_resources_by_namespace" } else { "list_resources_all" };
        match Self::call(operation, &request) {
            Ok(reply) => serde_json::from_slice(&reply)
                .map(|List { items }| items)
                .map_err(|error| Unreadable(error.to_string())),
            Err(error) if error.contains(NOT_SERVED) => Ok(Vec::new()),
            Err(error) => Err(Unreadable(error)),
        }
    }
}
