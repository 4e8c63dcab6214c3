//! What the rules may ask for: the objects of the set, and of a cluster what the set does not hold.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use rollgate_policy::cluster::{Cluster, Kind, Unreadable, names_in_releases};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Object;

/// A cluster that several threads ask.
pub type SharedCluster = dyn Cluster + Sync;

/// The objects of the set, found by kind, namespace and name.
///
/// One without a namespace is found in every one: it gets its namespace when it is applied. Of two with the same
/// name the later counts.
pub struct World<'a> {
    objects: &'a [Object],
    /// Indices of objects, one for each that differs in kind, namespace or name.
    slots: Vec<usize>,
    /// Slots by kind and name.
    named: HashMap<(usize, &'a str), Vec<usize>>,
    /// Slots by kind and namespace.
    spaced: HashMap<(usize, Option<&'a str>), Vec<usize>>,
    /// Slots of releases by kind and the workload they refer to.
    referring: HashMap<(usize, String), Vec<usize>>,
    beyond: Option<&'a SharedCluster>,
}

impl<'a> World<'a> {
    /// The world in which there are these objects, and `beyond` for what is not among them.
    #[must_use]
    pub fn new(objects: &'a [Object], beyond: Option<&'a SharedCluster>) -> Self {
        let mut world = Self {
            objects,
            slots: Vec::new(),
            named: HashMap::new(),
            spaced: HashMap::new(),
            referring: HashMap::new(),
            beyond,
        };
        for (index, object) in objects.iter().enumerate() {
            let identity = &object.identity;
            let Some(kind) = Kind::named(&identity.api_version, &identity.kind).and_then(position) else {
                continue;
            };
            let namespace = identity.metadata.namespace.as_deref();
            let named = world.named.entry((kind, &*identity.metadata.name)).or_default();
            let same = |slot: &&usize| {
                objects[world.slots[**slot]].identity.metadata.namespace.as_deref() == namespace
            };
            if let Some(slot) = named.iter().find(same) {
                world.slots[*slot] = index;
                continue;
            }
            named.push(world.slots.len());
            world.spaced.entry((kind, namespace)).or_default().push(world.slots.len());
            world.slots.push(index);
        }
        for kind in [Kind::CANARY, Kind::ROLLOUT] {
            world.index_references(kind);
        }
        world
    }

    fn index_references(&mut self, kind: Kind) {
        let Some(kind) = position(kind) else { return };
        for slot in self.spaced.iter().filter(|((other, _), _)| *other == kind).flat_map(|(_, slots)| slots) {
            let json = &self.objects[self.slots[*slot]].json;
            let Release { spec } = serde_json::from_str(json.get()).unwrap_or_default();
            for workload in [spec.target_ref, spec.workload_ref].into_iter().flatten() {
                self.referring.entry((kind, workload.name)).or_default().push(*slot);
            }
        }
    }

    fn find(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Option<&'a Object> {
        let slots = self.named.get(&(position(kind)?, name))?;
        slots.iter().map(|slot| &self.objects[self.slots[*slot]]).find(|object| is_in(object, namespace))
    }

    /// All of a kind in a namespace, in the order of the set.
    fn all(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &'a Object> {
        let mut slots: Vec<usize> = Vec::new();
        if let Some(kind) = position(kind) {
            if namespace.is_some() {
                for namespace in [namespace, None] {
                    slots.extend(self.spaced.get(&(kind, namespace)).into_iter().flatten());
                }
            } else {
                let of_kind = self.spaced.iter().filter(|((other, _), _)| *other == kind);
                slots.extend(of_kind.flat_map(|(_, slots)| slots));
            }
        }
        slots.sort_unstable();
        slots.into_iter().map(|slot| &self.objects[self.slots[slot]])
    }

    /// Those of the set, and of the cluster those that the set does not hold.
    fn with_beyond(
        &self,
        kind: Kind,
        own: Vec<Box<RawValue>>,
        listed: impl FnOnce(&SharedCluster) -> Result<Vec<Box<RawValue>>, Unreadable>,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let mut all = own;
        if let Some(beyond) = self.beyond {
            let is_new = |json: &RawValue| {
                let read = serde_json::from_str::<Named>(json.get()).unwrap_or_default();
                self.find(kind, read.metadata.namespace.as_deref(), &read.metadata.name).is_none()
            };
            all.extend(listed(beyond)?.into_iter().filter(|json| is_new(json)));
        }
        Ok(all)
    }
}

/// Whether an object is found in a namespace, or in any.
fn is_in(object: &Object, namespace: Option<&str>) -> bool {
    let own = object.identity.metadata.namespace.as_deref();
    namespace.is_none_or(|namespace| own.is_none_or(|own| own == namespace))
}

fn position(kind: Kind) -> Option<usize> {
    Kind::ALL.iter().position(|known| *known == kind)
}

/// What a Canary or Rollout says of its workload.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Release {
    spec: ReleaseSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReleaseSpec {
    target_ref: Option<Workload>,
    workload_ref: Option<Workload>,
}

#[derive(Deserialize)]
struct Workload {
    #[serde(default)]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: Option<String>,
    labels: Option<HashMap<String, String>>,
}

impl Cluster for World<'_> {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        match (self.find(kind, namespace, name), self.beyond) {
            (Some(object), _) => Ok(Some(object.json.get().to_owned())),
            (None, Some(beyond)) => beyond.get(kind, namespace, name),
            (None, None) => Ok(None),
        }
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let own = self.all(kind, namespace).map(|object| object.json.clone()).collect();
        self.with_beyond(kind, own, |beyond| beyond.list(kind, namespace))
    }

    fn list_referring(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        workload: &str,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let mut slots: Vec<usize> = Vec::new();
        for name in names_in_releases(workload) {
            let key = position(kind).map(|kind| (kind, name.to_owned()));
            slots.extend(key.and_then(|key| self.referring.get(&key)).into_iter().flatten());
        }
        slots.sort_unstable();
        let objects = slots.into_iter().map(|slot| &self.objects[self.slots[slot]]);
        let here = objects.filter(|object| is_in(object, namespace));
        let own = here.map(|object| object.json.clone()).collect();
        self.with_beyond(kind, own, |beyond| beyond.list_referring(kind, namespace, workload))
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let carries = |object: &&Object| {
            let read = serde_json::from_str::<Named>(object.json.get()).unwrap_or_default();
            let labels = read.metadata.labels.unwrap_or_default();
            label.split_once('=').is_some_and(|(key, value)| labels.get(key).is_some_and(|own| own == value))
        };
        let own = self.all(kind, None).filter(carries).map(|object| object.json.clone()).collect();
        self.with_beyond(kind, own, |beyond| beyond.list_labelled(kind, label))
    }
}

/// The world as one review sees it, noting whether it asked by name for something in certain files.
pub struct Watched<'a> {
    /// The world.
    pub world: &'a World<'a>,
    /// The files, by index.
    pub files: &'a BTreeSet<usize>,
    /// Whether something in them was asked for.
    pub asked: Cell<bool>,
}

impl Cluster for Watched<'_> {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        let found = self.world.find(kind, namespace, name);
        if found.is_some_and(|object| self.files.contains(&object.file)) {
            self.asked.set(true);
        }
        self.world.get(kind, namespace, name)
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.world.list(kind, namespace)
    }

    fn list_referring(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        workload: &str,
    ) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.world.list_referring(kind, namespace, workload)
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        self.world.list_labelled(kind, label)
    }
}
