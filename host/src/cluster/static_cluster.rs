//! Objects from manifests that stand for a cluster.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::objects::{NotAnObject, Object, Objects};
use super::question::{Question, Unplaced};
use crate::runtime::{Capabilities, not_offered};

/// A cluster that holds a fixed set of objects.
///
/// An object without a namespace is found in every one: it is either cluster-wide or a manifest that gets its
/// namespace when it is applied.
#[derive(Debug, Default)]
pub struct StaticCluster {
    kinds: BTreeMap<(String, String), Objects>,
}

impl StaticCluster {
    /// Holds `objects`; of two with the same kind, namespace and name the later one counts.
    ///
    /// # Errors
    /// When a value has no `apiVersion`, `kind` or `metadata.name`.
    pub fn new(objects: impl IntoIterator<Item = Value>) -> Result<Self, NotAnObject> {
        let mut cluster = Self::default();
        for value in objects {
            let text = |name| value[name].as_str().map(str::to_owned).ok_or(NotAnObject(name));
            let (api_version, kind) = (text("apiVersion")?, text("kind")?);
            let object = Object::new(&api_version, &kind, value, None)?;
            cluster.kinds.entry((api_version, kind)).or_default().insert(object);
        }
        Ok(cluster)
    }
}

impl Capabilities for StaticCluster {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if namespace != "kubernetes" {
            return Err(not_offered(namespace, operation));
        }
        if operation == "can_i" {
            let reason = "manifests say nothing about who may do what";
            return Ok(json!({"allowed": false, "denied": true, "reason": reason}).to_string().into_bytes());
        }
        let Some(question) = Question::read(operation, payload)? else {
            return Err(not_offered(namespace, operation));
        };
        let (api_version, kind) = question.kind();
        let none = Objects::default();
        let objects = self.kinds.get(&(api_version.to_owned(), kind.to_owned())).unwrap_or(&none);
        question.answer(objects, Unplaced::Everywhere)
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
        assert_eq!(listed("list_resources_all", &all("", "")), ["floating", "a", "a"]);
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
