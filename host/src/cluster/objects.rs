//! The objects of one kind, indexed by namespace, name and label.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::mask::Mask;

/// Takes the place of the namespace of an object that has none.
const NOWHERE: &str = "";

/// The objects of one kind, each as JSON text.
///
/// A look-up by name takes no longer among many objects, a list by namespace reads that namespace alone, and a list by
/// label the objects that carry it. Maps with an order give the same answer in every process.
#[derive(Debug, Default)]
pub(super) struct Objects {
    namespaces: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Stored>>,
    /// Hash of a label, namespace and name of an object that carries it. Hashes may collide.
    labels: BTreeSet<(u64, Arc<str>, Arc<str>)>,
    count: usize,
    bytes: usize,
    /// Counts the lists the objects were read from.
    generation: u32,
}

#[derive(Debug)]
struct Stored {
    json: Box<str>,
    generation: u32,
}

/// An object as it is stored.
#[derive(Debug)]
pub(super) struct Object {
    namespace: Arc<str>,
    name: Arc<str>,
    labels: Vec<u64>,
    json: Box<str>,
}

/// A value that is no Kubernetes object.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no Kubernetes object: {0} is missing or not a string")]
pub struct NotAnObject(pub(super) &'static str);

/// Which objects to look at: the narrowest set that is known to hold those that are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Among<'a> {
    All,
    Named(&'a str),
    Labelled(&'a str, &'a str),
}

impl Object {
    /// Takes in an object of the kind `api_version` and `kind`, which lists leave out of their items. Kept are its
    /// metadata and the fields in `fields`.
    pub(super) fn new(
        api_version: &str,
        kind: &str,
        mut value: Value,
        fields: Option<&Mask>,
    ) -> Result<Self, NotAnObject> {
        let Some(members) = value.as_object_mut() else { return Err(NotAnObject("metadata.name")) };
        members.insert("apiVersion".to_owned(), api_version.into());
        members.insert("kind".to_owned(), kind.into());
        let (namespace, name) = place(&value)?;
        let value = trim(value, fields);
        let labels = value.pointer("/metadata/labels").and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        Ok(Self {
            namespace,
            name,
            labels: labels.filter_map(|(key, value)| Some(label_hash(key, value.as_str()?))).collect(),
            json: value.to_string().into(),
        })
    }
}

/// `object` without what no policy reads, and without what is not in `fields`.
pub(super) fn trim(mut object: Value, fields: Option<&Mask>) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    match fields {
        Some(fields) => fields.apply(&object),
        None => object,
    }
}

/// Namespace and name of an object.
fn place(object: &Value) -> Result<(Arc<str>, Arc<str>), NotAnObject> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name").ok_or(NotAnObject("metadata.name"))?;
    Ok((text("/metadata/namespace").unwrap_or(NOWHERE).into(), name.into()))
}

fn label_hash(key: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, value).hash(&mut hasher);
    hasher.finish()
}

impl Objects {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What the objects' texts take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Stores an object, in place of one with the same namespace and name.
    pub(super) fn insert(&mut self, object: Object) {
        let Object { namespace, name, labels, json } = object;
        self.remove_at(&namespace, &name);
        self.count += 1;
        self.bytes += json.len();
        // The two names are kept once, however often they are used.
        let namespace =
            self.namespaces.get_key_value(&namespace).map_or(namespace, |(known, _)| known.clone());
        self.labels.extend(labels.into_iter().map(|label| (label, namespace.clone(), name.clone())));
        let stored = Stored { json, generation: self.generation };
        self.namespaces.entry(namespace).or_default().insert(name, stored);
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, object: &Value) -> Result<(), NotAnObject> {
        let (namespace, name) = place(object)?;
        self.remove_at(&namespace, &name);
        Ok(())
    }

    fn remove_at(&mut self, namespace: &Arc<str>, name: &Arc<str>) {
        let Some(objects) = self.namespaces.get_mut(namespace) else { return };
        let Some(Stored { json, .. }) = objects.remove(name) else { return };
        if objects.is_empty() {
            self.namespaces.remove(namespace);
        }
        self.count -= 1;
        self.bytes -= json.len();
        for label in labels_of(&json) {
            self.labels.remove(&(label, namespace.clone(), name.clone()));
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { generation: self.generation, ..Self::default() };
    }

    /// What is inserted from here on is what there is: see [`Objects::end_list`].
    pub(super) fn begin_list(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Forgets what was not inserted since [`Objects::begin_list`]: until here it was served.
    pub(super) fn end_list(&mut self) {
        let mut gone = Vec::new();
        for (namespace, objects) in &self.namespaces {
            let old = objects.iter().filter(|(_, stored)| stored.generation != self.generation);
            gone.extend(old.map(|(name, _)| (namespace.clone(), name.clone())));
        }
        for (namespace, name) in gone {
            self.remove_at(&namespace, &name);
        }
    }

    /// The object of that name in a namespace, or in none.
    pub(super) fn get(&self, namespace: Option<&str>, name: &str) -> Option<&str> {
        Some(&self.namespaces.get(namespace.unwrap_or(NOWHERE))?.get(name)?.json)
    }

    /// Objects of a namespace, or of none with the empty name, or of all; with `among` at least those it asks for.
    pub(super) fn list<'a>(&'a self, namespace: Option<&'a str>, among: Among<'a>) -> Vec<&'a str> {
        let mut found = Vec::new();
        if let Among::Labelled(key, value) = among {
            let label = label_hash(key, value);
            let first = (label, Arc::from(""), Arc::from(""));
            let carriers = self.labels.range(first..).take_while(|(other, ..)| *other == label);
            let here = carriers.filter(|(_, home, _)| namespace.is_none_or(|asked| asked == &**home));
            found.extend(here.filter_map(|(_, home, name)| self.get(Some(home), name)));
            return found;
        }
        let mut add = |objects: &'a BTreeMap<Arc<str>, Stored>| match among {
            Among::Named(name) => found.extend(objects.get(name).map(|stored| &*stored.json)),
            _ => found.extend(objects.values().map(|stored| &*stored.json)),
        };
        match namespace {
            Some(namespace) => self.namespaces.get(namespace).into_iter().for_each(&mut add),
            None => self.namespaces.values().for_each(&mut add),
        }
        found
    }
}

fn labels_of(json: &str) -> Vec<u64> {
    #[derive(serde::Deserialize)]
    struct Labelled {
        metadata: Metadata,
    }
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(default)]
        labels: Option<BTreeMap<String, Value>>,
    }
    let labels = serde_json::from_str(json).ok().and_then(|Labelled { metadata }| metadata.labels);
    let labels = labels.iter().flatten();
    labels.filter_map(|(key, value)| Some(label_hash(key, value.as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(namespace: &str, name: &str, labels: &Value) -> Object {
        let value = json!({"metadata": {"namespace": namespace, "name": name, "labels": labels}});
        Object::new("v1", "Service", value, None).expect("an object")
    }

    fn names(listed: &[&str]) -> Vec<String> {
        let name = |json: &&str| {
            let value: Value = serde_json::from_str(json).expect("JSON");
            format!("{}/{}", value["metadata"]["namespace"], value["metadata"]["name"]).replace('"', "")
        };
        listed.iter().map(name).collect()
    }

    #[test]
    fn lists_read_what_they_are_narrowed_to() {
        let mut objects = Objects::default();
        objects.insert(object("b", "one", &json!({"app": "one"})));
        objects.insert(object("a", "two", &json!({"app": "two"})));
        objects.insert(object("a", "one", &json!({"app": "one", "odd": 1})));
        assert_eq!(names(&objects.list(None, Among::All)), ["a/one", "a/two", "b/one"]);
        assert_eq!(names(&objects.list(Some("a"), Among::All)), ["a/one", "a/two"]);
        assert_eq!(names(&objects.list(None, Among::Named("one"))), ["a/one", "b/one"]);
        assert_eq!(names(&objects.list(None, Among::Labelled("app", "one"))), ["a/one", "b/one"]);
        assert_eq!(names(&objects.list(Some("b"), Among::Labelled("app", "one"))), ["b/one"]);
        assert!(objects.list(Some("c"), Among::All).is_empty());
        assert!(objects.list(None, Among::Labelled("app", "three")).is_empty());
    }

    #[test]
    fn an_object_that_changes_loses_its_old_labels() {
        let mut objects = Objects::default();
        objects.insert(object("a", "one", &json!({"app": "old"})));
        objects.insert(object("a", "one", &json!({"app": "new"})));
        assert_eq!(objects.len(), 1);
        assert!(objects.list(None, Among::Labelled("app", "old")).is_empty());
        assert_eq!(objects.bytes(), objects.get(Some("a"), "one").expect("the object").len());
        objects.remove(&json!({"metadata": {"namespace": "a", "name": "one"}})).expect("an object");
        assert_eq!((objects.len(), objects.bytes(), objects.labels.len()), (0, 0, 0));
        assert!(objects.namespaces.is_empty());
    }

    #[test]
    fn until_a_list_is_whole_the_old_objects_are_served() {
        let mut objects = Objects::default();
        objects.insert(object("a", "gone", &json!({})));
        objects.insert(object("a", "kept", &json!({})));
        objects.begin_list();
        objects.insert(object("a", "kept", &json!({})));
        objects.insert(object("a", "new", &json!({})));
        assert_eq!(objects.len(), 3);
        objects.end_list();
        assert_eq!(names(&objects.list(None, Among::All)), ["a/kept", "a/new"]);
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let value = json!({"metadata": {"name": "a", "managedFields": [1], "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}", "kept": "yes"}},
            "spec": {"type": "ClusterIP"}, "status": {}});
        let fields = Mask::parse(["spec"]);
        let object = Object::new("v1", "Service", value, Some(&fields)).expect("an object");
        let kept: Value = serde_json::from_str(&object.json).expect("JSON");
        assert_eq!(
            kept,
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"},
                "metadata": {"name": "a", "annotations": {"kept": "yes"}}})
        );
    }
}
