//! A conversation, written down while it goes on.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::question::Question;
use super::{SessionError, scalar};
use crate::runtime::Capabilities;

/// The largest session, in bytes: no more of it is kept in memory.
const LARGEST: usize = 64 << 20;

/// Passes questions on and keeps them with their answers, as `kwctl run --record-host-capabilities-interactions`
/// writes them.
pub struct Recording {
    answers: Arc<dyn Capabilities>,
    written: Mutex<Result<String, String>>,
}

impl Recording {
    /// Records what `answers` is asked.
    #[must_use]
    pub fn new(answers: Arc<dyn Capabilities>) -> Self {
        Self { answers, written: Mutex::new(Ok(String::new())) }
    }

    /// Writes the session to a file.
    ///
    /// # Errors
    /// When it cannot be written, or an exchange could not be recorded.
    pub fn write(&self, path: &Path) -> Result<(), SessionError> {
        let failed = |reason: String| SessionError::Write { path: path.to_owned(), reason };
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match &*written {
            Ok(text) if text.is_empty() => "[]\n",
            Ok(text) => text,
            Err(reason) => return Err(failed(reason.clone())),
        };
        std::fs::write(path, text).map_err(|error| failed(error.to_string()))
    }
}

impl Capabilities for Recording {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.answers.call(namespace, operation, payload);
        let exchange = Question::from_call(namespace, operation, payload)
            .and_then(|question| exchange(&question, answer.as_deref().map_err(String::as_str)));
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(text) = &mut *written {
            match exchange {
                Ok(exchange) if text.len() + exchange.len() <= LARGEST => text.push_str(&exchange),
                Ok(_) => *written = Err(format!("it would be larger than {} MiB", LARGEST >> 20)),
                Err(reason) => *written = Err(reason),
            }
        }
        drop(written);
        answer
    }
}

fn exchange(question: &Question, answer: Result<&[u8], &str>) -> Result<String, String> {
    let (kind, key, text) = match answer {
        Ok(payload) => {
            let text =
                std::str::from_utf8(payload).map_err(|_| format!("the answer to {question} is no text"))?;
            ("Success", "payload", text)
        }
        Err(message) => ("Error", "message", message),
    };
    let question = question.to_recording().trim_end().replace('\n', "\n    ");
    Ok(format!(
        "- type: Exchange\n  request: |\n    {question}\n  response:\n    type: {kind}\n    {key}: {}\n",
        scalar::written(text)
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::Replay;

    /// Answers with what it was asked, but for one name.
    struct Echo;

    impl Capabilities for Echo {
        fn call(&self, _: &str, _: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
            let missing = payload.windows(4).any(|part| part == b"gone");
            if missing { Err("Cannot find it\nanywhere".to_owned()) } else { Ok(payload.to_vec()) }
        }
    }

    fn get(name: &str) -> Vec<u8> {
        let members = json!({"api_version": "v1", "kind": "Namespace", "name": name, "namespace": null,
            "disable_cache": false, "field_masks": ["spec", "metadata.name"]});
        members.to_string().into_bytes()
    }

    #[test]
    fn what_was_recorded_is_played_back() {
        let recording = Recording::new(Arc::new(Echo));
        let calls = [("get_resource", get("it's")), ("get_resource", get("gone")), ("can_i", b"{}".to_vec())];
        let answers =
            calls.each_ref().map(|(operation, asked)| recording.call("kubernetes", operation, asked));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("session.yml");
        recording.write(&path).expect("a file");
        let replay = Replay::from_file(&path).expect("a session");
        for ((operation, asked), answer) in calls.iter().zip(answers) {
            assert_eq!(replay.call("kubernetes", operation, asked), answer);
        }
        assert_eq!(replay.remaining(), 0);
    }

    #[test]
    fn a_session_is_written_as_kwctl_reads_it() {
        let recording = Recording::new(Arc::new(Echo));
        let _ = recording.call("kubernetes", "get_resource", &get("gone"));
        let _ = recording.call("net", "v1/dns_lookup_host", b"\"a.example\"");
        let written = recording.written.into_inner().expect("a session").expect("what was recorded");
        assert_eq!(
            written,
            r#"- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: 'v1'
    disable_cache: false
    field_masks: ["spec","metadata.name"]
    kind: Namespace
    name: gone
    namespace: null
  response:
    type: Error
    message: "Cannot find it\nanywhere"
- type: Exchange
  request: |
    !DNSLookupHost
    host: 'a.example'
  response:
    type: Success
    payload: '"a.example"'
"#
        );
    }

    #[test]
    fn a_silent_policy_leaves_an_empty_session() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("session.yml");
        Recording::new(Arc::new(Echo)).write(&path).expect("a file");
        assert_eq!(Replay::from_file(&path).expect("a session").remaining(), 0);
    }

    #[test]
    fn what_cannot_be_recorded_is_said_at_the_end() {
        let recording = Recording::new(Arc::new(Echo));
        assert!(recording.call("disk", "read", b"{}").is_ok());
        let folder = tempfile::tempdir().expect("a folder");
        let error = recording.write(&folder.path().join("session.yml")).expect_err("not recorded");
        assert!(error.to_string().ends_with("session.yml: unknown operation: read"), "{error}");
    }
}
