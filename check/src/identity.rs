//! What an object is called.

use std::borrow::Cow;

use rollgate_policy::admission::{Manifest, ManifestMetadata};
use serde_json::Value;

/// Kind, namespace and name. The reader lets nothing through without an apiVersion and a kind; a name that is no
/// text is the policy's to report.
#[must_use]
pub fn identify(json: &str) -> Manifest<'static> {
    let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    if let Ok(Manifest { api_version, kind, metadata: ManifestMetadata { name, namespace } }) =
        serde_json::from_str(json)
    {
        let metadata = ManifestMetadata { name: owned(name), namespace: namespace.map(owned) };
        return Manifest { api_version: owned(api_version), kind: owned(kind), metadata };
    }
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let text = |key: &str| Cow::Owned(value[key].as_str().unwrap_or_default().to_owned());
    Manifest { api_version: text("apiVersion"), kind: text("kind"), metadata: ManifestMetadata::default() }
}
