//! What a policy asks its host, as recordings write it.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::scalar;

/// A question by its tag, with its members as they were sent.
///
/// Two are equal whatever the order of members, and members that are null or false count as absent: older recordings
/// lack the newer ones.
#[derive(Debug)]
pub(super) struct Question {
    tag: String,
    members: Map<String, Value>,
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag && self.significant() == other.significant()
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.tag, Value::Object(self.significant()))
    }
}

impl Question {
    fn new(tag: &str, members: Value) -> Result<Self, String> {
        let Value::Object(members) = members else {
            return Err(format!("the request {tag} has no members"));
        };
        Ok(Self { tag: tag.to_owned(), members })
    }

    fn significant(&self) -> Map<String, Value> {
        let mut members = self.members.clone();
        members.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
        if let Some(Value::Array(masks)) = members.get_mut("field_masks") {
            masks.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        }
        members
    }

    /// Reads `!Tag` followed by its members in YAML.
    pub(super) fn from_recording(text: &str) -> Result<Self, String> {
        let tagged = text.trim_start().strip_prefix('!').ok_or("the request does not start with a tag")?;
        let end = tagged.find(char::is_whitespace).unwrap_or(tagged.len());
        let (tag, members) = tagged.split_at(end);
        let members: Value = serde_saphyr::from_str(members).map_err(|error| error.to_string())?;
        Self::new(tag, members)
    }

    /// `!Tag`, and each member on a line of its own in YAML.
    pub(super) fn to_recording(&self) -> String {
        let mut text = format!("!{}\n", self.tag);
        for (name, value) in &self.members {
            let value = match value {
                Value::String(text) => scalar::written(text),
                other => other.to_string(),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {value}", scalar::written(name));
        }
        text
    }

    pub(super) fn from_call(namespace: &str, operation: &str, payload: &[u8]) -> Result<Self, String> {
        let mut payload: Value =
            serde_json::from_slice(payload).map_err(|error| format!("cannot read the request: {error}"))?;
        match (namespace, operation) {
            ("kubernetes", "get_resource") => Self::new("KubernetesGetResource", payload),
            ("kubernetes", "list_resources_all") => Self::new("KubernetesListResourceAll", payload),
            ("kubernetes", "list_resources_by_namespace") => {
                Self::new("KubernetesListResourceNamespace", payload)
            }
            ("kubernetes", "can_i") => {
                let members = json!({
                    "request": payload["subject_access_review"].take(),
                    "disable_cache": payload["disable_cache"].take(),
                });
                Self::new("KubernetesCanI", members)
            }
            ("net", "v1/dns_lookup_host") => Self::new("DNSLookupHost", json!({"host": payload})),
            ("crypto", "v1/is_certificate_trusted") => {
                Self::new("CryptoIsCertificateTrusted", json!({"request": payload}))
            }
            ("oci", "v1/manifest_digest") => Self::new("OciManifestDigest", json!({"image": payload})),
            ("oci", "v1/oci_manifest") => Self::new("OciManifest", json!({"image": payload})),
            ("oci", "v1/oci_manifest_config") => Self::new("OciManifestAndConfig", json!({"image": payload})),
            ("oci", "v1/verify") => {
                let variant =
                    payload.as_object_mut().and_then(|members| std::mem::take(members).into_iter().next());
                let (tag, members) = variant.ok_or("the verification request names no method")?;
                Self::new(&tag, members)
            }
            ("oci", "v2/verify") => {
                let tag = payload.as_object_mut().and_then(|members| members.remove("type"));
                let tag =
                    tag.as_ref().and_then(Value::as_str).ok_or("the verification request has no type")?;
                Self::new(tag, payload)
            }
            _ => Err(format!("unknown operation: {operation}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_tags_are_those_of_the_operations() {
        let tag = |namespace, operation, payload: Value| {
            Question::from_call(namespace, operation, payload.to_string().as_bytes()).expect("a question").tag
        };
        assert_eq!(
            tag("oci", "v1/verify", json!({"SigstorePubKeyVerify": {"image": "i"}})),
            "SigstorePubKeyVerify"
        );
        assert_eq!(
            tag("oci", "v2/verify", json!({"type": "SigstoreKeylessVerify"})),
            "SigstoreKeylessVerify"
        );
        assert_eq!(tag("oci", "v1/manifest_digest", json!("i")), "OciManifestDigest");
        assert_eq!(tag("kubernetes", "can_i", json!({"subject_access_review": {}})), "KubernetesCanI");
    }
}
