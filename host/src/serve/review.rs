//! Admission reviews on the wire.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::admission::{AdmissionRequest, AdmissionResponse};

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// Why a request gets no admission review in return.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

/// Reads the request of an admission review.
pub(super) fn parse(body: &[u8]) -> Result<AdmissionRequest<'_>, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Review<'a> {
        api_version: Option<String>,
        kind: Option<String>,
        #[serde(borrow)]
        request: Option<&'a RawValue>,
    }
    let review: Review<'_> = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("cannot parse the body as an AdmissionReview: {error}")))?;
    expect("apiVersion", review.api_version.as_deref(), API_VERSION)?;
    expect("kind", review.kind.as_deref(), KIND)?;
    let request = review.request.ok_or_else(|| Refusal::bad("the AdmissionReview has no request"))?;
    let request: AdmissionRequest<'_> = serde_json::from_str(request.get())
        .map_err(|error| Refusal::bad(format!("cannot read the request: {}", positioned(body, error))))?;
    if request.uid.is_empty() {
        return Err(Refusal::bad("cannot read the request: request.uid is empty"));
    }
    Ok(request)
}

fn expect(field: &str, found: Option<&str>, expected: &str) -> Result<(), Refusal> {
    match found {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(Refusal::bad(format!("{field} is {found:?}, expected {expected:?}"))),
        None => Err(Refusal::bad(format!("{field} is missing, expected {expected:?}"))),
    }
}

/// The same error with its line and column counted from the start of the body.
fn positioned(body: &[u8], error: serde_json::Error) -> serde_json::Error {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(borrow, rename = "request")]
        _request: AdmissionRequest<'a>,
    }
    serde_json::from_slice::<Whole<'_>>(body).err().unwrap_or(error)
}

/// An admission review that carries a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: &'a AdmissionResponse,
}

impl<'a> Answer<'a> {
    pub(super) fn new(response: &'a AdmissionResponse) -> Self {
        Self { api_version: API_VERSION, kind: KIND, response }
    }
}
