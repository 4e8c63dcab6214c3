//! Field masks: which parts of an object a policy wants.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The parts to keep, as a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask(BTreeMap<String, Part>);

#[derive(Clone, Debug)]
enum Part {
    Whole,
    /// The names of members, or the number of items.
    Outline,
    Some(Mask),
}

/// Ends a path of which the outline is kept.
const OUTLINE: &str = "{}";

impl Mask {
    /// Reads dotted paths; `None` when they ask for everything.
    pub(super) fn new(paths: Option<&[String]>) -> Option<Self> {
        let paths = paths.filter(|paths| !paths.is_empty())?;
        Some(Self::parse(paths.iter().map(String::as_str)))
    }

    /// Reads dotted paths; none of them asks for nothing.
    pub(super) fn parse<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut root = Self::default();
        for path in paths {
            root.insert(path);
        }
        root
    }

    fn insert(&mut self, path: &str) {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        if !rest.is_empty() {
            let part = self.0.entry(first.to_owned()).or_insert_with(|| Part::Some(Self::default()));
            if let Part::Some(mask) = part {
                mask.insert(rest);
            }
            return;
        }
        match first.strip_suffix(OUTLINE) {
            Some(name) => self.0.insert(name.to_owned(), Part::Outline),
            None => self.0.insert(first.to_owned(), Part::Whole),
        };
    }

    /// `object` without what the mask leaves out. Type and metadata always stay whole.
    pub(super) fn apply(&self, object: &Value) -> Value {
        let Value::Object(members) = object else { return object.clone() };
        let kept = members.iter().filter_map(|(name, value)| match name.as_str() {
            "apiVersion" | "kind" | "metadata" => Some((name.clone(), value.clone())),
            _ => Some((name.clone(), self.0.get(name)?.prune(value)?)),
        });
        Value::Object(kept.collect())
    }

    fn prune(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => {
                let kept: Map<_, _> = members
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), self.0.get(name)?.prune(value)?)))
                    .collect();
                Some(Value::Object(kept))
            }
            Value::Array(items) => Some(items.iter().filter_map(|item| self.prune(item)).collect()),
            _ => None,
        }
    }
}

impl Part {
    fn prune(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Some(mask), _) => mask.prune(value),
            (Self::Outline, Value::Object(members)) => {
                Some(members.keys().map(|name| (name.clone(), Value::Null)).collect())
            }
            (Self::Outline, Value::Array(items)) => Some(vec![Value::Null; items.len()].into()),
            _ => Some(value.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shorter_path_keeps_the_subtree_in_any_order() {
        let object = json!({"spec": {"a": {"b": 1, "c": 2}, "d": 3}});
        for paths in [["spec.a", "spec.a.b"], ["spec.a.b", "spec.a"]] {
            let paths = paths.map(str::to_owned);
            let mask = Mask::new(Some(&paths)).expect("a mask");
            assert_eq!(mask.apply(&object), json!({"spec": {"a": {"b": 1, "c": 2}}}));
        }
    }

    #[test]
    fn no_path_asks_for_everything() {
        assert!(Mask::new(None).is_none());
        assert!(Mask::new(Some(&[])).is_none());
    }
}
