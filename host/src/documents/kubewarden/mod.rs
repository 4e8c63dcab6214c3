//! What Kubewarden and Artifact Hub take beside the module: manifests and the description of a package.

mod package;
mod policies;
mod server;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::Value;

use super::questions;
use crate::annotate::PolicyMetadata;

const METADATA: &str = "policy-metadata.yml";
const FOLDER: &str = "deploy/kubewarden";
const PACKAGE: &str = "artifacthub-pkg.yml";

/// The manifests of the webhook, which are written from the chart: what they say of callers and of rights holds here.
const WEBHOOK: &str = "deploy/webhook.yaml";
const RIGHTS: &str = "deploy/rollgate.yaml";

/// The namespace of Kubewarden itself.
const NAMESPACE: &str = "kubewarden";

pub(super) fn files(root: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let text = std::fs::read_to_string(root.join(METADATA)).context(METADATA)?;
    let metadata = PolicyMetadata::parse(&text).context(METADATA)?;
    let mut files = BTreeMap::from([
        (PACKAGE.into(), package::yaml(&metadata, &questions::yaml()).context(METADATA)?),
        (
            Path::new(FOLDER).join("policy-server.yaml"),
            server::manifests(&of_kind(root, RIGHTS, "ClusterRole")?["rules"]),
        ),
    ]);
    let webhook = of_kind(root, WEBHOOK, "ValidatingWebhookConfiguration")?;
    for (name, manifest) in policies::manifests(&metadata, &webhook["webhooks"][0])? {
        files.insert(Path::new(FOLDER).join(name), manifest);
    }
    Ok(files)
}

/// The object of a kind in a file of manifests.
fn of_kind(root: &Path, file: &str, kind: &str) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    let objects: Vec<Value> =
        serde_saphyr::from_multiple(&text).map_err(|error| anyhow!("{file}: {error}"))?;
    objects
        .into_iter()
        .find(|object| object["kind"] == kind)
        .with_context(|| format!("{file} has no {kind}: run cargo xtask manifests"))
}

/// An annotation of the metadata, which has to be there.
fn annotation<'a>(metadata: &'a PolicyMetadata, key: &str) -> anyhow::Result<&'a str> {
    let annotations = metadata.annotations.as_ref();
    let value = annotations.and_then(|annotations| annotations.get(key));
    value.map(String::as_str).with_context(|| format!("annotations has no {key}"))
}

/// Texts as a list on one line.
fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| Value::from(text.as_ref()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

/// The texts of a list in JSON.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Every line of a text behind `spaces` spaces, but for empty ones.
fn indented(text: &str, spaces: usize) -> String {
    text.lines().fold(String::new(), |mut indented, line| {
        if !line.is_empty() {
            indented.extend(std::iter::repeat_n(' ', spaces));
            indented.push_str(line);
        }
        indented.push('\n');
        indented
    })
}

/// The rules of the metadata as a list in YAML.
fn rules(metadata: &PolicyMetadata, is_wanted: fn(&str) -> bool) -> String {
    let mut yaml = String::new();
    for rule in &metadata.rules {
        let resources: Vec<&String> = rule.resources.iter().filter(|name| is_wanted(name)).collect();
        if !resources.is_empty() {
            let (groups, versions) = (list(&rule.api_groups), list(&rule.api_versions));
            let (resources, operations) = (list(&resources), list(&rule.operations));
            // Writing to a String cannot fail.
            let _ = writeln!(
                yaml,
                "- apiGroups: {groups}\n  apiVersions: {versions}\n  resources: {resources}\n  operations: {operations}"
            );
        }
    }
    yaml
}

/// The kinds that the policy asks to read, as a list in YAML.
fn read_kinds(metadata: &PolicyMetadata) -> String {
    let mut yaml = String::new();
    for kind in &metadata.context_aware_resources {
        // Writing to a String cannot fail.
        let _ = writeln!(yaml, "- apiVersion: {}\n  kind: {}", kind.api_version, kind.kind);
    }
    yaml
}
