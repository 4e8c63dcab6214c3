//! Kubewarden's protocol: the JSON of its operations in and out, wherever they are called from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::admission::Request;
use crate::cluster::Cluster;
use crate::{json, read_settings, review};

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

/// Answers `validate`; `now` in seconds since 1970-01-01 UTC.
#[must_use]
pub fn validate(payload: &[u8], now: i64, cluster: &dyn Cluster) -> Vec<u8> {
    let response = answer(payload, now, cluster).unwrap_or_else(|reason| Response {
        message: Some(reason),
        code: Some(BAD_REQUEST),
        ..Response::default()
    });
    to_json(&response)
}

/// The answer to a request, or why it cannot be read.
fn answer(payload: &[u8], now: i64, cluster: &dyn Cluster) -> Result<Response, String> {
    let Payload { mut request, settings } = json::from_bytes(payload)
        .map_err(|error| format!("rollgate cannot read the admission request: {error}"))?;
    request.received_at = now;
    let settings = read_settings(settings.map_or("{}", RawValue::get))
        .map_err(|errors| format!("rollgate's settings are not valid: {}", one_line(&errors)))?;
    let review = review(&request, &settings, cluster);
    let reason = (!review.accepted()).then(|| review.message());
    Ok(Response {
        accepted: reason.is_none(),
        code: reason.is_some().then_some(FORBIDDEN),
        message: reason,
        warnings: review.warnings(),
        audit_annotations: review.audit_annotations(),
    })
}

/// Answers `validate_settings`.
#[must_use]
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let settings = std::str::from_utf8(payload).map_err(|error| error.to_string());
    let (valid, message) = match settings.map(read_settings) {
        Ok(Ok(_)) => (true, None),
        Ok(Err(errors)) => (false, Some(one_line(&errors))),
        Err(error) => (false, Some(error)),
    };
    to_json(&SettingsResponse { valid, message })
}

/// The answer to `validate_settings`.
#[derive(Serialize)]
struct SettingsResponse {
    valid: bool,
    message: Option<String>,
}

fn to_json(response: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and booleans always have a JSON form.
    serde_json::to_vec(response).unwrap_or_default()
}

fn one_line<E: ToString>(errors: &[E]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
