//! A recorded conversation, played back.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::SessionError;
use super::question::Question;
use crate::runtime::Capabilities;

/// Plays a session recorded by `kwctl run --record-host-capabilities-interactions` back.
///
/// Strictly in order: each question must equal the next recorded one.
#[derive(Debug)]
pub struct Replay {
    exchanges: Mutex<VecDeque<Exchange>>,
}

#[derive(Debug)]
struct Exchange {
    question: Question,
    answer: Answer,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Answer {
    Success { payload: String },
    Error { message: String },
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
    fn a_broken_session_names_the_exchange() {
        let broken = "- {type: Exchange, request: 'no tag', response: {type: Success, payload: ''}}";
        let reason = Replay::from_yaml(broken).expect_err("no tag");
        assert_eq!(reason, "exchange 1: the request does not start with a tag");
    }
}
