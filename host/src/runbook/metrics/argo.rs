//! A metric of Argo Rollouts as its author wrote it, arguments filled in.

use serde_json::Value;

use super::Written;
use crate::runbook::markdown::{block, code, missing, plain};

/// An argument of a template.
pub(super) struct Argument {
    name: String,
    value: Given,
}

/// Where an argument's value comes from.
enum Given {
    /// The manifests.
    Text(String),
    /// The cluster, when the analysis runs: said as Markdown.
    Later(String),
}

/// The arguments of a template, with what the governed object gives them.
pub(super) fn arguments(given: &Value, declared: &Value) -> Vec<Argument> {
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (given, declared) = (items(given), items(declared));
    let has_value =
        |argument: &&Value| argument.get("value").is_some() || argument.get("valueFrom").is_some();
    declared
        .iter()
        .filter_map(|argument| {
            let name = argument["name"].as_str()?;
            let given = given.iter().filter(has_value).find(|given| given["name"] == name);
            let source = given.unwrap_or(argument);
            let value = match (source["value"].as_str(), source.get("valueFrom")) {
                (Some(value), _) => Given::Text(value.to_owned()),
                (None, Some(from)) => Given::Later(code(&from.to_string())),
                (None, None) => Given::Later(missing("no value")),
            };
            Some(Argument { name: name.to_owned(), value })
        })
        .collect()
}

/// Fills in the arguments that the manifests give a value.
fn fill(text: &str, arguments: &[Argument]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let Some(length) = rest[open..].find("}}") else { break };
        let placeholder = &rest[open..open + length + 2];
        let name = rest[open + 2..open + length].trim().strip_prefix("args.");
        let known = arguments.iter().find(|argument| Some(argument.name.as_str()) == name);
        out.push_str(&rest[..open]);
        out.push_str(match known.map(|argument| &argument.value) {
            Some(Given::Text(value)) => value,
            _ => placeholder,
        });
        rest = &rest[open + length + 2..];
    }
    out.push_str(rest);
    out
}

/// A metric of an `AnalysisTemplate`, with what the governed object gives its arguments.
pub(super) fn read(metric: &Value, arguments: &[Argument]) -> Written {
    let text = |value: &Value| {
        value.as_str().map(|text| fill(text, arguments)).filter(|text| !text.trim().is_empty())
    };
    let conditions: Vec<String> = ["successCondition", "failureCondition"]
        .into_iter()
        .filter_map(|field| Some(format!("{field} {}", code(&text(&metric[field])?))))
        .collect();
    let empty = serde_json::Map::new();
    let providers = metric["provider"].as_object().unwrap_or(&empty);
    let (name, provider) = providers.iter().next().map_or(("", &Value::Null), |(name, value)| (name, value));
    let threshold = match (conditions.is_empty(), name) {
        (false, _) => conditions.join(", "),
        (true, "job") => "the Job has to succeed".to_owned(),
        (true, "kayenta" | "plugin") => format!("judged by {name}"),
        (true, _) => missing("neither successCondition nor failureCondition"),
    };
    let mut query = match (name, provider) {
        ("", _) => missing("no provider") + "\n",
        ("prometheus", _) => block("promql", &text(&provider["query"]).unwrap_or_default()),
        ("job", _) => {
            let containers = provider["spec"]["template"]["spec"]["containers"].as_array().cloned();
            let images: Vec<String> = containers
                .unwrap_or_default()
                .iter()
                .filter_map(|container| container["image"].as_str().map(code))
                .collect();
            format!("A Job that runs {}.\n", images.join(", "))
        }
        ("web", _) => {
            let method = provider["method"].as_str().unwrap_or("GET");
            let url = text(&provider["url"]).unwrap_or_default();
            let path = provider["jsonPath"]
                .as_str()
                .map_or_else(String::new, |path| format!(", of which {}", code(path)));
            format!("{}{path}.\n", code(&format!("{method} {url}")))
        }
        (name, provider) => {
            let whole = || {
                let json = serde_json::to_string_pretty(provider).unwrap_or_default();
                format!("By {}:\n\n{}", plain(name), block("json", &fill(&json, arguments)))
            };
            text(&provider["query"]).map_or_else(whole, |query| block("", &query))
        }
    };
    query.push_str(&known_later(metric, arguments));
    Written { query, threshold }
}

/// Where the values come from that the manifests do not give.
fn known_later(metric: &Value, arguments: &[Argument]) -> String {
    let asked = metric.to_string();
    let used = arguments.iter().filter(|argument| asked.contains(&format!("args.{}", argument.name)));
    let later: Vec<String> = used
        .filter_map(|argument| match &argument.value {
            Given::Later(value) => Some(format!("{} is {value}", code(&format!("args.{}", argument.name)))),
            Given::Text(_) => None,
        })
        .collect();
    if later.is_empty() { String::new() } else { format!("\nwhere {}.\n", later.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_with_a_value_are_filled_in() {
        let argument = |name: &str, value| Argument { name: name.to_owned(), value };
        let arguments =
            [argument("most", Given::Text("0.5".to_owned())), argument("hash", Given::Later("?".to_owned()))];
        assert_eq!(
            fill("{{ args.most }} {{args.hash}} {{args.other}} {{", &arguments),
            "0.5 {{args.hash}} {{args.other}} {{"
        );
    }
}
