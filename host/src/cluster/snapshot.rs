//! A cluster as it was when it was read: of each object what rules read of it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use rollgate_policy::cluster::{Cluster, Kind, POD_HASH, Unreadable, names_in_releases};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::fields::Fields;

/// Takes the place of the namespace of an object that has none.
const NOWHERE: &str = "";

/// The objects that rules may ask for, found by name, label, and the workload that a release refers to.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    fields: Fields,
    kinds: HashMap<Kind, Held>,
    /// Why kinds could not be read.
    unreadable: HashMap<Kind, String>,
}

/// The objects of one kind.
#[derive(Debug, Default)]
struct Held {
    /// None where a later one has taken the place.
    objects: Vec<Option<Box<RawValue>>>,
    spaces: BTreeMap<Box<str>, Space>,
    /// Slots by the hash of a label. Hashes may collide.
    labelled: HashMap<u64, Vec<usize>>,
}

/// The slots of one namespace.
#[derive(Debug, Default)]
struct Space {
    named: BTreeMap<Box<str>, usize>,
    /// By the workload that they refer to.
    referring: HashMap<Box<str>, Vec<usize>>,
    /// Of Services, by the hash of one label that they select by.
    selecting: HashMap<u64, Vec<usize>>,
}

impl Snapshot {
    /// Keeps of each object its metadata and the `fields` of its kind.
    pub(crate) fn new(fields: Fields) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Takes in an object of a kind, which lists leave out of their items. What has no name is not taken.
    pub(crate) fn insert(&mut self, kind: Kind, mut object: Value) {
        let Some(members) = object.as_object_mut() else { return };
        members.insert("apiVersion".to_owned(), kind.api_version.into());
        members.insert("kind".to_owned(), kind.kind.into());
        let object = self.fields.kept(object);
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let (Some(name), Ok(json)) = (text("/metadata/name"), to_raw_value(&object)) else { return };
        let held = self.kinds.entry(kind).or_default();
        let slot = held.objects.len();
        let space = held.spaces.entry(text("/metadata/namespace").unwrap_or(NOWHERE).into()).or_default();
        if let Some(older) = space.named.insert(name.into(), slot) {
            held.objects[older] = None;
        }
        if let Some(workload) = reference(kind).and_then(text) {
            space.referring.entry(workload.into()).or_default().push(slot);
        }
        if kind == Kind::SERVICE
            && let Some(label) = selected(&object)
        {
            space.selecting.entry(label).or_default().push(slot);
        }
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        for (key, value) in labels.into_iter().flatten() {
            if let Some(value) = value.as_str() {
                held.labelled.entry(hash(key, value)).or_default().push(slot);
            }
        }
        held.objects.push(Some(json));
    }

    /// Nobody can tell which objects of a kind there are.
    pub(crate) fn cannot_read(&mut self, kind: Kind, reason: String) {
        self.unreadable.insert(kind, reason);
    }

    /// Whether nobody can tell which objects of a kind there are.
    pub(crate) fn is_unreadable(&self, kind: Kind) -> bool {
        self.unreadable.contains_key(&kind)
    }

    /// How many objects of a kind there are, as far as is known.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).map_or(0, |held| held.objects.len())
    }

    fn held(&self, kind: Kind) -> Result<Option<&Held>, Unreadable> {
        match self.unreadable.get(&kind) {
            Some(reason) => Err(Unreadable(format!("{}/{}: {reason}", kind.api_version, kind.kind))),
            None => Ok(self.kinds.get(&kind)),
        }
    }

    /// The object of that name.
    pub(crate) fn find(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<&RawValue>, Unreadable> {
        let Some(held) = self.held(kind)? else { return Ok(None) };
        let slot = [namespace.unwrap_or(NOWHERE), NOWHERE]
            .into_iter()
            .find_map(|namespace| held.spaces.get(namespace)?.named.get(name));
        Ok(slot.and_then(|slot| held.objects[*slot].as_deref()))
    }
}

impl Held {
    fn copies<'a>(&self, slots: impl IntoIterator<Item = &'a usize>) -> Vec<Box<RawValue>> {
        slots.into_iter().filter_map(|slot| self.objects[*slot].clone()).collect()
    }

    fn spaces(&self, namespace: Option<&str>) -> impl Iterator<Item = &Space> {
        let one =
            namespace.map(|namespace| [Some(namespace), Some(NOWHERE).filter(|none| *none != namespace)]);
        let some = one.into_iter().flatten().flatten().filter_map(|namespace| self.spaces.get(namespace));
        let all = namespace.is_none().then(|| self.spaces.values());
        some.chain(all.into_iter().flatten())
    }
}

/// Where the name is of the workload that a release refers to.
fn reference(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::CANARY => Some("/spec/targetRef/name"),
        Kind::ROLLOUT => Some("/spec/workloadRef/name"),
        _ => None,
    }
}

/// One of the labels that a Service selects by; who selects by none selects nothing.
fn selected(service: &Value) -> Option<u64> {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object)?;
    let (key, value) = selector.iter().find(|(key, _)| *key != POD_HASH)?;
    Some(hash(key, value.as_str()?))
}

fn hash(key: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, value).hash(&mut hasher);
    hasher.finish()
}

impl Cluster for Snapshot {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        Ok(self.find(kind, namespace, name)?.map(|json| json.get().to_owned()))
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let Some(held) = self.held(kind)? else { return Ok(Vec::new()) };
        Ok(held.copies(held.spaces(namespace).flat_map(|space| space.named.values())))
    }

    fn list_referring(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        workload: &str,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let Some(held) = self.held(kind)? else { return Ok(Vec::new()) };
        let mut slots = Vec::new();
        for space in held.spaces(namespace) {
            for name in names_in_releases(workload) {
                slots.extend(space.referring.get(name).into_iter().flatten());
            }
        }
        Ok(held.copies(&slots))
    }

    fn list_selecting(
        &self,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let Some(held) = self.held(Kind::SERVICE)? else { return Ok(Vec::new()) };
        let mut slots = Vec::new();
        for space in held.spaces(namespace) {
            for (key, value) in labels {
                slots.extend(space.selecting.get(&hash(key, value)).into_iter().flatten());
            }
        }
        Ok(held.copies(&slots))
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let (Some(held), Some((key, value))) = (self.held(kind)?, label.split_once('=')) else {
            return Ok(Vec::new());
        };
        Ok(held.labelled.get(&hash(key, value)).map_or_else(Vec::new, |slots| held.copies(slots)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(listed: Result<Vec<Box<RawValue>>, Unreadable>) -> Vec<String> {
        let name = |json: Box<RawValue>| {
            let value: Value = serde_json::from_str(json.get()).expect("JSON");
            format!("{}/{}", value["metadata"]["namespace"], value["metadata"]["name"]).replace('"', "")
        };
        listed.expect("a list").into_iter().map(name).collect()
    }

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (namespace, name, target, label) in [
            ("a", "one", "web", "x"),
            ("a", "two", "api", "x"),
            ("b", "one", "web", "y"),
            ("a", "two", "web", "y"),
        ] {
            snapshot.insert(
                Kind::CANARY,
                json!({"metadata": {"namespace": namespace, "name": name, "labels": {"l": label}},
                    "spec": {"targetRef": {"name": target}}}),
            );
        }
        snapshot
    }

    #[test]
    fn objects_are_found_by_name_namespace_and_label_and_of_two_the_later_counts() {
        let snapshot = snapshot();
        assert_eq!(names(snapshot.list(Kind::CANARY, None)), ["a/one", "a/two", "b/one"]);
        assert_eq!(names(snapshot.list(Kind::CANARY, Some("b"))), ["b/one"]);
        assert_eq!(names(snapshot.list_labelled(Kind::CANARY, "l=x")), ["a/one"]);
        assert!(
            snapshot.get(Kind::CANARY, Some("a"), "two").expect("a look-up").expect("it").contains("web")
        );
        assert_eq!(snapshot.get(Kind::CANARY, Some("b"), "two"), Ok(None));
        assert_eq!(names(snapshot.list(Kind::ROLLOUT, None)), [""; 0]);
    }

    #[test]
    fn releases_are_found_by_their_workload_and_its_primary() {
        let snapshot = snapshot();
        for workload in ["web", "web-primary"] {
            assert_eq!(
                names(snapshot.list_referring(Kind::CANARY, Some("a"), workload)),
                ["a/one", "a/two"],
                "{workload}"
            );
        }
        assert_eq!(names(snapshot.list_referring(Kind::CANARY, Some("a"), "api")), [""; 0]);
    }

    #[test]
    fn services_are_found_by_the_pods_they_select() {
        let mut snapshot = Snapshot::default();
        for (name, selector) in [
            ("both", json!({"app": "web", "tier": "1"})),
            ("one", json!({"app": "web"})),
            ("hashed", json!({"rollouts-pod-template-hash": "6b8f", "tier": "1"})),
            ("another", json!({"app": "api"})),
            ("nothing", json!({})),
        ] {
            let service =
                json!({"metadata": {"namespace": "a", "name": name}, "spec": {"selector": selector}});
            snapshot.insert(Kind::SERVICE, service);
        }
        let labels =
            [("app", "web"), ("tier", "1")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(names(snapshot.list_selecting(Some("a"), &labels)), ["a/both", "a/one", "a/hashed"]);
        assert_eq!(names(snapshot.list_selecting(Some("b"), &labels)), [""; 0]);
    }

    #[test]
    fn of_a_kind_that_could_not_be_read_nobody_can_tell() {
        let mut snapshot = snapshot();
        snapshot.cannot_read(Kind::CANARY, "forbidden".to_owned());
        let error = snapshot.list(Kind::CANARY, None).expect_err("unreadable");
        assert_eq!(error.0, "flagger.app/v1beta1/Canary: forbidden");
    }
}
