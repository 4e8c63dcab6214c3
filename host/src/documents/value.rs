//! How the values of parameters are written: as in settings.

use rollgate_policy::settings::{Parameter, ParameterDefault};
use serde_json::Value;

/// A default as settings would give it; `null` where nothing is set.
pub(super) fn json(parameter: &Parameter, default: ParameterDefault) -> Value {
    parameter.written(default)
}

/// A default for people.
pub(super) fn text(parameter: &Parameter, default: ParameterDefault) -> String {
    match json(parameter, default) {
        Value::Null => "–".to_owned(),
        value => format!("`{}`", yaml(&value)),
    }
}

/// A value in YAML, on one line.
pub(super) fn yaml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", yaml(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_in_settings() {
        assert_eq!(yaml(&json!(["error-rate", "latency"])), "[error-rate, latency]");
        assert_eq!(yaml(&json!({"profile": "strict"})), "{profile: strict}");
    }
}
