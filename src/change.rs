//! Whether an update is a release at all.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;
use crate::scope::Governed;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    spec: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Workload<'a> {
    #[serde(borrow, default)]
    spec: WorkloadSpec<'a>,
}

#[derive(Default, Deserialize)]
struct WorkloadSpec<'a> {
    #[serde(borrow, default)]
    template: Option<&'a RawValue>,
}

/// Fields of a Rollout that scale or pause it, or restart its pods, and deliver nothing.
const NOT_DELIVERY: [&str; 3] = ["replicas", "paused", "restartAt"];

/// Whether an update from `old` to `new` changes what is delivered, or how.
///
/// Scaling, labels, annotations, finalizers, owners and status do not. Objects that cannot be compared are taken
/// to differ.
#[must_use]
pub fn is_release(kind: Governed, old: &str, new: &str) -> bool {
    match kind {
        Governed::Workload => match (json::from_str::<Workload>(old), json::from_str::<Workload>(new)) {
            (Ok(old), Ok(new)) => match (old.spec.template, new.spec.template) {
                (Some(old), Some(new)) => !same(old, new),
                (old, new) => old.is_some() != new.is_some(),
            },
            _ => true,
        },
        Governed::Rollout | Governed::Canary | Governed::AnalysisTemplate | Governed::MetricTemplate => {
            let ignored: &[&str] = if kind == Governed::Rollout { &NOT_DELIVERY } else { &[] };
            match (json::from_str::<Object>(old), json::from_str::<Object>(new)) {
                (Ok(old), Ok(new)) => {
                    let (old, new) = (delivery(old, ignored), delivery(new, ignored));
                    old.len() != new.len()
                        || old.iter().any(|(key, old)| new.get(key).is_none_or(|new| !same(old, new)))
                }
                _ => true,
            }
        }
    }
}

fn delivery<'a>(object: Object<'a>, ignored: &[&str]) -> BTreeMap<String, &'a RawValue> {
    object.spec.into_iter().filter(|(key, _)| !ignored.contains(&key.as_str())).collect()
}

/// Whether two JSON texts mean the same; the order of keys and white space do not matter.
fn same(one: &RawValue, other: &RawValue) -> bool {
    one.get() == other.get()
        || match (json::from_str::<Value>(one.get()), json::from_str::<Value>(other.get())) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"metadata":{"labels":{"a":"1"}},"spec":{"replicas":2,"strategy":{"x":1},"template":{"a":1,"b":2}}}"#;

    #[test]
    fn scaling_pausing_and_labels_are_no_release() {
        let scaled = r#"{"metadata":{},"status":{},"spec":{"replicas":9,"paused":true,"restartAt":"now","strategy":{"x":1},"template":{"b":2,"a":1}}}"#;
        assert!(!is_release(Governed::Rollout, OLD, scaled));
        assert!(!is_release(Governed::Workload, OLD, scaled));
    }

    #[test]
    fn a_new_template_or_strategy_is_one() {
        let image = r#"{"spec":{"replicas":2,"strategy":{"x":1},"template":{"a":2,"b":2}}}"#;
        let strategy = r#"{"spec":{"replicas":2,"strategy":{"x":2},"template":{"a":1,"b":2}}}"#;
        let dropped = r#"{"spec":{"replicas":2,"template":{"a":1,"b":2}}}"#;
        assert!(is_release(Governed::Rollout, OLD, image));
        assert!(is_release(Governed::Workload, OLD, image));
        assert!(is_release(Governed::Rollout, OLD, strategy));
        assert!(!is_release(Governed::Workload, OLD, strategy));
        assert!(is_release(Governed::Rollout, OLD, dropped));
    }

    #[test]
    fn what_cannot_be_compared_differs() {
        assert!(is_release(Governed::Rollout, "[]", OLD));
        assert!(is_release(Governed::Workload, "nonsense", OLD));
    }
}
