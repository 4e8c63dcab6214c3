//! Which fields of the objects it reads a policy needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::mask::Mask;
use super::objects::trim;
use crate::runtime::ResourceKind;

/// The annotation in a policy's metadata.
const ANNOTATION: &str = "dev.rollgate.policy.fields";

/// The fields of each kind that a live cluster is remembered by.
///
/// A policy lists them in the annotation `dev.rollgate.policy.fields` of its metadata, one kind a line:
/// `v1/ConfigMap: immutable binaryData{}`. A path is written as in a field mask; `{}` at its end keeps the names of
/// the members, or the number of items, and not what is in them. Metadata is always kept, and a kind that is not
/// listed is kept whole.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<ResourceKind, Mask>);

/// A line of the annotation that makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "annotations.{ANNOTATION}: {0:?} is no `apiVersion/Kind: field field` of a kind in contextAwareResources"
)]
pub struct UnreadableFields(String);

impl Fields {
    /// Reads the annotation of a policy that reads `kinds`.
    ///
    /// # Errors
    /// When a line names no such kind.
    pub fn new(
        annotations: Option<&BTreeMap<String, String>>,
        kinds: &BTreeSet<ResourceKind>,
    ) -> Result<Self, UnreadableFields> {
        let text = annotations.and_then(|annotations| annotations.get(ANNOTATION)).map_or("", String::as_str);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let read = |line: &str| {
            let (kind, fields) = line.split_once(": ")?;
            let (api_version, kind) = kind.rsplit_once('/')?;
            let kind = ResourceKind { api_version: api_version.to_owned(), kind: kind.to_owned() };
            kinds.contains(&kind).then(|| (kind, Mask::parse(fields.split_whitespace())))
        };
        let fields = lines.map(|line| read(line).ok_or_else(|| UnreadableFields(line.to_owned())));
        fields.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn of(&self, kind: &ResourceKind) -> Option<&Mask> {
        self.0.get(kind)
    }

    /// What is remembered of an object.
    #[must_use]
    pub fn kept(&self, object: Value) -> Value {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let kind = ResourceKind { api_version: text("apiVersion"), kind: text("kind") };
        trim(object, self.of(&kind))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Fields, UnreadableFields> {
        let kind = ResourceKind { api_version: "apps/v1".into(), kind: "Deployment".into() };
        let annotations = BTreeMap::from([(ANNOTATION.to_owned(), text.to_owned())]);
        Fields::new(Some(&annotations), &[kind].into())
    }

    #[test]
    fn a_kind_is_cut_to_its_fields_and_any_other_is_whole() {
        let fields = read("apps/v1/Deployment: spec.template status.conditions{}\n").expect("fields");
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"x": 1}, "replicas": 2}, "status": {"conditions": [{"type": "A"}], "y": 1}});
        assert_eq!(
            fields.kept(deployment),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
                "spec": {"template": {"x": 1}}, "status": {"conditions": [null]}})
        );
        let other = json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"}});
        assert_eq!(fields.kept(other.clone()), other);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        for line in ["apps/v1/Deployment", "Deployment: spec", "v1/Service: spec"] {
            assert_eq!(read(line).expect_err(line), UnreadableFields(line.to_owned()));
        }
    }
}
