//! The envelope of an admission request.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An admission request whose objects stay unread.
///
/// Written out again it is what a Kubewarden policy expects: fields outside the protocol are gone and absent
/// ones are left out, since the guests' types do not take null for a string.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest<'a> {
    /// Identifies the request; the response repeats it.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// The kind of the object, as the webhook is registered for it.
    #[serde(borrow)]
    pub kind: GroupVersionKind<'a>,
    /// The resource asked for, as the webhook is registered for it.
    #[serde(borrow)]
    pub resource: GroupVersionResource<'a>,
    /// The subresource asked for.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sub_resource: Option<Cow<'a, str>>,
    /// The kind in the request itself.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// The resource in the request itself.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request_resource: Option<GroupVersionResource<'a>>,
    /// The subresource in the request itself.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request_sub_resource: Option<Cow<'a, str>>,
    /// The name of the object, unless the server generates it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    /// The namespace of the object, if it has one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Cow<'a, str>>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow)]
    pub operation: Cow<'a, str>,
    /// Who asks.
    #[serde(borrow)]
    pub user_info: UserInfo<'a>,
    /// The object as it would be stored.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub object: Option<&'a RawValue>,
    /// The object as it is stored.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub old_object: Option<&'a RawValue>,
    /// Whether nothing will be stored in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// The options of the operation.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub options: Option<&'a RawValue>,
}

/// A kind of object.
#[derive(Debug, Deserialize, Serialize)]
pub struct GroupVersionKind<'a> {
    /// API group; empty for the core group.
    #[serde(borrow)]
    pub group: Cow<'a, str>,
    /// Version in the group.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// Singular name.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
}

/// A resource of the API.
#[derive(Debug, Deserialize, Serialize)]
pub struct GroupVersionResource<'a> {
    /// API group; empty for the core group.
    #[serde(borrow)]
    pub group: Cow<'a, str>,
    /// Version in the group.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// Plural name.
    #[serde(borrow)]
    pub resource: Cow<'a, str>,
}

/// Who asks.
#[derive(Debug, Deserialize, Serialize)]
pub struct UserInfo<'a> {
    /// Name of the user or service account.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Cow<'a, str>>,
    /// Identifier that outlives the name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Cow<'a, str>>,
    /// Groups the user is in.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<&'a RawValue>,
    /// What the authenticator adds.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<&'a RawValue>,
}

/// Why a file holds no admission request. The texts are those of Kubewarden's command line.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Not JSON.
    #[error("cannot parse the request: {0}")]
    Json(serde_json::Error),
    /// Not a JSON object.
    #[error("Invalid request object")]
    NotAnObject,
    /// An `AdmissionReview` without a request.
    #[error("invalid AdmissionReview object")]
    NoRequest,
    /// Not the fields an admission request has.
    #[error("cannot build AdmissionRequest object from given input: {0}")]
    Fields(serde_json::Error),
}

impl<'a> AdmissionRequest<'a> {
    /// Reads a bare admission request or the one in an `AdmissionReview`.
    ///
    /// # Errors
    /// When there is none in `json`.
    pub fn from_file(json: &'a str) -> Result<Self, RequestError> {
        #[derive(Deserialize)]
        struct Probe<'a> {
            #[serde(borrow)]
            kind: Option<&'a RawValue>,
            #[serde(borrow)]
            request: Option<&'a RawValue>,
        }
        let value: &RawValue = serde_json::from_str(json).map_err(RequestError::Json)?;
        if !value.get().starts_with('{') {
            return Err(RequestError::NotAnObject);
        }
        let probe: Probe = serde_json::from_str(json).map_err(RequestError::Fields)?;
        let request = match probe.kind {
            Some(kind) if kind.get() == r#""AdmissionReview""# => {
                probe.request.ok_or(RequestError::NoRequest)?.get()
            }
            _ => json,
        };
        serde_json::from_str(request).map_err(RequestError::Fields)
    }

    /// The request as JSON, normalised.
    ///
    /// # Errors
    /// Never in practice: every part has been read from JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let objects = [self.object, self.old_object].into_iter().flatten();
        let mut json = Vec::with_capacity(1024 + objects.map(|object| object.get().len()).sum::<usize>());
        serde_json::to_writer(&mut json, self)?;
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = r#"{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},
        "resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE","namespace":null,
        "userInfo":{"username":"a","groups":null},"object":{"b": [1, null]},"oldObject":null,"invented":1}"#;

    #[test]
    fn normalising_drops_null_and_unknown_fields_and_keeps_objects_byte_for_byte() {
        let request = AdmissionRequest::from_file(BARE).expect("a request");
        let json = String::from_utf8(request.to_json().expect("JSON")).expect("UTF-8");
        assert_eq!(
            json,
            r#"{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE","userInfo":{"username":"a"},"object":{"b": [1, null]}}"#
        );
    }

    #[test]
    fn an_admission_review_is_unwrapped() {
        let review = format!(r#"{{"apiVersion":"x","kind":"AdmissionReview","request":{BARE}}}"#);
        assert_eq!(AdmissionRequest::from_file(&review).expect("a request").uid, "u");
    }

    #[test]
    fn what_is_no_request_is_refused_with_kubewardens_texts() {
        let refused = |json: &str| AdmissionRequest::from_file(json).expect_err("no request").to_string();
        assert_eq!(refused("[]"), "Invalid request object");
        assert_eq!(refused(r#"{"kind":"AdmissionReview"}"#), "invalid AdmissionReview object");
        assert_eq!(
            refused(r#"{"kind":{"group":"","version":"v1","kind":"Pod"}}"#),
            "cannot build AdmissionRequest object from given input: missing field `uid` at line 1 column 49"
        );
        assert!(refused("{").starts_with("cannot parse the request: EOF"), "{}", refused("{"));
    }
}
