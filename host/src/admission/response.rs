//! From a policy's verdict to the answer the API server takes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::runtime::CallError;

/// What a policy answers to `validate`.
#[derive(Debug, Deserialize)]
pub struct ValidationResponse {
    /// The verdict.
    pub accepted: bool,
    /// Why.
    pub message: Option<String>,
    /// HTTP status code for a rejection.
    pub code: Option<u16>,
    /// The object as the policy wants it.
    pub mutated_object: Option<Box<RawValue>>,
    /// Notes for the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Warnings for the user.
    pub warnings: Option<Vec<String>>,
}

/// The `response` of an `AdmissionReview`, with its fields in the order in which Kubewarden writes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// That of the request.
    pub uid: String,
    /// The verdict.
    pub allowed: bool,
    /// `JSONPatch` when there is a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<&'static str>,
    /// RFC 6902 patch in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Notes for the audit log; null when there are none.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Warnings for the user; null when there are none.
    pub warnings: Option<Vec<String>>,
}

/// Why a request was allowed or not.
#[derive(Debug, Serialize)]
pub struct Status {
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// HTTP status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

/// What a mutation is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Original<'a> {
    /// The object of the request, or all of a raw request.
    Object(&'a str),
    /// There is nothing to change: the request deletes.
    None,
}

impl AdmissionResponse {
    /// The answer to a request whose evaluation gave a verdict.
    #[must_use]
    pub fn from_verdict(uid: &str, verdict: ValidationResponse, original: Original<'_>) -> Self {
        let patch = match patch(verdict.mutated_object.as_deref(), original) {
            Ok(patch) => patch,
            Err(reason) => return Self::failed(uid, reason),
        };
        let status = (verdict.message.is_some() || verdict.code.is_some())
            .then_some(Status { message: verdict.message, code: verdict.code });
        Self {
            uid: uid.to_owned(),
            allowed: verdict.accepted,
            patch_type: patch.is_some().then_some("JSONPatch"),
            patch,
            status,
            audit_annotations: verdict.audit_annotations,
            warnings: verdict.warnings,
        }
    }

    /// The answer to a request whose evaluation gave no verdict: a rejection with code 500.
    #[must_use]
    pub fn from_error(uid: &str, error: &CallError) -> Self {
        Self::failed(uid, error.status_message())
    }

    /// A rejection with code 500.
    #[must_use]
    pub fn failed(uid: &str, message: String) -> Self {
        Self::rejected(uid, 500, message)
    }

    /// A rejection.
    #[must_use]
    pub fn rejected(uid: &str, code: u16, message: String) -> Self {
        Self {
            uid: uid.to_owned(),
            allowed: false,
            patch_type: None,
            patch: None,
            status: Some(Status { message: Some(message), code: Some(code) }),
            audit_annotations: None,
            warnings: None,
        }
    }
}

fn patch(mutated: Option<&RawValue>, original: Original<'_>) -> Result<Option<String>, String> {
    let Some(mutated) = mutated else { return Ok(None) };
    let Original::Object(original) = original else {
        return Err(
            "the policy changed the object of a DELETE request: there is nothing to change".to_owned()
        );
    };
    let unreadable = |error| format!("internal server error: cannot compare the mutated object: {error}");
    let before: Value = serde_json::from_str(original).map_err(unreadable)?;
    let after: Value = serde_json::from_str(mutated.get()).map_err(unreadable)?;
    let patch = json_patch::diff(&before, &after);
    if patch.is_empty() {
        return Ok(None);
    }
    serde_json::to_vec(&patch).map(|json| Some(STANDARD.encode(json))).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: &str, original: Original<'_>) -> String {
        let verdict = serde_json::from_str(verdict).expect("a verdict");
        serde_json::to_string(&AdmissionResponse::from_verdict("u", verdict, original)).expect("JSON")
    }

    #[test]
    fn a_bare_verdict_has_null_annotations_and_warnings_and_no_status() {
        assert_eq!(
            answer(r#"{"accepted":true}"#, Original::None),
            r#"{"uid":"u","allowed":true,"auditAnnotations":null,"warnings":null}"#
        );
    }

    #[test]
    fn a_message_makes_a_status_even_when_allowed() {
        assert_eq!(
            answer(
                r#"{"accepted":true,"message":"m","audit_annotations":{"a":"b"},"warnings":["w"]}"#,
                Original::None
            ),
            r#"{"uid":"u","allowed":true,"status":{"message":"m"},"auditAnnotations":{"a":"b"},"warnings":["w"]}"#
        );
    }

    #[test]
    fn a_changed_object_becomes_a_patch_and_an_unchanged_one_none() {
        let patched = answer(r#"{"accepted":true,"mutated_object":{"a":2}}"#, Original::Object(r#"{"a":1}"#));
        let encoded = STANDARD.encode(r#"[{"op":"replace","path":"/a","value":2}]"#);
        assert_eq!(
            patched,
            format!(
                r#"{{"uid":"u","allowed":true,"patchType":"JSONPatch","patch":"{encoded}","auditAnnotations":null,"warnings":null}}"#
            )
        );
        assert_eq!(
            answer(r#"{"accepted":true,"mutated_object":{"a":1}}"#, Original::Object(r#"{ "a": 1 }"#)),
            r#"{"uid":"u","allowed":true,"auditAnnotations":null,"warnings":null}"#
        );
    }

    #[test]
    fn a_deletion_cannot_be_changed() {
        let rejected = answer(r#"{"accepted":true,"mutated_object":{"a":2}}"#, Original::None);
        assert!(
            rejected.starts_with(r#"{"uid":"u","allowed":false,"status":{"message":"the policy changed"#)
        );
    }
}
