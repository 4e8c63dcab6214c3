//! Whether a request is a release at all.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::admission::Request;
use crate::controllers::{Named, SIGNALS_ANNOTATION};
use crate::json;
use crate::rollback;
use crate::scope::{Act, Governed, Target};

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(default)]
    metadata: Named,
}

/// Fields of a Rollout that scale or pause it, or restart its pods, and deliver nothing.
const NOT_DELIVERY: [&str; 3] = ["replicas", "paused", "restartAt"];

/// What a request changes of what is delivered. Nothing: scaling, labels, annotations, finalizers, owners, status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// The pods themselves: a release begins.
    pub version: bool,
    /// The way it is delivered.
    pub delivery: bool,
}

impl Change {
    /// A new object, or one that cannot be compared.
    const ALL: Self = Self { version: true, delivery: true };

    /// Whether there is nothing to judge.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What a request changes.
#[must_use]
pub fn of(target: Target, request: &Request<'_>) -> Change {
    let delivers = !matches!(target.kind, Governed::Run | Governed::Service | Governed::Route);
    match (target.act, request.object, request.old_object) {
        (Act::Apply, Some(new), Some(old)) if delivers => between(target.kind, old.get(), new.get()),
        (Act::Apply, Some(_), None) if delivers => Change::ALL,
        _ => Change::default(),
    }
}

fn between(kind: Governed, old: &str, new: &str) -> Change {
    let (Ok(old), Ok(new)) = (json::from_str::<Object>(old), json::from_str::<Object>(new)) else {
        return Change::ALL;
    };
    // What a template's author says it measures is part of it.
    let redeclared =
        old.metadata.annotations[SIGNALS_ANNOTATION] != new.metadata.annotations[SIGNALS_ANNOTATION];
    // Nobody but its controller changes a primary, not even to start it anew.
    let of_a_controller = kind == Governed::Workload && old.metadata.name.ends_with("-primary");
    let (old, new) = (old.spec.map_or("{}", RawValue::get), new.spec.map_or("{}", RawValue::get));
    // Most updates leave the whole spec as it is.
    if old == new {
        return Change { version: false, delivery: redeclared };
    }
    let (Some(mut old), Some(mut new)) = (delivery(kind, old), delivery(kind, new)) else {
        return Change::ALL;
    };
    let (before, after) = (pods(kind, &mut old), pods(kind, &mut new));
    // Clients write the same pods in several ways, and a restart only notes its time.
    let version = before != after
        && (of_a_controller || !rollback::is_same_template(&before, &after, &old["strategy"]));
    Change { version, delivery: redeclared || (kind != Governed::Workload && old != new) }
}

/// What of a spec is delivered, and how; the order of keys and white space do not matter.
fn delivery(kind: Governed, spec: &str) -> Option<Value> {
    let Ok(Value::Object(mut fields)) = json::from_str(spec) else { return None };
    if kind == Governed::Rollout {
        // The same on both sides, which is less code than to remove it.
        fields.extend(NOT_DELIVERY.map(|key| (key.to_owned(), Value::Null)));
    }
    Some(Value::Object(fields))
}

/// Takes out what the pods are made from. A Pod has no template: it is what it runs.
fn pods(kind: Governed, spec: &mut Value) -> Value {
    match kind {
        Governed::Rollout | Governed::Workload => match spec.get_mut("template") {
            Some(template) => template.take(),
            None if kind == Governed::Workload => spec.take(),
            // Whose pods they are. How those are scaled down is a way of delivery.
            None => Value::Array(["kind", "name"].map(|field| spec["workloadRef"][field].clone()).into()),
        },
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Change = Change { version: false, delivery: false };
    const VERSION: Change = Change { version: true, delivery: false };
    const DELIVERY: Change = Change { version: false, delivery: true };

    const OLD: &str = r#"{"metadata":{"labels":{"a":"1"}},"spec":{"replicas":2,"strategy":{"x":1},"template":{"a":1,"b":2}}}"#;

    #[test]
    fn scaling_pausing_and_labels_are_no_release() {
        let scaled = r#"{"metadata":{},"status":{},"spec":{"replicas":9,"paused":true,"restartAt":"now","strategy":{"x":1},"template":{"b":2,"a":1}}}"#;
        assert_eq!(NOTHING, between(Governed::Rollout, OLD, scaled));
        assert_eq!(NOTHING, between(Governed::Workload, OLD, scaled));
    }

    #[test]
    fn a_new_template_or_strategy_is_one() {
        let image = r#"{"spec":{"replicas":2,"strategy":{"x":1},"template":{"a":2,"b":2}}}"#;
        let strategy = r#"{"spec":{"replicas":2,"strategy":{"x":2},"template":{"a":1,"b":2}}}"#;
        let dropped = r#"{"spec":{"replicas":2,"template":{"a":1,"b":2}}}"#;
        assert_eq!(VERSION, between(Governed::Rollout, OLD, image));
        assert_eq!(VERSION, between(Governed::Workload, OLD, image));
        assert_eq!(DELIVERY, between(Governed::Rollout, OLD, strategy));
        assert_eq!(NOTHING, between(Governed::Workload, OLD, strategy));
        assert_eq!(DELIVERY, between(Governed::Rollout, OLD, dropped));
    }

    #[test]
    fn what_a_client_fills_in_is_none() {
        let of = |container: &str, metadata: &str| {
            format!(
                r#"{{"spec":{{"template":{{"metadata":{{{metadata}}},"spec":{{"containers":[{{{container}}}]}}}}}}}}"#
            )
        };
        let old = of(r#""image":"a:1""#, "");
        let filled = of(r#""image":"a:1","resources":{}"#, r#""creationTimestamp":null"#);
        assert_eq!(NOTHING, between(Governed::Rollout, &old, &filled));
        assert_eq!(NOTHING, between(Governed::Rollout, &filled, &old));
        assert_eq!(VERSION, between(Governed::Rollout, &old, &of(r#""image":"a:1","tty":true"#, "")));
        assert_eq!(NOTHING, between(Governed::Workload, &old, &filled));
        let primary = |json: &str| json.replacen('{', r#"{"metadata":{"name":"a-primary"},"#, 1);
        assert_eq!(VERSION, between(Governed::Workload, &primary(&old), &primary(&filled)));
    }

    #[test]
    fn another_workload_is_one_too() {
        let of = |name: &str, scale_down: &str| {
            format!(
                r#"{{"spec":{{"workloadRef":{{"kind":"Deployment","name":"{name}","scaleDown":"{scale_down}"}}}}}}"#
            )
        };
        let between = |new: &str| between(Governed::Rollout, &of("a", "never"), new);
        assert_eq!(Change::ALL, between(&of("b", "never")));
        assert_eq!(DELIVERY, between(&of("a", "onsuccess")));
        assert_eq!(Change::ALL, between(r#"{"spec":{"template":{}}}"#));
    }

    #[test]
    fn a_pod_is_what_it_runs() {
        let pod = |image: &str| format!(r#"{{"spec":{{"containers":[{{"image":"{image}"}}]}}}}"#);
        assert_eq!(VERSION, between(Governed::Workload, &pod("a"), &pod("b")));
        assert_eq!(NOTHING, between(Governed::Workload, &pod("a"), &pod("a")));
    }

    #[test]
    fn another_declaration_of_signals_is_one() {
        let declares = |signals: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"rollgate.dev/signals":"{signals}"}}}},"spec":{{"query":"q"}}}}"#
            )
        };
        assert_eq!(
            DELIVERY,
            between(Governed::MetricTemplate, &declares("latency"), &declares("error-rate"))
        );
        assert_eq!(NOTHING, between(Governed::MetricTemplate, &declares("latency"), &declares("latency")));
    }

    #[test]
    fn what_cannot_be_compared_differs() {
        assert_eq!(Change::ALL, between(Governed::Rollout, "[]", OLD));
        assert_eq!(Change::ALL, between(Governed::Workload, "nonsense", OLD));
    }
}
