//! Whether two pod templates mean the same.
//!
//! A Rollout holds what its author wrote, and a `ReplicaSet` what the API server made of it. What the server fills in
//! (`pkg/apis/core/v1/defaults.go` of Kubernetes, and the defaults its types declare) says the same as nothing. So does
//! what its types cannot tell from nothing. Everything else counts: an absent field is not one that is there.

use serde_json::{Map, Value};

use super::quantity::Quantity;
use crate::kubernetes::POD_HASH;

type Fields = Map<String, Value>;

/// Labels that controllers set on what they make of a template.
const HASH_LABELS: [&str; 3] = [POD_HASH, "pod-template-hash", "controller-revision-hash"];
/// Where `kubectl rollout restart` leaves the time; a revert from files keeps the last one.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// Where a Rollout's strategy declares labels and annotations that its controller adds to the template of a
/// `ReplicaSet`, and takes from it, as the roles change.
const ADDED_METADATA: [[&str; 2]; 4] = [
    ["canary", "canaryMetadata"],
    ["canary", "stableMetadata"],
    ["blueGreen", "previewMetadata"],
    ["blueGreen", "activeMetadata"],
];

/// Fields whose keys are the author's, with text as values: nothing in them is a default.
const TEXTS: [&str; 6] =
    ["labels", "annotations", "nodeSelector", "matchLabels", "volumeAttributes", "options"];
/// Fields whose values are amounts.
const AMOUNTS: [&str; 3] = ["limits", "requests", "overhead"];

/// Compares templates of one workload. As deep as the templates, which their reader bounds.
pub(super) struct Comparison<'a> {
    /// The Rollout's strategy, whose metadata its controller adds; null for other kinds.
    pub strategy: &'a Value,
}

impl Comparison<'_> {
    pub(super) fn same(&self, left: &Value, right: &Value) -> bool {
        self.same_value("", "template", left, right)
    }

    /// Compares what stands in `field`, or in the list there, of what stands in `holder`.
    fn same_value(&self, holder: &str, field: &str, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => self.same_fields(field, left, right),
            (Value::Array(left), Value::Array(right)) => {
                let mut right = right.iter().filter(|element| !is_injected(field, element));
                left.iter()
                    .filter(|element| !is_injected(field, element))
                    .all(|left| right.next().is_some_and(|right| self.same_value(holder, field, left, right)))
                    && right.next().is_none()
            }
            _ => left == right || is_amount(holder, field) && same_amount(left, right),
        }
    }

    fn same_fields(&self, holder: &str, left: &Fields, right: &Fields) -> bool {
        left.iter().all(|(field, value)| {
            let other = right.get(field).unwrap_or(&Value::Null);
            self.same_value(holder, field, value, other)
                || self.says_nothing(holder, left, field, value)
                    && self.says_nothing(holder, right, field, other)
        }) && right
            .iter()
            .all(|(field, value)| left.contains_key(field) || self.says_nothing(holder, right, field, value))
            && (holder != "spec" || service_account(left) == service_account(right))
    }

    /// Whether a field, which has these siblings, means what its absence means.
    fn says_nothing(&self, holder: &str, siblings: &Fields, field: &str, value: &Value) -> bool {
        if TEXTS.contains(&holder) {
            return value.is_null() || self.is_controllers(holder, field, value);
        }
        match value {
            Value::Null => true,
            Value::Object(fields) => {
                may_be_empty(holder, field)
                    && fields.iter().all(|(inner, value)| self.says_nothing(field, fields, inner, value))
            }
            Value::Array(elements) => elements.iter().all(|element| is_injected(field, element)),
            Value::Bool(value) => !value && OFF_BY_DEFAULT.contains(&field),
            Value::Number(number) => {
                number.as_i64().is_some_and(|number| is_default_number(holder, field, number))
            }
            // An empty storage class is none, and no storage class is the cluster's own.
            Value::String(text) if text.is_empty() => field != "storageClassName",
            Value::String(text) => match (holder, field) {
                (_, "imagePullPolicy") => implies(siblings.get("image"), text),
                ("image", "pullPolicy") => implies(siblings.get("reference"), text),
                // Compared by itself.
                ("spec", "serviceAccount" | "serviceAccountName") => true,
                ("resourceFieldRef", "divisor") => Quantity::read(text) == Some(Quantity::ZERO),
                _ => is_default_text(holder, field, text),
            },
        }
    }

    /// Whether a label or an annotation is a controller's, not the author's.
    fn is_controllers(&self, holder: &str, key: &str, value: &Value) -> bool {
        match holder {
            "labels" if HASH_LABELS.contains(&key) => true,
            "annotations" if key == RESTARTED_AT => true,
            "labels" | "annotations" => ADDED_METADATA
                .iter()
                .any(|[side, declared]| self.strategy[side][declared][holder][key] == *value),
            _ => false,
        }
    }
}

/// Whether a term of an affinity is what Argo Rollouts adds for `antiAffinity`; it keeps away from the stable pods too.
fn is_injected(field: &str, term: &Value) -> bool {
    // A preferred term wraps what a required one is.
    let term = match field {
        "preferredDuringSchedulingIgnoredDuringExecution" => &term["podAffinityTerm"],
        "requiredDuringSchedulingIgnoredDuringExecution" => term,
        _ => return false,
    };
    let expressions = term["labelSelector"]["matchExpressions"].as_array();
    expressions.is_some_and(|all| all.iter().any(|expression| expression["key"] == POD_HASH))
}

fn is_amount(holder: &str, field: &str) -> bool {
    AMOUNTS.contains(&holder)
        || matches!((holder, field), ("emptyDir", "sizeLimit") | ("resourceFieldRef", "divisor"))
}

fn same_amount(left: &Value, right: &Value) -> bool {
    amount(left).is_some_and(|left| amount(right) == Some(left))
}

fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::read(text),
        Value::Number(number) => Quantity::read(&number.to_string()),
        _ => None,
    }
}

/// The account has an older name, which is served beside the newer one and read where that is missing.
fn service_account(spec: &Fields) -> Option<&str> {
    let named = |field: &str| spec.get(field).and_then(Value::as_str).filter(|name| !name.is_empty());
    named("serviceAccountName").or_else(|| named("serviceAccount"))
}

/// Whether the image's name implies that policy: a `latest` image is always pulled.
fn implies(image: Option<&Value>, policy: &str) -> bool {
    let image = image.and_then(Value::as_str).unwrap_or_default();
    policy == if is_latest(image) { "Always" } else { "IfNotPresent" }
}

/// Whether the image's tag is `latest`, which it also is where neither a tag nor a digest is named.
fn is_latest(image: &str) -> bool {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    let path = name.rfind('/').map_or(name, |slash| &name[slash..]);
    path.split_once(':').map_or(digest.is_empty(), |(_, tag)| tag == "latest")
}

/// Fields whose object says nothing when nothing is said in it; `*` for those of any holder.
///
/// Where a type holds a pointer, an empty object may say something: an empty selector selects everything.
const MAY_BE_EMPTY: [(&str, &str); 6] = [
    ("*", "metadata"),
    ("*", "resources"),
    ("spec", "securityContext"),
    ("spec", "affinity"),
    ("affinity", "podAntiAffinity"),
    ("volumes", "emptyDir"),
];

/// Fields that are false where they are absent.
const OFF_BY_DEFAULT: [&str; 7] =
    ["hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly"];

/// Fields and what the API server fills in for them, or reads their absence from.
const DEFAULT_NUMBERS: [(&str, &str, i64); 17] = [
    ("*Probe", "initialDelaySeconds", 0),
    ("*Probe", "timeoutSeconds", 0),
    ("*Probe", "timeoutSeconds", 1),
    ("*Probe", "periodSeconds", 0),
    ("*Probe", "periodSeconds", 10),
    ("*Probe", "successThreshold", 0),
    ("*Probe", "successThreshold", 1),
    ("*Probe", "failureThreshold", 0),
    ("*Probe", "failureThreshold", 3),
    ("secret", "defaultMode", 0o644),
    ("configMap", "defaultMode", 0o644),
    ("downwardAPI", "defaultMode", 0o644),
    ("projected", "defaultMode", 0o644),
    ("spec", "terminationGracePeriodSeconds", 30),
    ("ports", "hostPort", 0),
    ("serviceAccountToken", "expirationSeconds", 3600),
    ("resourceFieldRef", "divisor", 0),
];

/// The same for fields that hold text.
const DEFAULT_TEXTS: [(&str, &str, &str); 20] = [
    ("template", "$patch", "replace"),
    ("spec", "restartPolicy", "Always"),
    ("spec", "dnsPolicy", "ClusterFirst"),
    ("spec", "schedulerName", "default-scheduler"),
    ("spec", "volumeMode", "Filesystem"),
    ("*", "terminationMessagePath", "/dev/termination-log"),
    ("*", "terminationMessagePolicy", "File"),
    ("ports", "protocol", "TCP"),
    ("httpGet", "path", "/"),
    ("httpGet", "scheme", "HTTP"),
    ("fieldRef", "apiVersion", "v1"),
    ("iscsi", "iscsiInterface", "default"),
    ("rbd", "pool", "rbd"),
    ("rbd", "user", "admin"),
    ("rbd", "keyring", "/etc/ceph/keyring"),
    ("azureDisk", "cachingMode", "ReadWrite"),
    ("azureDisk", "fsType", "ext4"),
    ("azureDisk", "kind", "Shared"),
    ("scaleIO", "storageMode", "ThinProvisioned"),
    ("scaleIO", "fsType", "xfs"),
];

/// Whether `holder` is what a table means: itself, what ends like it, or any.
#[inline(never)]
fn is_meant(holder: &str, meant: &str) -> bool {
    meant.strip_prefix('*').map_or(holder == meant, |end| holder.ends_with(end))
}

fn may_be_empty(holder: &str, field: &str) -> bool {
    TEXTS.contains(&field)
        || AMOUNTS.contains(&field)
        || MAY_BE_EMPTY.iter().any(|(meant, known)| *known == field && is_meant(holder, meant))
}

fn is_default_number(holder: &str, field: &str, number: i64) -> bool {
    DEFAULT_NUMBERS
        .iter()
        .any(|(meant, known, default)| *default == number && *known == field && is_meant(holder, meant))
}

fn is_default_text(holder: &str, field: &str, text: &str) -> bool {
    DEFAULT_TEXTS
        .iter()
        .any(|(meant, known, default)| *default == text && *known == field && is_meant(holder, meant))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Both ways, and each with itself.
    fn same(left: &Value, right: &Value) -> bool {
        let comparison = Comparison { strategy: &Value::Null };
        assert!(comparison.same(left, left) && comparison.same(right, right));
        let same = comparison.same(left, right);
        assert_eq!(same, comparison.same(right, left));
        same
    }

    /// A template whose only container has these fields beside its name.
    fn container(fields: Value) -> Value {
        let Value::Object(mut fields) = fields else { panic!("fields") };
        fields.insert("name".to_owned(), json!("app"));
        json!({"spec": {"containers": [fields], "initContainers": [fields]}})
    }

    fn volume(source: Value) -> Value {
        let Value::Object(mut fields) = source else { panic!("a source") };
        fields.insert("name".to_owned(), json!("data"));
        json!({"spec": {"volumes": [fields]}})
    }

    fn pod(spec: &Value) -> Value {
        json!({"spec": spec})
    }

    #[test]
    fn what_the_server_fills_in_says_nothing() {
        for (written, stored) in [
            (
                json!({"livenessProbe": {"exec": {}}}),
                json!({"livenessProbe": {"exec": {}, "timeoutSeconds": 1,
                "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}}),
            ),
            (
                json!({"startupProbe": {"grpc": {"port": 1}}}),
                json!({"startupProbe": {"grpc": {"port": 1, "service": ""},
                "initialDelaySeconds": 0, "periodSeconds": 10}}),
            ),
            (
                json!({"lifecycle": {"preStop": {"httpGet": {"port": 1}}}}),
                json!({"lifecycle": {"preStop": {"httpGet": {"port": 1, "path": "/", "scheme": "HTTP"}}}}),
            ),
            (
                json!({"env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "p"}}}]}),
                json!({"env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "p", "apiVersion": "v1"}}}]}),
            ),
            (
                json!({"env": [{"name": "N", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}),
                json!({"env": [{"name": "N", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}}]}),
            ),
            (json!({"env": [{"name": "N", "value": ""}]}), json!({"env": [{"name": "N"}]})),
            (
                json!({"resources": {"limits": {"memory": "1024Mi", "cpu": 2}, "requests": {}}}),
                json!({"resources": {"limits": {"memory": "1Gi", "cpu": "2"}}}),
            ),
            (
                json!({"args": [], "stdin": false, "volumeMounts": [{"readOnly": false}]}),
                json!({"command": null, "resources": {}, "volumeMounts": [{}]}),
            ),
        ] {
            assert!(same(&container(written.clone()), &container(stored)), "{written}");
        }
        for (written, stored) in [
            (
                json!({"secret": {"secretName": "s"}}),
                json!({"secret": {"secretName": "s", "defaultMode": 420}}),
            ),
            (json!({"hostPath": {"path": "/"}}), json!({"hostPath": {"path": "/", "type": ""}})),
            (json!({}), json!({"emptyDir": {}})),
            (json!({"emptyDir": {"sizeLimit": "0.5Gi"}}), json!({"emptyDir": {"sizeLimit": "512Mi"}})),
            (
                json!({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}),
                json!({"projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}}),
            ),
            (
                json!({"image": {"reference": "data:1"}}),
                json!({"image": {"reference": "data:1", "pullPolicy": "IfNotPresent"}}),
            ),
            (
                json!({"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}),
                json!({"ephemeral": {"volumeClaimTemplate": {"metadata": {"creationTimestamp": null}, "spec": {"volumeMode": "Filesystem", "resources": {}}}}}),
            ),
        ] {
            assert!(same(&volume(written.clone()), &volume(stored)), "{written}");
        }
    }

    #[test]
    fn what_means_something_counts() {
        for fields in [
            json!({"livenessProbe": {"timeoutSeconds": 2}}),
            json!({"livenessProbe": {"periodSeconds": 1}}),
            json!({"livenessProbe": {"terminationGracePeriodSeconds": 30}}),
            json!({"restartPolicy": "Always"}),
            json!({"securityContext": {}}),
            json!({"securityContext": {"allowPrivilegeEscalation": false}}),
            json!({"ports": [{}]}),
            json!({"lifecycle": {}}),
            json!({"args": [""]}),
            json!({"tty": true}),
        ] {
            assert!(!same(&container(fields.clone()), &container(json!({}))), "{fields}");
        }
        for spec in [
            json!({"terminationGracePeriodSeconds": 0}),
            json!({"automountServiceAccountToken": false}),
            json!({"enableServiceLinks": false}),
            json!({"hostNetwork": true}),
            json!({"restartPolicy": "Never"}),
            json!({"nodeSelector": {"disk": ""}}),
        ] {
            assert!(!same(&pod(&spec), &pod(&json!({}))), "{spec}");
        }
        let selector = |selector| {
            pod(&json!({"topologySpreadConstraints": [{"topologyKey": "z", "labelSelector": selector}]}))
        };
        assert!(!same(&selector(json!({})), &selector(json!(null))));
        let claim = |spec: Value| volume(json!({"ephemeral": {"volumeClaimTemplate": {"spec": spec}}}));
        assert!(!same(&claim(json!({"storageClassName": ""})), &claim(json!({}))));
    }

    #[test]
    fn lists_keep_their_order() {
        let args = |args: [&str; 2]| container(json!({"args": args}));
        assert!(!same(&args(["a", "b"]), &args(["b", "a"])));
    }

    #[test]
    fn the_pull_policy_follows_from_the_image() {
        for (image, policy) in [
            ("app", "Always"),
            ("registry:5000/app", "Always"),
            ("app:latest", "Always"),
            ("app:latest@sha256:00", "Always"),
            ("app:1", "IfNotPresent"),
            ("registry:5000/app:1", "IfNotPresent"),
            ("app@sha256:00", "IfNotPresent"),
        ] {
            let bare = || container(json!({"image": image}));
            let other = if policy == "Always" { "IfNotPresent" } else { "Always" };
            assert!(same(&container(json!({"image": image, "imagePullPolicy": policy})), &bare()), "{image}");
            assert!(!same(&container(json!({"image": image, "imagePullPolicy": other})), &bare()), "{image}");
        }
    }

    #[test]
    fn a_service_account_has_two_names() {
        let new = || pod(&json!({"serviceAccountName": "a"}));
        assert!(same(&pod(&json!({"serviceAccount": "a"})), &new()));
        assert!(same(&pod(&json!({"serviceAccount": "a", "serviceAccountName": "a"})), &new()));
        assert!(same(&pod(&json!({"serviceAccount": "a", "serviceAccountName": ""})), &new()));
        assert!(same(&pod(&json!({"serviceAccount": "b", "serviceAccountName": "a"})), &new()));
        assert!(!same(&pod(&json!({"serviceAccount": "b"})), &new()));
        assert!(!same(&pod(&json!({})), &new()));
    }

    #[test]
    fn hashes_and_restarts_are_not_the_authors() {
        let labelled = |metadata: Value| json!({"metadata": metadata, "spec": {}});
        for hash in HASH_LABELS {
            assert!(same(&labelled(json!({"labels": {hash: "1"}})), &labelled(json!({}))), "{hash}");
        }
        let restarted = labelled(json!({"annotations": {RESTARTED_AT: "2026-01-01T00:00:00Z"}}));
        assert!(same(&restarted, &labelled(json!(null))));
        assert!(!same(&labelled(json!({"annotations": {"a": ""}})), &labelled(json!({}))));
        assert!(!same(&labelled(json!({"labels": {"tty": "", "readOnly": "x"}})), &labelled(json!({}))));
    }
}
