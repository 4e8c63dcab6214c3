//! What is measured: requests of every kind in three sizes, and the objects that they are judged against.

pub mod managed_fields;
pub mod subjects;

use std::path::{Path, PathBuf};

use rollgate::manifest::{Source, read};
use serde_json::{Value, json};

pub use subjects::SUBJECTS;

/// The sizes in which each object is sent.
pub const SIZES: [Size; 3] = [Size::Small, Size::Typical, Size::Huge];

/// How large an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What has to be there, and nothing beside it.
    Small,
    /// As the API server sends it: with defaults of people and what it manages itself, in 6 KB.
    Typical,
    /// With the managed fields of many writers, in 250 KB.
    Huge,
}

impl Size {
    /// What it is called on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Typical => "typical",
            Self::Huge => "huge",
        }
    }

    /// An object in this size.
    pub fn of(self, object: &Value) -> Value {
        match self {
            Self::Small => subjects::trimmed(object),
            Self::Typical => managed_fields::filled(object, 6_000),
            Self::Huge => managed_fields::filled(object, 250_000),
        }
    }
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The objects of the examples, and of a cluster in which both controllers run.
pub fn examples() -> Vec<Value> {
    let sources = ["delivery/_examples", "demo/cluster.yaml"].map(|path| Source::Path(root().join(path)));
    let documents = read(&sources).expect("the examples");
    documents.iter().map(|document| serde_json::from_str(&document.json).expect("JSON")).collect()
}

/// The admission request by which a person creates `object`.
pub fn request(object: &Value) -> Value {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (group, version) = api_version.split_once('/').expect("a group");
    let resource = match kind.as_str() {
        "Canary" => "canaries".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": resource},
        "operation": "CREATE",
        "name": object["metadata"]["name"],
        "namespace": object["metadata"]["namespace"],
        "userInfo": {"username": "dev@example.com", "groups": ["system:authenticated"]},
        "object": object,
    })
}
