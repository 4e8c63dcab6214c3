//! What a metric asks and what it expects, as its author wrote it.

mod argo;
mod flagger;

use rollgate_policy::plan::{Analysis, Metric};
use serde_json::Value;

use super::markdown::{code, missing};
use crate::manifest_set::ManifestSet;
use crate::release::Release;

/// A metric as it stands in the manifests.
pub(super) struct Written {
    /// The query, or what is asked instead, as Markdown.
    pub query: String,
    /// What its results are held against, as Markdown.
    pub threshold: String,
}

/// Looks a metric up where it is declared.
pub(super) fn written(
    release: &Release<'_>,
    manifests: &ManifestSet,
    analysis: &Analysis,
    metric: &Metric,
) -> Written {
    if metric.stands_in {
        return Written {
            query: missing(&format!("{} is not among the manifests", code(&metric.object))) + "\n",
            threshold: missing("see the query"),
        };
    }
    let governed: Value = serde_json::from_str(release.object.json.get()).unwrap_or_default();
    let namespace = release.picture.subject.namespace.as_deref();
    let declared = object(manifests, namespace, &metric.object);
    if metric.object.is_empty() || metric.object.starts_with("MetricTemplate/") {
        flagger::read(at(&governed, &metric.path), &declared, metric)
    } else {
        let metrics = declared["spec"]["metrics"].as_array().cloned().unwrap_or_default();
        let found = metrics.into_iter().find(|one| one["name"] == metric.name.as_str()).unwrap_or_default();
        let arguments = argo::arguments(&at(&governed, &analysis.path)["args"], &declared["spec"]["args"]);
        argo::read(&found, &arguments)
    }
}

/// The object `Kind/name` of the set; null where it is not.
fn object(manifests: &ManifestSet, namespace: Option<&str>, title: &str) -> Value {
    let Some((kind, name)) = title.split_once('/') else { return Value::Null };
    let found = manifests.objects.iter().find(|object| {
        let identity = &object.identity;
        let there = identity.metadata.namespace.as_deref();
        // A MetricTemplate may stand in a namespace of its own.
        let near = kind == "MetricTemplate" || there.is_none() || namespace.is_none() || there == namespace;
        identity.kind == kind && identity.metadata.name == name && near
    });
    found.and_then(|object| serde_json::from_str(object.json.get()).ok()).unwrap_or_default()
}

/// The value at a JSON path such as `spec.analysis.metrics[0]`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut value = value;
    for segment in path.split(['.', '[']) {
        let segment = segment.trim_end_matches(']');
        value = match segment.parse::<usize>() {
            Ok(index) if value.is_array() => &value[index],
            _ => &value[segment],
        };
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_its_value() {
        let value = json!({"spec": {"metrics": [{"name": "a"}, {"name": "b"}]}});
        assert_eq!(at(&value, "spec.metrics[1].name"), "b");
        assert_eq!(at(&value, "spec.metrics[2].name"), &Value::Null);
    }
}
