//! A policy server for rollgate alone, with the rights that it needs.

use std::fmt::Write;

use serde_json::Value;

use super::{NAMESPACE, list, texts};

/// The name of the server, by which policies ask for it.
pub(super) const NAME: &str = "rollgate";

/// Its account and its rights, and itself. `readable` are the rules of the webhook's role.
pub(super) fn manifests(readable: &Value) -> String {
    let mut rules = String::new();
    for rule in readable.as_array().into_iter().flatten() {
        let [groups, resources, verbs] =
            ["apiGroups", "resources", "verbs"].map(|key| list(&texts(&rule[key])));
        // Writing to a String cannot fail.
        let _ = writeln!(rules, "  - apiGroups: {groups}\n    resources: {resources}\n    verbs: {verbs}");
    }
    format!(
        "\
# A policy server for rollgate alone: other policies do not share what it may read. Set `image` to the policy server of
# your Kubewarden. Written by `cargo xtask docs`.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {NAME}-policy-server
  namespace: {NAMESPACE}
---
# The kinds of contextAwareResources and nothing else; leave out what your cluster does not have.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {NAME}-policy-server
rules:
{rules}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {NAME}-policy-server
subjects:
  - kind: ServiceAccount
    name: {NAME}-policy-server
    namespace: {NAMESPACE}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {NAME}-policy-server
---
apiVersion: policies.kubewarden.io/v1
kind: PolicyServer
metadata:
  name: {NAME}
spec:
  image: registry.example.com/kubewarden/policy-server:v1.36.0
  serviceAccountName: {NAME}-policy-server
  replicas: 2
  minAvailable: 1
  # Compiling the policy takes processor time once, at the start; what is looked up stays in memory.
  requests:
    cpu: 100m
    memory: 128Mi
  limits:
    memory: 512Mi
  env:
    - name: KUBEWARDEN_LOG_LEVEL
      value: info
  # Whose signature the module must carry: a ConfigMap in the same namespace, with the key verification-config.
  # verificationConfig: rollgate-verification
  # A registry whose certificate an authority of your own issued, with that authority's certificate.
  # sourceAuthorities:
  #   registry.example.com:
  #     - |
  #       -----BEGIN CERTIFICATE-----
"
    )
}
