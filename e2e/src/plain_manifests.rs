//! The manifests for whoever does not use Helm: the chart, rendered.

use std::collections::BTreeMap;

use crate::helm::{Helm, chart};

/// A namespace for what follows, with the strictest standard for its Pods.
const NAMESPACE: &str = "\
# rollgate in a namespace of its own. Set `image` to yours, and put the server's certificate, tls.crt and tls.key, into
# the Secret `rollgate-tls`. Then apply deploy/webhook.yaml. Written by `cargo xtask manifests`.
apiVersion: v1
kind: Namespace
metadata:
  name: rollgate
  labels:
    pod-security.kubernetes.io/enforce: restricted
";

/// What differs from the defaults: the certificate is in a Secret, and whoever applies the files says of which authority.
const VALUES: [&str; 6] =
    ["--set", "image.repository=rollgate", "--set", "tls.mode=secret", "--set-string", "tls.caBundle= "];

/// The files by their path in the repository.
///
/// # Errors
/// When the chart cannot be rendered.
pub fn plain_manifests(helm: &Helm) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let render = |arguments: &[&str]| {
        let rendered = helm.must(&[&["template", "rollgate", &chart()], &VALUES[..], arguments].concat())?;
        anyhow::Ok(plain(&rendered))
    };
    let webhook = render(&["--show-only", "templates/webhook.yaml"])?;
    let others = render(&["--set", "webhook.enabled=false"])?;
    Ok(BTreeMap::from([
        ("deploy/rollgate.yaml", format!("{NAMESPACE}---\n{others}")),
        ("deploy/webhook.yaml", webhook),
    ]))
}

/// Without what Helm adds for its own readers.
fn plain(rendered: &str) -> String {
    let documents = rendered.split("---\n").filter_map(|document| {
        let lines = document.lines().filter(|line| !line.starts_with("# Source: ")).map(str::trim_end);
        let text = lines.collect::<Vec<_>>().join("\n");
        let text = text.trim();
        (!text.is_empty()).then(|| format!("{text}\n"))
    });
    documents.collect::<Vec<_>>().join("---\n")
}
