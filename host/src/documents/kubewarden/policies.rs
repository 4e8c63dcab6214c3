//! The policy in a cluster: for all of it by profile, and for one namespace.

use std::fmt::Write;

use anyhow::Context;
use serde_json::Value;

use super::{NAMESPACE, annotation, indented, list, read_kinds, rules, server, texts};
use crate::annotate::PolicyMetadata;

/// What is in no namespace: a policy of one namespace is none for it.
const CLUSTER_WIDE: [&str; 1] = ["clusteranalysistemplates"];

/// The namespace of the webhook.
const OF_THE_WEBHOOK: &str = "rollgate";

/// A policy, and what it is for.
struct Policy {
    file: &'static str,
    /// The first lines, as a comment.
    about: &'static str,
    /// The namespace it is for; the whole cluster without.
    namespace: Option<&'static str>,
    mode: &'static str,
    /// What holds while the policy server does not answer.
    while_away: &'static str,
    settings: &'static str,
}

/// Those for the whole cluster have one name: the one applied last holds.
const POLICIES: [Policy; 4] = [
    Policy {
        file: "cluster-admission-policy-monitor.yaml",
        about: "# rollgate for the whole cluster, which only watches: what it would reject is in the log and the metrics of the policy\n\
                # server. Nothing waits for a server that is away. Set `module` to where you keep dist/policy.wasm.\n",
        namespace: None,
        mode: "monitor",
        while_away: "Ignore",
        settings: "profile: standard\n",
    },
    Policy {
        file: "cluster-admission-policy.yaml",
        about: "# rollgate for the whole cluster. Set `module` to where you keep dist/policy.wasm.\n",
        namespace: None,
        mode: "protect",
        while_away: "Fail",
        settings: "profile: standard\n",
    },
    Policy {
        file: "cluster-admission-policy-strict.yaml",
        about: "# rollgate for the whole cluster, with the strict profile. Set `module` to where you keep dist/policy.wasm.\n",
        namespace: None,
        mode: "protect",
        while_away: "Fail",
        settings: "profile: strict\n",
    },
    Policy {
        file: "admission-policy.yaml",
        about: "# rollgate for one namespace. Set `namespace` to it, and `module` to where you keep dist/policy.wasm.\n",
        namespace: Some("shop"),
        mode: "protect",
        while_away: "Fail",
        settings: "profile: standard\n\
                   # Kubewarden lets the policy of a namespace look nothing up. What only other objects show is a warning: `required`\n\
                   # would reject all that refers to one.\n\
                   context: optional\n",
    },
];

/// The manifests by their files' names.
pub(super) fn manifests(
    metadata: &PolicyMetadata,
    webhook: &Value,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    POLICIES.iter().map(|policy| Ok((policy.file, policy.manifest(metadata, webhook)?))).collect()
}

impl Policy {
    fn manifest(&self, metadata: &PolicyMetadata, webhook: &Value) -> anyhow::Result<String> {
        let of = |key: &str| annotation(metadata, &format!("io.kubewarden.policy.{key}"));
        let (kind, namespace) = match self.namespace {
            None => ("ClusterAdmissionPolicy", String::new()),
            Some(name) => ("AdmissionPolicy", format!("  namespace: {name}\n")),
        };
        let read = match self.namespace {
            None => format!("  contextAwareResources:\n{}", indented(&read_kinds(metadata), 4)),
            Some(_) => String::new(),
        };
        let selected = match self.namespace {
            None => selector(webhook)?,
            Some(_) => String::new(),
        };
        let is_here: fn(&str) -> bool = match self.namespace {
            None => |_| true,
            Some(_) => |resource| !CLUSTER_WIDE.contains(&resource),
        };
        Ok(format!(
            "{about}# Written by `cargo xtask docs`.\n\
             apiVersion: policies.kubewarden.io/v1\n\
             kind: {kind}\n\
             metadata:\n  name: {title}\n{namespace}  annotations:\n    \
             io.kubewarden.policy.severity: \"{severity}\"\n    \
             io.kubewarden.policy.category: \"{category}\"\n\
             spec:\n  policyServer: {server}\n  module: registry://{address}:v{version}\n  mode: {mode}\n  \
             mutating: {mutating}\n  backgroundAudit: {audited}\n  failurePolicy: {failure_policy}\n  \
             timeoutSeconds: 10\n{selected}{conditions}{read}  \
             rules:\n{rules}  settings:\n{settings}",
            about = self.about,
            title = of("title")?,
            severity = of("severity")?,
            category = of("category")?,
            server = server::NAME,
            address = of("ociUrl")?,
            version = of("version")?,
            mode = self.mode,
            mutating = metadata.mutating,
            audited = metadata.background_audit,
            failure_policy = self.while_away,
            conditions = conditions(webhook)?,
            rules = indented(&rules(metadata, is_here), 4),
            settings = indented(self.settings, 4),
        ))
    }
}

/// The namespaces that the webhook leaves alone, with Kubewarden's own for the webhook's.
fn selector(webhook: &Value) -> anyhow::Result<String> {
    let expression = &webhook["namespaceSelector"]["matchExpressions"][0];
    let key = expression["key"].as_str().context("the webhook selects no namespaces")?;
    let names: Vec<&str> = texts(&expression["values"])
        .into_iter()
        .map(|name| if name == OF_THE_WEBHOOK { NAMESPACE } else { name })
        .collect();
    Ok(format!(
        "  namespaceSelector:\n    matchExpressions:\n      - key: {key}\n        operator: NotIn\n        \
         # Nobody releases the delivery controllers themselves.\n        values: {}\n",
        list(&names)
    ))
}

fn conditions(webhook: &Value) -> anyhow::Result<String> {
    let mut yaml = String::from(
        "  # Rollbacks, garbage collection and the end of a namespace do not wait for rollgate. It accepts what these send\n  \
         # unseen; add what actors.controllers names.\n  matchConditions:\n",
    );
    for condition in webhook["matchConditions"].as_array().context("the webhook has no matchConditions")? {
        let text = |key: &str| condition[key].as_str().with_context(|| format!("a condition has no {key}"));
        let (name, expression) = (text("name")?, indented(text("expression")?, 8));
        // Writing to a String cannot fail.
        let _ = write!(yaml, "    - name: {name}\n      expression: |-\n{expression}");
    }
    Ok(yaml)
}
