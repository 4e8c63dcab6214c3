//! What a guest may ask its host, and the two gates in front of it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use super::metadata::ResourceKind;

/// Answers the questions of a guest that passed the gates.
pub trait Capabilities: Send + Sync {
    /// Answers one question.
    ///
    /// # Errors
    /// A text for the guest; it arrives there as `Callback evaluation failure: <text>`.
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// No cluster, no registry, no network: every question is answered with an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCluster;

impl Capabilities for NoCluster {
    fn call(&self, namespace: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        match namespace {
            "kubernetes" => Err("kube::Client was not initialized properly".to_owned()),
            _ => Err(not_offered(namespace, operation)),
        }
    }
}

pub(crate) fn not_offered(namespace: &str, operation: &str) -> String {
    format!("rollgate does not offer the host capability '{namespace}/{operation}'")
}

/// What a policy was granted.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    capabilities: Vec<String>,
    kinds: BTreeSet<ResourceKind>,
}

impl Grants {
    /// Grants the host capabilities that match one of `capabilities` (`*`, `oci/*`, `oci/v1/*` or an exact
    /// `namespace/operation`) and, for reading objects, the given kinds. Empty means nothing.
    #[must_use]
    pub fn new(capabilities: Vec<String>, kinds: BTreeSet<ResourceKind>) -> Self {
        Self { capabilities, kinds }
    }

    /// The kinds that may be read.
    #[must_use]
    pub fn kinds(&self) -> &BTreeSet<ResourceKind> {
        &self.kinds
    }

    fn covers_capability(&self, path: &str) -> bool {
        self.capabilities.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) if prefix.is_empty() || prefix.ends_with('/') => path.starts_with(prefix),
            _ => pattern == path,
        })
    }

    fn covers_kind(&self, api_version: &str, kind: &str) -> bool {
        self.kinds.iter().any(|granted| granted.api_version == api_version && granted.kind == kind)
    }
}

/// A set of capabilities behind the gates of its grants. Cheap to clone.
#[derive(Clone)]
pub struct Callbacks {
    grants: Arc<Grants>,
    capabilities: Arc<dyn Capabilities>,
}

impl Callbacks {
    /// Puts the gates in front of `capabilities`.
    pub fn new(grants: Grants, capabilities: impl Capabilities + 'static) -> Self {
        Self::shared(grants, Arc::new(capabilities))
    }

    /// As [`Callbacks::new`], for capabilities that are used elsewhere too.
    pub fn shared(grants: Grants, capabilities: Arc<dyn Capabilities>) -> Self {
        Self { grants: Arc::new(grants), capabilities }
    }

    /// What is behind the gates.
    pub(crate) fn capabilities(&self) -> Arc<dyn Capabilities> {
        Arc::clone(&self.capabilities)
    }

    /// The same gates in front of something else.
    pub(crate) fn answered_by(&self, capabilities: Arc<dyn Capabilities>) -> Self {
        Self { grants: Arc::clone(&self.grants), capabilities }
    }

    /// Grants nothing and offers nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Grants::default(), NoCluster)
    }

    /// Answers one host call of a guest.
    pub(super) fn call(
        &self,
        binding: &str,
        namespace: &str,
        operation: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, String> {
        if binding != "kubewarden" {
            return Err(format!("unknown binding: {binding}"));
        }
        if namespace == "tracing" {
            return match operation {
                "log" => {
                    super::guest_log::event(payload);
                    Ok(Vec::new())
                }
                _ => Err(format!("unknown operation: {operation}")),
            };
        }
        let path = format!("{namespace}/{operation}");
        if !self.grants.covers_capability(&path) {
            return Err(format!(
                "Policy has not been granted access to the '{path}' host capability. \
                 The violation has been reported."
            ));
        }
        known(namespace, operation)?;
        if namespace == "kubernetes" && operation != "can_i" {
            self.check_kind(payload)?;
        }
        self.capabilities
            .call(namespace, operation, payload)
            .map_err(|reason| format!("Callback evaluation failure: {reason}"))
    }

    fn check_kind(&self, payload: &[u8]) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Asked<'a> {
            #[serde(borrow)]
            api_version: Cow<'a, str>,
            #[serde(borrow)]
            kind: Cow<'a, str>,
        }
        let Asked { api_version, kind } =
            serde_json::from_slice(payload).map_err(|error| format!("cannot read the request: {error}"))?;
        if self.grants.covers_kind(&api_version, &kind) {
            return Ok(());
        }
        tracing::warn!(%api_version, %kind, "the policy asked for a kind it was not granted");
        Err(format!(
            "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. \
             The violation has been reported."
        ))
    }
}

fn known(namespace: &str, operation: &str) -> Result<(), String> {
    let operations: &[&str] = match namespace {
        "kubernetes" => &["get_resource", "list_resources_all", "list_resources_by_namespace", "can_i"],
        "net" => &["v1/dns_lookup_host"],
        "crypto" => &["v1/is_certificate_trusted"],
        "oci" => {
            &["v1/manifest_digest", "v1/oci_manifest", "v1/oci_manifest_config", "v1/verify", "v2/verify"]
        }
        _ => return Err(format!("unknown namespace: {namespace}")),
    };
    if operations.contains(&operation) { Ok(()) } else { Err(format!("unknown operation: {operation}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(patterns: &[&str]) -> Callbacks {
        let kinds = [ResourceKind { api_version: "v1".into(), kind: "Namespace".into() }].into();
        Callbacks::new(Grants::new(patterns.iter().map(|&p| p.to_owned()).collect(), kinds), NoCluster)
    }

    #[test]
    fn only_the_kubewarden_binding_is_known() {
        assert_eq!(granted(&["*"]).call("other", "net", "x", b""), Err("unknown binding: other".into()));
    }

    #[test]
    fn unknown_names_are_named() {
        let all = granted(&["*"]);
        assert_eq!(all.call("kubewarden", "disk", "x", b""), Err("unknown namespace: disk".into()));
        assert_eq!(all.call("kubewarden", "net", "x", b""), Err("unknown operation: x".into()));
        assert_eq!(all.call("kubewarden", "tracing", "x", b""), Err("unknown operation: x".into()));
    }

    #[test]
    fn an_ungranted_capability_is_denied_with_kubewardens_text() {
        let text = "Policy has not been granted access to the 'net/v1/dns_lookup_host' host capability. \
                    The violation has been reported.";
        for patterns in [&[][..], &["oci/*"], &["net/v1"], &["net/v2/*"], &["n*"]] {
            assert_eq!(
                granted(patterns).call("kubewarden", "net", "v1/dns_lookup_host", b"\"a\""),
                Err(text.into()),
                "{patterns:?}"
            );
        }
        for patterns in [["*"], ["net/*"], ["net/v1/*"], ["net/v1/dns_lookup_host"]] {
            assert!(granted(&patterns).grants.covers_capability("net/v1/dns_lookup_host"), "{patterns:?}");
        }
    }

    #[test]
    fn reading_a_kind_needs_its_own_grant() {
        let ask = |kind: &str| {
            let payload = format!(r#"{{"api_version":"v1","kind":"{kind}","name":"x"}}"#);
            granted(&["*"]).call("kubewarden", "kubernetes", "get_resource", payload.as_bytes())
        };
        assert_eq!(
            ask("Secret"),
            Err("Policy has not been granted access to Kubernetes v1/Secret resources. \
                 The violation has been reported."
                .into())
        );
        assert_eq!(
            ask("Namespace"),
            Err("Callback evaluation failure: kube::Client was not initialized properly".into())
        );
    }

    #[test]
    fn logging_needs_no_grant_and_never_fails() {
        for payload in [&b"not json"[..], br#"{"level":"info","message":"hello","extra":1}"#, b"[]"] {
            assert_eq!(granted(&[]).call("kubewarden", "tracing", "log", payload), Ok(Vec::new()));
        }
    }
}
