//! Front ends: what a delivery controller was given, read into a [`DeliveryPlan`](crate::plan::DeliveryPlan).
//!
//! A new controller is a new folder here; no rule knows which one wrote a plan.

pub mod argo;
pub mod flagger;
mod measure;
mod workload;

pub(crate) use measure::{SIGNALS_ANNOTATION, declared_measure, measure_by_name, queried_measure};
pub(crate) use workload::{Referent, resolve_workload};

/// Why an object of a governed kind could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// JSON path of the offending field.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Parses an object, or says which field is in the way.
pub(crate) fn parse<'de, T: serde::Deserialize<'de>>(json: &'de str) -> Result<T, Malformed> {
    serde_json::from_str(json).or_else(|_| {
        // Only now, so that a well-formed object does not pay for keeping track of the path.
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json)).map_err(|error| {
            Malformed {
                path: error.path().to_string(),
                message: without_position(&error.into_inner().to_string()),
            }
        })
    })
}

/// Drops the `at line 1 column 2` of the compact JSON, which nobody sees.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}
