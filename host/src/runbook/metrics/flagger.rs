//! A metric of Flagger as its author wrote it.

use rollgate_policy::plan::{Metric, MetricKind};
use serde_json::Value;

use super::Written;
use crate::runbook::markdown::{block, code, missing};

/// A metric or a webhook of a Canary, with the template it refers to.
pub(super) fn read(spec: &Value, template: &Value, metric: &Metric) -> Written {
    if metric.kind == MetricKind::Webhook {
        let url = spec["url"].as_str().unwrap_or_default();
        let command = spec["metadata"]["cmd"].as_str();
        let command = command.map_or_else(String::new, |command| format!("\n{}", block("sh", command)));
        return Written {
            query: format!("{}\n{command}", code(&format!("POST {url}"))),
            threshold: "the webhook has to answer with a status from 200 to 202".to_owned(),
        };
    }
    let range = &spec["thresholdRange"];
    let limits: Vec<String> = [("min", "at least"), ("max", "at most")]
        .into_iter()
        .filter(|(field, _)| range[*field].is_number())
        .map(|(field, word)| format!("{word} {}", code(&range[field].to_string())))
        .chain(
            (!range.is_object() && spec["threshold"].is_number())
                .then(|| format!("threshold {}", code(&spec["threshold"].to_string()))),
        )
        .collect();
    let threshold =
        if limits.is_empty() { missing("no thresholdRange with min or max") } else { limits.join(", ") };
    let query =
        spec["query"].as_str().filter(|query| !query.is_empty()).or(template["spec"]["query"].as_str());
    let query = match query {
        Some(query) => {
            let provider = template["spec"]["provider"]["type"].as_str().unwrap_or("prometheus");
            block(if provider == "prometheus" { "promql" } else { "" }, query)
        }
        None if metric.refused.is_none() => {
            format!(
                "Flagger's own query of that name, over {}.\n",
                code(spec["interval"].as_str().unwrap_or("1m"))
            )
        }
        None => missing("no query, no template, and Flagger has none of that name") + "\n",
    };
    Written { query, threshold }
}
