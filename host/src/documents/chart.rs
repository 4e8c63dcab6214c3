//! The values of the Helm chart: the file of defaults, its schema, and their table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{schema, value};

const VALUES: &str = "deploy/helm/rollgate/values.yaml";
const SCHEMA: &str = "deploy/helm/rollgate/values.schema.json";
const TABLE: &str = "docs/webhook-values.md";

/// One value: its path, what it means, its default, and what it may be.
struct Entry(&'static str, &'static str, Value, Value);

pub(super) fn files() -> BTreeMap<PathBuf, String> {
    let entries = entries();
    BTreeMap::from([
        (VALUES.into(), defaults(&entries)),
        (SCHEMA.into(), format!("{:#}\n", schema_of(&entries))),
        (TABLE.into(), table(&entries)),
    ])
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn entries() -> Vec<Entry> {
    let entry = Entry;
    vec![
        entry(
            "image.repository",
            "where the image is that you built and pushed; required",
            json!(""),
            text(),
        ),
        entry("image.tag", "its tag; the chart's appVersion unless given", json!(""), text()),
        entry(
            "image.digest",
            "its digest, which outweighs the tag",
            json!(""),
            matching("^(sha256:[0-9a-f]{64})?$"),
        ),
        entry(
            "image.pullPolicy",
            "when a node pulls it",
            json!("IfNotPresent"),
            one_of(&["Always", "IfNotPresent", "Never"]),
        ),
        entry(
            "image.pullSecrets",
            "Secrets with which it is pulled, as {name: …}",
            json!([]),
            list(&json!({"type": "object"})),
        ),
        entry(
            "nameOverride",
            "the name in labels; the chart's unless given",
            json!(""),
            matching("^[a-z0-9-]*$"),
        ),
        entry(
            "fullnameOverride",
            "the name of every object; made of the release's unless given",
            json!(""),
            matching("^[a-z0-9-]*$"),
        ),
        entry("settings", "the policy's settings: docs/settings.md", json!({}), settings()),
        entry("replicas", "Pods", json!(2), at_least(1)),
        entry(
            "tls.mode",
            "where the server's certificate comes from: rollgate issues and renews it, Helm issues it, it is in a Secret, or cert-manager issues it",
            json!("managed"),
            one_of(&["managed", "generated", "secret", "certManager"]),
        ),
        entry(
            "tls.secretName",
            "the Secret with tls.crt and tls.key; named after the release unless given",
            json!(""),
            text(),
        ),
        entry(
            "tls.caBundle",
            "with mode secret: the authority of that certificate in PEM",
            json!(""),
            matching(r"^\s*(-----BEGIN CERTIFICATE-----[\s\S]*)?$"),
        ),
        entry(
            "tls.issuer.name",
            "with mode certManager: who issues; an authority of its own unless given",
            json!(""),
            text(),
        ),
        entry("tls.issuer.kind", "its kind", json!("Issuer"), text()),
        entry("tls.issuer.group", "its API group", json!("cert-manager.io"), text()),
        entry(
            "tls.clientAuthority",
            "a ConfigMap with the authority of the API server's client certificate, as ca.crt: nobody else may ask for a review",
            json!(""),
            text(),
        ),
        entry(
            "webhook.enabled",
            "whether the cluster asks rollgate: from then on, nothing it guards changes without an answer",
            json!(true),
            switch(),
        ),
        entry(
            "webhook.timeoutSeconds",
            "how long the API server waits, in seconds; longer than server.timeout",
            json!(5),
            json!({"type": "integer", "minimum": 1, "maximum": 30}),
        ),
        entry(
            "webhook.exemptNamespaces",
            "namespaces that are left alone, beside kube-system and the release's own: those of the delivery controllers",
            json!(["argo-rollouts", "flagger-system"]),
            list(&matching("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")),
        ),
        entry("webhook.annotations", "annotations of the registration", json!({}), texts_by_name()),
        entry(
            "rbac.argoRollouts",
            "whether Argo Rollouts' kinds may be read; false where they are not installed",
            json!(true),
            switch(),
        ),
        entry("rbac.flagger", "the same for Flagger's", json!(true), switch()),
        entry(
            "rbac.prometheusOperator",
            "the same for ServiceMonitors and PodMonitors",
            json!(true),
            switch(),
        ),
        entry(
            "server.listen",
            "address to listen on; \"[::]\" where Pods have IPv6 alone",
            json!("0.0.0.0"),
            text(),
        ),
        entry(
            "server.port",
            "port to listen on",
            json!(8443),
            json!({"type": "integer", "minimum": 1, "maximum": 65535}),
        ),
        entry("server.maxConcurrent", "evaluations at once in a Pod", json!(4), at_least(1)),
        entry("server.maxQueued", "requests that may wait in a Pod", json!(256), at_least(0)),
        entry("server.timeout", "time one evaluation may take", json!("2s"), matching("^[0-9]+(ms|s)$")),
        entry(
            "server.memoryLimit",
            "memory one evaluation may take; server.maxConcurrent times as much has to fit into resources.limits",
            json!("64Mi"),
            matching("^[0-9]+(Ki|Mi|Gi)?$"),
        ),
        entry(
            "server.drainDelaySeconds",
            "how long a Pod that is to stop goes on answering, until nobody asks it any more",
            json!(10),
            at_least(0),
        ),
        entry("server.logFormat", "json or text", json!("json"), one_of(&["json", "text"])),
        entry("server.verbose", "whether more is logged", json!(false), switch()),
        entry("server.extraArgs", "further arguments of rollgate serve", json!([]), list(&text())),
        entry(
            "resources.requests",
            "what a Pod is promised",
            json!({"cpu": "100m", "memory": "128Mi"}),
            object(),
        ),
        entry("resources.limits", "what a Pod may take", json!({"memory": "512Mi"}), object()),
        entry(
            "terminationGracePeriodSeconds",
            "how long a Pod may take to stop; longer than server.drainDelaySeconds and webhook.timeoutSeconds together",
            json!(60),
            at_least(1),
        ),
        entry(
            "podSecurityContext",
            "who the process is; null members leave it to the cluster, as OpenShift wants it",
            json!({"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}),
            object(),
        ),
        entry("podAnnotations", "annotations of the Pods", json!({}), texts_by_name()),
        entry("podLabels", "labels of the Pods", json!({}), texts_by_name()),
        entry("priorityClassName", "their priority class", json!(""), text()),
        entry("nodeSelector", "the nodes they may run on, by label", json!({}), texts_by_name()),
        entry("tolerations", "the taints they tolerate", json!([]), list(&json!({"type": "object"}))),
        entry("affinity", "their affinity, beside being spread over nodes and zones", json!({}), object()),
        entry("serviceAccount.annotations", "annotations of the service account", json!({}), texts_by_name()),
        entry(
            "networkPolicy.enabled",
            "whether traffic is restricted to what is needed",
            json!(true),
            switch(),
        ),
        entry(
            "networkPolicy.from",
            "who may connect, as peers of a NetworkPolicy; anybody unless given",
            json!([]),
            list(&json!({"type": "object"})),
        ),
        entry(
            "networkPolicy.apiServerPorts",
            "ports on which the API server is reached",
            json!([443, 6443]),
            list(&json!({"type": "integer", "minimum": 1, "maximum": 65535})),
        ),
        entry(
            "serviceMonitor.enabled",
            "whether the Prometheus Operator scrapes the Pods",
            json!(false),
            switch(),
        ),
        entry(
            "serviceMonitor.labels",
            "labels by which it finds the ServiceMonitor",
            json!({}),
            texts_by_name(),
        ),
        entry("serviceMonitor.interval", "how often", json!("30s"), matching("^[0-9]+(ms|s|m|h)$")),
        entry("prometheusRule.enabled", "whether the alerts are installed", json!(false), switch()),
        entry(
            "prometheusRule.labels",
            "labels by which the Prometheus Operator finds them",
            json!({}),
            texts_by_name(),
        ),
    ]
}

fn text() -> Value {
    json!({"type": "string"})
}

fn matching(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn one_of(choices: &[&str]) -> Value {
    json!({"enum": choices})
}

fn at_least(minimum: u32) -> Value {
    json!({"type": "integer", "minimum": minimum})
}

fn switch() -> Value {
    json!({"type": "boolean"})
}

fn object() -> Value {
    json!({"type": "object"})
}

fn texts_by_name() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}})
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// The schema of the settings, inside another one.
fn settings() -> Value {
    let mut settings = schema::settings();
    if let Some(members) = settings.as_object_mut() {
        members.retain(|name, _| !name.starts_with('$') && name != "title");
    }
    settings
}

fn schema_of(entries: &[Entry]) -> Value {
    let mut properties = Map::new();
    // Helm hands it to every chart that is part of another one.
    properties.insert("global".to_owned(), object());
    for Entry(path, meaning, default, schema) in entries {
        let mut schema = schema.clone();
        schema["description"] = json!(meaning);
        schema["default"] = default.clone();
        insert(&mut properties, path, schema);
    }
    // What Helm 3 and 4 read alike.
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart rollgate",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn insert(properties: &mut Map<String, Value>, path: &str, schema: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        properties.insert(path.to_owned(), schema);
        return;
    };
    let group = properties
        .entry(first)
        .or_insert_with(|| json!({"type": "object", "additionalProperties": false, "properties": {}}));
    if let Some(members) = group["properties"].as_object_mut() {
        insert(members, rest, schema);
    }
}

/// The defaults in YAML. Members of a group are next to each other in the list.
fn defaults(entries: &[Entry]) -> String {
    let mut yaml = String::new();
    let mut open: Vec<&str> = Vec::new();
    for Entry(path, meaning, default, _) in entries {
        let mut groups: Vec<&str> = path.split('.').collect();
        let name = groups.pop().unwrap_or_default();
        let shared = open.iter().zip(&groups).take_while(|(open, group)| open == group).count();
        for (depth, group) in groups.iter().enumerate().skip(shared) {
            // Writing to a String cannot fail.
            let _ = writeln!(yaml, "{}{group}:", "  ".repeat(depth));
        }
        let indent = "  ".repeat(groups.len());
        let _ = writeln!(yaml, "{indent}# {meaning}\n{indent}{name}: {}", written(default));
        open = groups;
    }
    yaml
}

fn table(entries: &[Entry]) -> String {
    let rows = entries.iter().map(|Entry(path, meaning, default, _)| {
        format!("| `{path}` | `{}` | {meaning} |\n", written(default))
    });
    format!(
        "# Values of the Helm chart\n\nHow they work together is in [rollgate as a webhook](webhook.md).\n\n\
         | value | default | meaning |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn written(default: &Value) -> String {
    if default == "" { r#""""#.to_owned() } else { value::yaml(default) }
}
