//! A live cluster, for what the manifests refer to and do not hold.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, anyhow};
use rollgate_policy::cluster::{Cluster, Kind, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cluster::{DirectCluster, connect, says_not_found, says_not_served};
use crate::runtime::Capabilities;

/// A cluster that is asked each question once.
pub(super) struct Live {
    cluster: DirectCluster,
    answers: Mutex<HashMap<String, Answer>>,
}

/// The objects found as JSON; `None` when there is no such object or kind.
type Answer = Result<Option<String>, Unreadable>;

#[derive(Deserialize)]
struct List {
    items: Vec<Box<RawValue>>,
}

impl Live {
    /// Connects as kubectl does.
    pub(super) fn connect(kubeconfig: Option<&Path>, context: Option<&str>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot set up the connection to the cluster")?;
        let client = runtime.block_on(connect(kubeconfig, context))?;
        let cluster = DirectCluster::new(runtime, client).map_err(|reason| {
            anyhow!("cannot read from the cluster: {reason}. Choose another with --kubeconfig or --context, or leave \
                     both out to check the manifests alone")
        })?;
        Ok(Self { cluster, answers: Mutex::default() })
    }

    fn ask(&self, operation: &str, question: &Value) -> Answer {
        let key = format!("{operation} {question}");
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(&key) {
            return answer.clone();
        }
        let answer = match self.cluster.call("kubernetes", operation, question.to_string().as_bytes()) {
            Ok(reply) => String::from_utf8(reply).map(Some).map_err(|error| Unreadable(error.to_string())),
            Err(error) if says_not_found(&error) || says_not_served(&error) => Ok(None),
            Err(error) => Err(Unreadable(error)),
        };
        answers.insert(key, answer.clone());
        answer
    }

    fn items(&self, operation: &str, question: &Value) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let Some(reply) = self.ask(operation, question)? else { return Ok(Vec::new()) };
        serde_json::from_str(&reply)
            .map(|List { items }| items)
            .map_err(|error| Unreadable(error.to_string()))
    }
}

impl Cluster for Live {
    fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<String>, Unreadable> {
        let question = json!({"api_version": kind.api_version, "kind": kind.kind, "name": name,
            "namespace": namespace, "disable_cache": false});
        self.ask("get_resource", &question)
    }

    fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let operation =
            if namespace.is_some() { "list_resources_by_namespace" } else { "list_resources_all" };
        let question = json!({"api_version": kind.api_version, "kind": kind.kind, "namespace": namespace});
        self.items(operation, &question)
    }

    fn list_labelled(&self, kind: Kind, label: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
        let question = json!({"api_version": kind.api_version, "kind": kind.kind, "label_selector": label});
        self.items("list_resources_all", &question)
    }
}
