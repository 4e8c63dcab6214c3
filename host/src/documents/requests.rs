//! Requests as examples: what a command sends to the API server, and what is answered.

use std::path::Path;

use anyhow::{Context, bail};
use rollgate_policy::admission::Manifest;
use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fixture::names;
use crate::manifest::{Source, read};

/// A command and the answer to its request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    /// The request's file in the repository.
    pub file: String,
    /// What somebody types.
    pub command: String,
    /// Who.
    pub user: String,
    /// What the command sends, and what it meets: the file, without the verdict it announces.
    pub request: String,
    /// Why it is rejected; nothing when it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A request, as its file in `tests/requests/<rule>` describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Described {
    /// What somebody types.
    command: String,
    /// Who.
    user: String,
    /// Seconds since 1970-01-01 UTC at which it comes in.
    #[serde(default)]
    received_at: i64,
    /// Files and folders whose objects the cluster holds.
    cluster: Vec<String>,
    /// The object it is about, as `Kind name`.
    object: String,
    #[serde(default)]
    sub_resource: Option<String>,
    /// What is different about the object in the cluster, as a merge patch.
    #[serde(default)]
    before: Option<Value>,
    /// What the command changes, as a merge patch; nothing when it deletes the object.
    #[serde(default)]
    patch: Option<Value>,
    #[serde(default)]
    settings: Option<Value>,
}

/// The answer of the policy.
#[derive(Debug, Deserialize)]
struct Answer {
    accepted: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    audit_annotations: Denied,
}

#[derive(Debug, Default, Deserialize)]
struct Denied {
    #[serde(default, rename = "denied-by")]
    by: String,
}

/// The rejected requests of a rule, each with the accepted one that is nearest.
pub(super) fn of(root: &Path, rule: &str) -> anyhow::Result<Vec<Answered>> {
    let folder = format!("tests/requests/{rule}");
    let mut answered = Vec::new();
    for name in names(&root.join(&folder), "rejected-")? {
        for file in [format!("{folder}/rejected-{name}"), format!("{folder}/accepted-{name}")] {
            if root.join(&file).exists() {
                answered.push(answer(root, &file)?.0);
            }
        }
    }
    Ok(answered)
}

/// A request of the repository at `root` with its answer, and the rules that deny it.
///
/// # Errors
/// When the file or what it refers to cannot be read.
pub fn answer(root: &Path, file: &str) -> anyhow::Result<(Answered, Vec<String>)> {
    let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    let described: Described = serde_saphyr::from_str(&text).with_context(|| file.to_owned())?;
    let answer = ask(root, &described).with_context(|| file.to_owned())?;
    let denied = answer.audit_annotations.by.split(',').filter(|rule| !rule.is_empty());
    let denied = denied.map(str::to_owned).collect();
    let answered = Answered {
        file: file.to_owned(),
        command: described.command.trim_end().to_owned(),
        user: described.user,
        request: text.lines().skip(1).fold(String::new(), |text, line| text + line + "\n"),
        message: (!answer.accepted).then(|| answer.message.unwrap_or_default()),
    };
    Ok((answered, denied))
}

fn ask(root: &Path, described: &Described) -> anyhow::Result<Answer> {
    let sources: Vec<Source> = described.cluster.iter().map(|path| Source::Path(root.join(path))).collect();
    let documents = read(&sources).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let mut objects = Objects::default();
    let mut found = None;
    for document in documents {
        let manifest: Manifest<'_> = serde_json::from_str(&document.json)?;
        let mut value: Value = serde_json::from_str(&document.json)?;
        if described.object == format!("{} {}", manifest.kind, manifest.metadata.name) {
            if let Some(before) = &described.before {
                json_patch::merge(&mut value, before);
            }
            found = Some(value.clone());
        }
        objects.insert(RawValue::from_string(value.to_string())?)?;
    }
    let Some(old) = found else { bail!("there is no {}", described.object) };
    let new = described.patch.as_ref().map(|patch| {
        let mut new = old.clone();
        json_patch::merge(&mut new, patch);
        new
    });
    let api_version = old["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let request = json!({
        "uid": "1",
        "kind": {"group": group, "version": version, "kind": old["kind"]},
        "resource": {"group": group, "version": version, "resource": "any"},
        "subResource": described.sub_resource.as_deref().unwrap_or_default(),
        "operation": if new.is_some() { "UPDATE" } else { "DELETE" },
        "name": old["metadata"]["name"],
        "namespace": old["metadata"]["namespace"],
        "userInfo": {"username": described.user},
        "object": new,
        "oldObject": old,
    });
    let payload = json!({"request": request, "settings": described.settings}).to_string();
    let answer = protocol::validate(payload.as_bytes(), described.received_at, &objects);
    Ok(serde_json::from_slice(&answer)?)
}
