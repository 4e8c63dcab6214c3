//! A policy's metadata for people.

use std::fmt::Write;

use serde_json::Value;

use crate::policy_source::Source;
use crate::pull::pinned;

/// The annotations that come first, under shorter names.
const PREFIX: &str = "io.kubewarden.policy.";
/// The annotation with the documentation, which comes last.
const USAGE: &str = "io.kubewarden.policy.usage";

/// Every field of the metadata, and what is known of the module.
pub(super) fn text(source: &Source, metadata: &Value) -> String {
    let mut out = String::new();
    let field = |key: &str| metadata.get(key).filter(|value| !value.is_null());
    line(&mut out, "policy", &pinned(source));
    if let Some(digest) = &source.digest {
        line(&mut out, "digest", digest.as_str());
    }
    line(&mut out, "size", &format!("{} bytes", source.wasm.len()));
    let named = [
        ("protocolVersion", "protocol"),
        ("executionMode", "execution mode"),
        ("policyType", "policy type"),
        ("mutating", "mutating"),
        ("backgroundAudit", "background audit"),
        ("minimumKubewardenVersion", "minimum Kubewarden version"),
    ];
    for (key, name) in named {
        line(&mut out, name, &field(key).map_or_else(|| "not said".to_owned(), scalar));
    }
    let annotations = field("annotations").and_then(Value::as_object);
    section(
        &mut out,
        "About",
        annotations.into_iter().flatten().filter(|(key, _)| *key != USAGE).map(|(key, value)| {
            format!(
                "{}: {}",
                key.strip_prefix(PREFIX).unwrap_or(key),
                scalar(value).trim_end().replace('\n', "\n    ")
            )
        }),
    );
    section(&mut out, "Rules", items(field("rules")).map(rule));
    section(
        &mut out,
        "Reads from the cluster",
        items(field("contextAwareResources"))
            .map(|kind| format!("{} of {}", scalar(&kind["kind"]), scalar(&kind["apiVersion"]))),
    );
    section(&mut out, "Host capabilities", items(field("hostCapabilities")).map(scalar));
    section(&mut out, "Signatures (not verified)", items(field("signatures")).map(Value::to_string));
    if let Some(usage) = annotations.and_then(|annotations| annotations.get(USAGE)) {
        let _ = write!(out, "\nUsage\n\n{}\n", scalar(usage).trim_end());
    }
    out
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn rule(rule: &Value) -> String {
    let list = |key: &str| items(rule.get(key)).map(scalar).collect::<Vec<_>>().join(", ");
    let groups = items(rule.get("apiGroups")).map(scalar);
    let groups: Vec<String> =
        groups.map(|group| if group.is_empty() { "the core group".to_owned() } else { group }).collect();
    format!(
        "{} of {} in {} ({})",
        list("operations"),
        list("resources"),
        groups.join(", "),
        list("apiVersions")
    )
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name}: {value}");
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(out, "\n{title}");
    }
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}
