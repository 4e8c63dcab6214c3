//! Admission requests and responses, as far as a host has to look into them.

mod request;
mod response;

pub use request::{AdmissionRequest, GroupVersionKind, GroupVersionResource, RequestError, UserInfo};
pub use response::{AdmissionResponse, Original, Status, ValidationResponse};
