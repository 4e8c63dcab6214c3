//! Recorded conversations between a policy and its host, played back.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::runtime::Capabilities;

/// Plays a session recorded by `kwctl run --record-host-capabilities-interactions` back.
///
/// Strictly in order: each question must equal the next recorded one, whatever the order of its members; members
/// that are null or false count as absent, since older recordings lack the newer ones.
#[derive(Debug)]
pub struct Replay {
    exchanges: Mutex<VecDeque<Exchange>>,
}

#[derive(Debug)]
struct Exchange {
    question: Question,
    answer: Answer,
}

#[derive(Debug, PartialEq)]
struct Question {
    tag: String,
    members: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Answer {
    Success { payload: String },
    Error { message: String },
}

/// Why a session file cannot be played back.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The file cannot be read.
    #[error("cannot read session {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The file is not a list of exchanges.
    #[error("cannot parse session {}: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

impl Replay {
    /// Reads a session file.
    ///
    /// # Errors
    /// When it cannot be read or is no session.
    pub fn from_file(path: &Path) -> Result<Self, SessionError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| SessionError::Read { path: path.to_owned(), reason })?;
        Self::from_yaml(&text).map_err(|reason| SessionError::Parse { path: path.to_owned(), reason })
    }

    fn from_yaml(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Entry {
            r#type: String,
            request: String,
            response: Answer,
        }
        let entries: Vec<Entry> = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let exchanges = entries.into_iter().enumerate().map(|(index, entry)| {
            let at = |reason: String| format!("exchange {}: {reason}", index + 1);
            if entry.r#type != "Exchange" {
                return Err(at(format!("unknown type `{}`, expected `Exchange`", entry.r#type)));
            }
            let question = Question::from_recording(&entry.request).map_err(at)?;
            Ok(Exchange { question, answer: entry.response })
        });
        Ok(Self { exchanges: Mutex::new(exchanges.collect::<Result<_, String>>()?) })
    }

    /// How many recorded exchanges nobody has asked for yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Capabilities for Replay {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let asked = Question::from_call(namespace, operation, payload)?;
        let next = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(Exchange { question, answer }) = next else {
            return Err("the list of recorded responses is empty".to_owned());
        };
        if question != asked {
            return Err(format!(
                "Replay error: unexpected request. Was expecting {question}, got {asked} instead"
            ));
        }
        match answer {
            Answer::Success { payload } => Ok(payload.into_bytes()),
            Answer::Error { message } => Err(message),
        }
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.tag, Value::Object(self.members.clone()))
    }
}

impl Question {
    fn new(tag: &str, members: Value) -> Result<Self, String> {
        let Value::Object(mut members) = members else {
            return Err(format!("the request {tag} has no members"));
        };
        members.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
        if let Some(Value::Array(masks)) = members.get_mut("field_masks") {
            masks.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        }
        Ok(Self { tag: tag.to_owned(), members })
    }

    /// Reads `!Tag` followed by its members in YAML.
    fn from_recording(text: &str) -> Result<Self, String> {
        let tagged = text.trim_start().strip_prefix('!').ok_or("the request does not start with a tag")?;
        let end = tagged.find(char::is_whitespace).unwrap_or(tagged.len());
        let (tag, members) = tagged.split_at(end);
        let members: Value = serde_saphyr::from_str(members).map_err(|error| error.to_string())?;
        Self::new(tag, members)
    }

    fn from_call(namespace: &str, operation: &str, payload: &[u8]) -> Result<Self, String> {
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

    const SESSION: &str = r#"
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: test
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: '{"kind": "Namespace"}'
- type: Exchange
  request: |
    !KubernetesListResourceAll
    api_version: v1
    kind: Pod
    field_masks: [b, a]
  response: {type: Error, message: no luck}
- type: Exchange
  request: |
    !DNSLookupHost
    host: example.org
  response: {type: Success, payload: '{"ips":[]}'}
"#;

    const GET: &[u8] = br#"{"name":"test","kind":"Namespace","api_version":"v1","namespace":null,"disable_cache":false,"field_masks":null}"#;

    #[test]
    fn exchanges_are_played_back_in_order_and_verbatim() {
        let replay = Replay::from_yaml(SESSION).expect("a session");
        assert_eq!(replay.call("kubernetes", "get_resource", GET), Ok(br#"{"kind": "Namespace"}"#.to_vec()));
        let list = br#"{"api_version":"v1","kind":"Pod","label_selector":null,"field_masks":["a","b"]}"#;
        assert_eq!(replay.call("kubernetes", "list_resources_all", list), Err("no luck".into()));
        assert_eq!(replay.remaining(), 1);
        assert_eq!(
            replay.call("net", "v1/dns_lookup_host", br#""example.org""#),
            Ok(br#"{"ips":[]}"#.to_vec())
        );
        assert_eq!(
            replay.call("kubernetes", "get_resource", GET),
            Err("the list of recorded responses is empty".into())
        );
    }

    #[test]
    fn another_question_than_the_recorded_one_is_an_error() {
        let replay = Replay::from_yaml(SESSION).expect("a session");
        let refused =
            replay.call("net", "v1/dns_lookup_host", br#""example.org""#).expect_err("out of order");
        assert!(refused.starts_with("Replay error: unexpected request. Was expecting KubernetesGetResource"));
    }

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

    #[test]
    fn a_broken_session_names_the_exchange() {
        let broken = "- {type: Exchange, request: 'no tag', response: {type: Success, payload: ''}}";
        let reason = Replay::from_yaml(broken).expect_err("no tag");
        assert_eq!(reason, "exchange 1: the request does not start with a tag");
    }
}
