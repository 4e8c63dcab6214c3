//! Whether an update is a release at all.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::controllers::{Named, SIGNALS_ANNOTATION};
use crate::json;
use crate::scope::Governed;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(default)]
    metadata: Named,
}

/// Fields of a Rollout that scale or pause it, or restart its pods, and deliver nothing.
const NOT_DELIVERY: [&str; 3] = ["replicas", "paused", "restartAt"];

/// Whether an update from `old` to `new` changes what is delivered, or how.
///
/// Scaling, labels, annotations, finalizers, owners and status do not. Objects that cannot be compared are taken
/// to differ.
#[must_use]
pub fn is_release(kind: Governed, old: &str, new: &str) -> bool {
    let (Ok(old), Ok(new)) = (json::from_str::<Object>(old), json::from_str::<Object>(new)) else {
        return true;
    };
    // What a template's author says it measures is part of it.
    if old.metadata.annotations[SIGNALS_ANNOTATION] != new.metadata.annotations[SIGNALS_ANNOTATION] {
        return true;
    }
    let (old, new) = (old.spec.map_or("{}", RawValue::get), new.spec.map_or("{}", RawValue::get));
    // Most updates leave the whole spec as it is.
    if old == new {
        return false;
    }
    match (delivery(kind, old), delivery(kind, new)) {
        (Some(old), Some(new)) => old != new,
        _ => true,
    }
}

/// What of a spec is delivered; the order of keys and white space do not matter.
fn delivery(kind: Governed, spec: &str) -> Option<Value> {
    let Ok(Value::Object(mut fields)) = json::from_str(spec) else { return None };
    match kind {
        Governed::Workload => {
            // A Pod has no template: it is what it runs.
            if let Some(template) = fields.get_mut("template") {
                return Some(template.take());
            }
        }
        // The same on both sides, which is less code than to remove it.
        Governed::Rollout => fields.extend(NOT_DELIVERY.map(|key| (key.to_owned(), Value::Null))),
        Governed::Canary | Governed::AnalysisTemplate | Governed::MetricTemplate => {}
    }
    Some(Value::Object(fields))
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
    fn a_pod_is_what_it_runs() {
        let pod = |image: &str| format!(r#"{{"spec":{{"containers":[{{"image":"{image}"}}]}}}}"#);
        assert!(is_release(Governed::Workload, &pod("a"), &pod("b")));
        assert!(!is_release(Governed::Workload, &pod("a"), &pod("a")));
    }

    #[test]
    fn another_declaration_of_signals_is_one() {
        let declares = |signals: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"rollgate.dev/signals":"{signals}"}}}},"spec":{{"query":"q"}}}}"#
            )
        };
        assert!(is_release(Governed::MetricTemplate, &declares("latency"), &declares("error-rate")));
        assert!(!is_release(Governed::MetricTemplate, &declares("latency"), &declares("latency")));
    }

    #[test]
    fn what_cannot_be_compared_differs() {
        assert!(is_release(Governed::Rollout, "[]", OLD));
        assert!(is_release(Governed::Workload, "nonsense", OLD));
    }
}
