//! The manifest of a policy: one layer of WebAssembly, and the annotations of the policy's metadata.

use std::collections::BTreeMap;

use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_SOURCE;
use oci_client::manifest::{OciDescriptor, OciImageManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE};

use super::{Digest, RegistryError};

/// The content of the layer's configuration.
pub(super) const CONFIGURATION: &[u8] = b"{}";
/// The annotation that names a policy's source code.
const SOURCE: &str = "io.kubewarden.policy.source";

/// The layer that holds a policy.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// The manifest of a policy, as it is pushed.
pub(super) fn write(wasm: &[u8], annotations: BTreeMap<String, String>) -> OciImageManifest {
    OciImageManifest {
        config: descriptor(WASM_CONFIG_MEDIA_TYPE, CONFIGURATION),
        layers: vec![descriptor(WASM_LAYER_MEDIA_TYPE, wasm)],
        annotations: (!annotations.is_empty()).then_some(annotations),
        ..OciImageManifest::default()
    }
}

fn descriptor(media_type: &str, content: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(content).as_str().to_owned(),
        size: i64::try_from(content.len()).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}

/// The layer that a manifest names; the manifest must be one of a policy.
pub(super) fn layer(manifest: &[u8], what: &str) -> Result<Layer, RegistryError> {
    let not_a_policy = |reason: String| RegistryError::NotAPolicy { what: what.to_owned(), reason };
    let manifest: OciImageManifest = serde_json::from_slice(manifest).map_err(|_| {
        not_a_policy(
            "its manifest is none of an image with layers; one of several platforms is not taken".to_owned(),
        )
    })?;
    let [layer] = &manifest.layers[..] else {
        return Err(not_a_policy(format!("it has {} layers, where a policy has one", manifest.layers.len())));
    };
    if layer.media_type != WASM_LAYER_MEDIA_TYPE {
        return Err(not_a_policy(format!(
            "its layer is of the type {}, not {WASM_LAYER_MEDIA_TYPE}",
            layer.media_type
        )));
    }
    let digest = Digest::parse(&layer.digest);
    let digest =
        digest.ok_or_else(|| not_a_policy("the digest of its layer is none of sha256".to_owned()))?;
    let size = u64::try_from(layer.size);
    Ok(Layer {
        digest,
        size: size.map_err(|_| not_a_policy("the size of its layer is negative".to_owned()))?,
    })
}

/// The annotations of a manifest, of those in a policy's metadata. A text of several lines has no place there.
#[must_use]
pub fn annotations(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let (kept, dropped): (Vec<_>, Vec<_>) =
        metadata.iter().partition(|(_, value)| value.lines().count() <= 1);
    for (key, _) in dropped {
        tracing::debug!(key, "not an annotation of the manifest: it has several lines");
    }
    let mut all: BTreeMap<String, String> =
        kept.into_iter().map(|(key, value)| (key.clone(), value.trim().to_owned())).collect();
    if let Some(source) = all.get(SOURCE).cloned() {
        all.entry(ORG_OPENCONTAINERS_IMAGE_SOURCE.to_owned()).or_insert(source);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_of_one_line_and_name_the_source_twice() {
        let metadata = [(SOURCE, "https://host/source\n"), ("usage", "one\ntwo\n"), ("title", "a-policy")];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let expected = [
            (SOURCE, "https://host/source"),
            (ORG_OPENCONTAINERS_IMAGE_SOURCE, "https://host/source"),
            ("title", "a-policy"),
        ];
        let expected: BTreeMap<String, String> =
            expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(annotations(&metadata), expected);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let manifest = serde_json::to_vec(&write(b"\0asm", BTreeMap::new())).expect("JSON");
        let layer = layer(&manifest, "it").expect("a layer");
        assert_eq!((layer.digest, layer.size), (Digest::of(b"\0asm"), 4));
    }
}
