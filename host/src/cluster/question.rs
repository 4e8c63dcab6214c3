//! What a policy asks about objects, and the answer from the objects at hand.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::mask::Mask;
use super::objects::{Among, Objects};
use super::selector::Selector;

/// A question about objects of one kind.
#[derive(Debug)]
pub(super) enum Question {
    Get(Get),
    List(List),
}

#[derive(Debug, Deserialize)]
pub(super) struct Get {
    api_version: String,
    kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    field_masks: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct List {
    api_version: String,
    kind: String,
    pub(super) namespace: Option<String>,
    pub(super) label_selector: Option<String>,
    pub(super) field_selector: Option<String>,
    field_masks: Option<Vec<String>>,
}

/// Where an object without a namespace is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unplaced {
    /// In no namespace: its kind has none.
    Nowhere,
    /// In every one: it may be a manifest that gets its namespace when it is applied.
    Everywhere,
}

impl Question {
    /// Reads a call of `kubernetes/<operation>`; `None` when it asks for something else than objects.
    pub(super) fn read(operation: &str, payload: &[u8]) -> Result<Option<Self>, String> {
        let unreadable = |error| format!("cannot read the request: {error}");
        let list = || serde_json::from_slice::<List>(payload).map_err(unreadable);
        match operation {
            "get_resource" => serde_json::from_slice(payload).map_err(unreadable).map(Self::Get).map(Some),
            "list_resources_all" => Ok(Some(Self::List(List { namespace: None, ..list()? }))),
            "list_resources_by_namespace" => match list()? {
                List { namespace: None, .. } => {
                    Err("cannot read the request: missing field `namespace`".to_owned())
                }
                list => Ok(Some(Self::List(list))),
            },
            _ => Ok(None),
        }
    }

    /// API version and kind it asks for.
    pub(super) fn kind(&self) -> (&str, &str) {
        match self {
            Self::Get(Get { api_version, kind, .. }) | Self::List(List { api_version, kind, .. }) => {
                (api_version, kind)
            }
        }
    }

    /// The answer from the objects of that kind.
    pub(super) fn answer(&self, objects: &Objects, unplaced: Unplaced) -> Result<Vec<u8>, String> {
        match self {
            Self::Get(get) => get.answer(objects),
            Self::List(list) => list.answer(objects, unplaced),
        }
    }
}

/// What is said of an object that is not there. Policies look for these words, Kubewarden's.
fn not_found((api_version, kind): (&str, &str), name: &str, namespace: Option<&String>) -> String {
    format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")
}

/// Whether an answer says that an object is not there.
pub(crate) fn says_not_found(error: &str) -> bool {
    error.starts_with("Cannot find ") && error.contains(" named '")
}

/// Whether an answer says that the API does not serve the kind.
pub(crate) fn says_not_served(error: &str) -> bool {
    error.starts_with("Cannot find resource ")
}

/// What is said of a kind that the API does not serve.
pub(super) fn not_served((api_version, kind): (&str, &str)) -> String {
    format!("Cannot find resource {api_version}/{kind}")
}

impl Get {
    fn answer(&self, objects: &Objects) -> Result<Vec<u8>, String> {
        let Self { api_version, kind, name, namespace, field_masks } = self;
        // A kind without namespaces is asked for with one too.
        let found = objects.get(namespace.as_deref(), name).or_else(|| objects.get(None, name));
        let json = found.ok_or_else(|| not_found((api_version, kind), name, namespace.as_ref()))?;
        Ok(match Mask::new(field_masks.as_deref()) {
            Some(mask) => mask.apply(&read(json)).to_string().into_bytes(),
            None => json.as_bytes().to_vec(),
        })
    }
}

impl List {
    fn answer(&self, objects: &Objects, unplaced: Unplaced) -> Result<Vec<u8>, String> {
        let labels = Selector::parse(self.label_selector.as_deref())?;
        let fields = Selector::parse(self.field_selector.as_deref())?;
        let mask = Mask::new(self.field_masks.as_deref());
        let among = if let Some(name) = fields.value_of("metadata.name") {
            Among::Named(name)
        } else if let Some((key, value)) = labels.first_value() {
            Among::Labelled(key, value)
        } else {
            Among::All
        };
        let mut found = objects.list(self.namespace.as_deref(), among);
        if self.namespace.is_some() && unplaced == Unplaced::Everywhere {
            found.extend(objects.list(Some(""), among));
        }
        let (api_version, kind) =
            (Value::from(&*self.api_version), Value::from(format!("{}List", self.kind)));
        let mut reply = format!(r#"{{"apiVersion":{api_version},"kind":{kind},"metadata":{{}},"items":["#);
        let mut separator = "";
        for json in found {
            if labels.is_empty() && fields.is_empty() && mask.is_none() {
                let _ = write!(reply, "{separator}{json}");
            } else {
                let object = read(json);
                if !(labels.matches_labels(&object) && fields.matches_fields(&object)) {
                    continue;
                }
                let _ = match &mask {
                    Some(mask) => write!(reply, "{separator}{}", mask.apply(&object)),
                    None => write!(reply, "{separator}{json}"),
                };
            }
            separator = ",";
        }
        reply.push_str("]}");
        Ok(reply.into_bytes())
    }
}

/// Reads a stored object, which was written here.
fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
