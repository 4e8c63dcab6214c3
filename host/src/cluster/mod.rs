//! Objects from manifests that stand for a cluster.

mod load;
mod mask;
mod selector;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::runtime::{Capabilities, not_offered};
pub use load::{LoadObjectsError, cluster_objects};
use mask::Mask;
use selector::Selector;

/// A cluster that holds a fixed set of objects.
///
/// An object without a namespace is found in every one: it is either cluster-wide or a manifest that gets its
/// namespace when it is applied.
#[derive(Debug, Default)]
pub struct StaticCluster {
    kinds: BTreeMap<(String, String), Vec<Object>>,
}

#[derive(Debug)]
struct Object {
    namespace: Option<String>,
    name: String,
    value: Value,
    json: Vec<u8>,
}

/// A value that is no Kubernetes object.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no Kubernetes object: {0} is missing or not a string")]
pub struct NotAnObject(&'static str);

#[derive(Deserialize)]
struct Get {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    field_masks: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct List {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    label_selector: Option<String>,
    field_selector: Option<String>,
    field_masks: Option<Vec<String>>,
}

impl StaticCluster {
    /// Holds `objects`; of two with the same kind, namespace and name the later one counts.
    ///
    /// # Errors
    /// When a value has no `apiVersion`, `kind` or `metadata.name`.
    pub fn new(objects: impl IntoIterator<Item = Value>) -> Result<Self, NotAnObject> {
        let mut cluster = Self::default();
        for value in objects {
            cluster.insert(value)?;
        }
        Ok(cluster)
    }

    fn insert(&mut self, mut value: Value) -> Result<(), NotAnObject> {
        let text = |pointer: &str, name| {
            value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or(NotAnObject(name))
        };
        let api_version = text("/apiVersion", "apiVersion")?;
        let kind = text("/kind", "kind")?;
        let name = text("/metadata/name", "metadata.name")?;
        let namespace = text("/metadata/namespace", "metadata.namespace").ok();
        // As a host with a cluster behind it does: policies have no use for them, and they are long.
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            }
        }
        let json = value.to_string().into_bytes();
        let objects = self.kinds.entry((api_version, kind)).or_default();
        objects.retain(|object| object.name != name || object.namespace != namespace);
        objects.push(Object { namespace, name, value, json });
        Ok(())
    }

    fn objects(&self, api_version: String, kind: String) -> &[Object] {
        self.kinds.get(&(api_version, kind)).map_or(&[], Vec::as_slice)
    }

    fn get(&self, question: Get) -> Result<Vec<u8>, String> {
        let Get { api_version, kind, name, namespace, field_masks } = question;
        let missing =
            format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'");
        let objects = self.objects(api_version, kind);
        let object = objects
            .iter()
            .find(|object| object.name == name && object.namespace == namespace)
            .or_else(|| objects.iter().find(|object| object.name == name && object.namespace.is_none()))
            .ok_or(missing)?;
        Ok(match Mask::new(field_masks.as_deref()) {
            Some(mask) => mask.apply(&object.value).to_string().into_bytes(),
            None => object.json.clone(),
        })
    }

    fn list(&self, question: List) -> Result<Vec<u8>, String> {
        let labels = Selector::parse(question.label_selector.as_deref())?;
        let fields = Selector::parse(question.field_selector.as_deref())?;
        let mask = Mask::new(question.field_masks.as_deref());
        let header = (question.api_version.clone(), format!("{}List", question.kind));
        let items: Vec<Value> = self
            .objects(question.api_version, question.kind)
            .iter()
            .filter(|object| match (&question.namespace, &object.namespace) {
                (Some(asked), Some(namespace)) => asked == namespace,
                _ => true,
            })
            .filter(|object| labels.matches_labels(&object.value) && fields.matches_fields(&object.value))
            .map(|object| {
                mask.as_ref().map_or_else(|| object.value.clone(), |mask| mask.apply(&object.value))
            })
            .collect();
        let list = json!({"apiVersion": header.0, "kind": header.1, "metadata": {}, "items": items});
        Ok(list.to_string().into_bytes())
    }
}

impl Capabilities for StaticCluster {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let unreadable = |error| format!("cannot read the request: {error}");
        match (namespace, operation) {
            ("kubernetes", "get_resource") => self.get(serde_json::from_slice(payload).map_err(unreadable)?),
            ("kubernetes", "list_resources_all") => {
                let question: List = serde_json::from_slice(payload).map_err(unreadable)?;
                self.list(List { namespace: None, ..question })
            }
            ("kubernetes", "list_resources_by_namespace") => {
                let question: List = serde_json::from_slice(payload).map_err(unreadable)?;
                if question.namespace.is_none() {
                    return Err("cannot read the request: missing field `namespace`".to_owned());
                }
                self.list(question)
            }
            ("kubernetes", "can_i") => {
                let reason = "manifests say nothing about who may do what";
                Ok(json!({"allowed": false, "denied": true, "reason": reason}).to_string().into_bytes())
            }
            _ => Err(not_offered(namespace, operation)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> StaticCluster {
        StaticCluster::new([
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP", "ports": [{"port": 1}]},
                "metadata": {"name": "a", "namespace": "x", "labels": {"app": "a"}, "managedFields": [1]}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "y"}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "floating"}}),
        ])
        .expect("objects")
    }

    fn ask(operation: &str, question: &Value) -> Result<Value, String> {
        let answer = cluster().call("kubernetes", operation, question.to_string().as_bytes())?;
        Ok(serde_json::from_slice(&answer).expect("JSON"))
    }

    fn listed(operation: &str, question: &Value) -> Vec<String> {
        let list = ask(operation, question).expect("a list");
        assert_eq!(list["kind"], "ServiceList");
        assert_eq!(list["apiVersion"], "v1");
        let items = list["items"].as_array().expect("items");
        items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn an_object_is_found_by_kind_namespace_and_name() {
        let get = |namespace: Option<&str>, name: &str| {
            ask(
                "get_resource",
                &json!({"api_version": "v1", "kind": "Service", "name": name, "namespace": namespace}),
            )
        };
        let found = get(Some("x"), "a").expect("an object");
        assert_eq!(found["metadata"]["namespace"], "x");
        assert_eq!(found["metadata"].get("managedFields"), None);
        assert!(get(Some("z"), "floating").is_ok());
        assert_eq!(
            get(Some("z"), "a"),
            Err(r#"Cannot find v1/Service named 'a' inside of namespace 'Some("z")'"#.into())
        );
        assert_eq!(get(None, "b"), Err("Cannot find v1/Service named 'b' inside of namespace 'None'".into()));
    }

    #[test]
    fn a_mask_prunes_everything_but_metadata_and_type() {
        let question = json!({"api_version": "v1", "kind": "Service", "name": "a", "namespace": "x",
            "field_masks": ["spec.ports.port"]});
        assert_eq!(
            ask("get_resource", &question),
            Ok(json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 1}]},
                "metadata": {"name": "a", "namespace": "x", "labels": {"app": "a"}}}))
        );
    }

    #[test]
    fn lists_are_narrowed_by_namespace_and_selectors() {
        let all = |labels: &str, fields: &str| json!({"api_version": "v1", "kind": "Service", "label_selector": labels, "field_selector": fields});
        assert_eq!(listed("list_resources_all", &all("", "")), ["a", "a", "floating"]);
        assert_eq!(listed("list_resources_all", &all("app=a", "")), ["a"]);
        assert_eq!(listed("list_resources_all", &all("!app", "metadata.name=a")), ["a"]);
        let one = json!({"api_version": "v1", "kind": "Service", "namespace": "y"});
        assert_eq!(listed("list_resources_by_namespace", &one), ["a", "floating"]);
        assert_eq!(
            ask("list_resources_all", &all("app in (a)", "")),
            Err("cannot read selector `app in (a)`: only =, ==, != and (non-)existence are offered".into())
        );
    }

    #[test]
    fn nobody_may_do_anything() {
        let answer = ask("can_i", &json!({"subject_access_review": {}})).expect("an answer");
        assert_eq!(answer["allowed"], false);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let refused = StaticCluster::new([json!({"apiVersion": "v1", "kind": "Service", "metadata": {}})]);
        assert_eq!(refused.expect_err("no name"), NotAnObject("metadata.name"));
    }
}
