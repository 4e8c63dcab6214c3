//! Arguments of analysis templates: merged, and substituted as text, the way the controller does it
//! (`utils/analysis/helpers.go`, `utils/template/template.go`).

use serde_json::Value;

use super::spec::Argument;
use crate::json;

/// Stands for a value that is only known when the analysis runs (a Secret, a pod hash).
const UNKNOWN: &str = "rollgate-unknown-value";

/// Argument values by name; `None` for one that nobody can know at admission.
#[derive(Debug, Default)]
pub(super) struct Arguments(Vec<(String, Option<String>)>);

impl Arguments {
    /// The template's arguments with the Rollout's laid over them.
    ///
    /// The Rollout's values win even where the template has its own; arguments the template does not know are
    /// ignored; one that has no value in the end is an error. `rollout` answers `fieldRef`s.
    pub(super) fn merge(
        template: &[Argument],
        rollout_args: &[Argument],
        rollout: &str,
    ) -> Result<Self, String> {
        let mut merged = Vec::with_capacity(template.len());
        for declared in template {
            let given = rollout_args.iter().find(|given| {
                given.name == declared.name && (given.value.is_some() || given.value_from.is_some())
            });
            let source = given.unwrap_or(declared);
            let value = match (&source.value, &source.value_from) {
                // Experiments fill in placeholders of their own.
                (Some(value), _) if value.contains("{{") => None,
                (Some(value), _) => Some(value.clone()),
                (None, Some(from)) => {
                    from.field_ref.as_ref().and_then(|field| field_value(rollout, &field.field_path))
                }
                (None, None) => return Err(format!("argument {} has no value", declared.name)),
            };
            merged.push((declared.name.clone(), value));
        }
        Ok(Self(merged))
    }

    /// A template's arguments before any Rollout gives them: even a default may be overridden, so none is known.
    pub(super) fn open(template: &[Argument]) -> Self {
        Self(template.iter().map(|declared| (declared.name.clone(), None)).collect())
    }

    /// `json` with every `{{args.name}}` replaced, quotes and control characters escaped for JSON.
    pub(super) fn substitute(&self, json: &str) -> Result<String, String> {
        let mut text = String::with_capacity(json.len());
        let mut rest = json;
        while let Some(open) = pair(rest, '{') {
            let Some(length) = pair(&rest[open + 2..], '}') else { break };
            text.push_str(&rest[..open]);
            let tag = rest[open + 2..open + 2 + length].trim();
            let (_, value) = tag
                .strip_prefix("args.")
                .and_then(|name| self.0.iter().find(|(known, _)| known == name))
                .ok_or_else(|| format!("{{{{{tag}}}}} is not an argument of the template"))?;
            push_escaped(&mut text, value.as_deref().unwrap_or(UNKNOWN));
            rest = &rest[open + 2 + length + 2..];
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// Where a bracket stands twice for the first time.
fn pair(text: &str, bracket: char) -> Option<usize> {
    text.match_indices(bracket).map(|(at, _)| at).find(|at| text[at + 1..].starts_with(bracket))
}

fn push_escaped(text: &mut String, value: &str) {
    if value.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
        text.push_str(value);
    } else {
        let escaped = Value::from(value).to_string();
        text.push_str(&escaped[1..escaped.len() - 1]);
    }
}

/// Whether `text` holds a value that is only known when the analysis runs.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(UNKNOWN)
}

/// The value at a field path such as `metadata.labels['app']`, if it is a plain one.
fn field_value(object: &str, path: &str) -> Option<String> {
    let object: Value = json::from_str(object).ok()?;
    let mut value = &object;
    for segment in segments(path) {
        value = match segment.parse::<usize>() {
            Ok(index) if value.is_array() => value.get(index)?,
            _ => value.get(segment)?,
        };
    }
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        let (segment, tail) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']').unwrap_or((bracketed, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = tail;
        Some(segment.trim_matches(['\'', '"']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(name: &str, value: Option<&str>) -> Argument {
        Argument { name: name.to_owned(), value: value.map(str::to_owned), value_from: None }
    }

    #[test]
    fn the_rollouts_values_win_over_the_templates() {
        let template = [argument("max", Some("0.01")), argument("service", None)];
        let rollout =
            [argument("max", Some("1 || true")), argument("service", Some("pay")), argument("x", Some("y"))];
        let merged = Arguments::merge(&template, &rollout, "{}").unwrap();
        let text =
            merged.substitute(r#"{"successCondition":"result[0] < {{args.max}}","q":"{{ args.service }}"}"#);
        assert_eq!(text.unwrap(), r#"{"successCondition":"result[0] < 1 || true","q":"pay"}"#);
        assert!(merged.substitute("{{args.x}}").is_err());
    }

    #[test]
    fn an_argument_without_a_value_is_an_error() {
        let error = Arguments::merge(&[argument("max", None)], &[], "{}").unwrap_err();
        assert_eq!(error, "argument max has no value");
    }

    #[test]
    fn quotes_cannot_break_out_of_a_string() {
        let merged = Arguments::merge(&[argument("a", Some("x\",\"count\":\"1"))], &[], "{}").unwrap();
        let text = merged.substitute(r#"{"name":"{{args.a}}"}"#).unwrap();
        let value: Value = json::from_str(&text).unwrap();
        assert_eq!(value["name"], "x\",\"count\":\"1");
    }

    #[test]
    fn reads_fields_of_the_rollout() {
        let rollout = r#"{"metadata":{"name":"pay","labels":{"app.kubernetes.io/name":"p"}},"spec":{"list":[{"a":3}]}}"#;
        assert_eq!(field_value(rollout, "metadata.name").as_deref(), Some("pay"));
        assert_eq!(field_value(rollout, "metadata.labels['app.kubernetes.io/name']").as_deref(), Some("p"));
        assert_eq!(field_value(rollout, "spec.list[0].a").as_deref(), Some("3"));
        assert_eq!(field_value(rollout, "spec"), None);
    }
}
