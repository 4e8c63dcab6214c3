//! Front ends: what a delivery controller was given, read into a [`DeliveryPlan`](crate::plan::DeliveryPlan).
//!
//! A new controller is a new folder here; no rule knows which one wrote a plan.

mod address;
pub mod argo;
pub mod flagger;
mod measure;
#[cfg(test)]
mod table;
mod traffic;
mod workload;

use crate::cluster::{Cluster, Kind};
use crate::plan::{DeliveryPlan, Missing};
use crate::{json, json_path};

pub(crate) use address::{has_host, is_http_url, reach};
pub(crate) use measure::{
    Meant, Queried, SIGNALS_ANNOTATION, declared_signal, meant, misdeclared, named_signal, queried,
};
pub(crate) use workload::{Referent, resolve_workload};

/// The annotation on a Rollout or a Canary that says what share of requests has to succeed, and over which time:
/// `99.9`, `99.9%/30d`.
pub(crate) const OBJECTIVE_ANNOTATION: &str = "rollgate.dev/slo";

/// The name of an object whose other metadata does not matter, and may be whatever it is.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub name: String,
    pub annotations: serde_json::Value,
}

/// Why an object of a governed kind could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// JSON path of the offending field.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Parses an object, or says which field is in the way.
pub(crate) fn parse<'de, T: serde::Deserialize<'de>>(json: &'de str) -> Result<T, Malformed> {
    json::from_str(json).map_err(|error| malformed(json, &error))
}

/// The plan of a Rollout or a Canary; `None` for any other kind.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape its controller reads.
pub fn read_plan(
    kind: &str,
    json: &str,
    namespace: &str,
    cluster: &dyn Cluster,
) -> Option<Result<DeliveryPlan, Malformed>> {
    match kind {
        "Rollout" => Some(argo::read_rollout(json, namespace, cluster)),
        "Canary" => Some(flagger::read_canary(json, namespace, cluster)),
        _ => None,
    }
}

/// Looks up an object that is referred to, and reads it.
pub(crate) fn look_up<T: serde::de::DeserializeOwned>(
    cluster: &dyn Cluster,
    kind: Kind,
    namespace: Option<&str>,
    name: &str,
) -> Result<T, Missing> {
    let json = cluster
        .get(kind, namespace, name)
        .map_err(|error| Missing::Unreadable(error.0))?
        .ok_or(Missing::NotFound)?;
    parse(&json).map_err(|error| Missing::Malformed(format!("{}: {error}", error.path)))
}

fn malformed(json: &str, error: &serde_json::Error) -> Malformed {
    let line_start: usize =
        json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let message = error.to_string();
    // The position is one in compact JSON, which nobody sees, and a struct is one of this program.
    let message = message.rsplit_once(" at line ").map_or(&*message, |(text, _)| text);
    Malformed {
        path: json_path::at(json, line_start + error.column()),
        message: match message.split_once("expected struct ") {
            Some((found, _)) => format!("{found}expected an object"),
            None => message.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::Metadata;

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        for (json, path) in [
            (r#"{"name":"a","labels":{"b":1}}"#, "labels.b"),
            (r#"{"ownerReferences":[1]}"#, "ownerReferences[0]"),
            ("{\"name\":\n  true}", "name"),
            (r#"{"ownerReferences":[{"name":"a"},{"controller":"yes"}]}"#, "ownerReferences[1].controller"),
        ] {
            let error = parse::<Metadata>(json).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(!error.message.contains("column") && !error.message.contains("struct"), "{error}");
        }
    }
}
