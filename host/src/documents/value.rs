//! How the values of parameters are written: as in settings.

use rollgate_policy::settings::{Parameter, ParameterDefault, ParameterKind};
use serde_json::{Value, json};

/// A default as settings would give it; `null` where nothing is set.
pub(super) fn json(parameter: &Parameter, default: ParameterDefault) -> Value {
    match default {
        ParameterDefault::Unset => Value::Null,
        ParameterDefault::Number(seconds) if parameter.kind == ParameterKind::Duration => {
            Value::from(duration(seconds))
        }
        ParameterDefault::Number(number) => plain(number),
        ParameterDefault::Switch(on) => Value::from(on),
        ParameterDefault::Texts(texts) => json!(texts),
    }
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

/// A whole number without its `.0`.
fn plain(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "compared with the number itself")]
    let whole = number as i64;
    #[expect(clippy::cast_precision_loss, reason = "a loss shows in the comparison")]
    let is_whole = (whole as f64 - number).abs() < f64::EPSILON;
    if is_whole { Value::from(whole) } else { Value::from(number) }
}

/// Seconds in Go's syntax: `500ms`, `5m`, `1h30m`.
fn duration(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "defaults are short")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    let parts = [
        (milliseconds / 3_600_000, "h"),
        (milliseconds / 60_000 % 60, "m"),
        (milliseconds / 1000 % 60, "s"),
        (milliseconds % 1000, "ms"),
    ];
    let text = parts
        .iter()
        .filter(|(n, _)| *n != 0)
        .fold(String::new(), |text, (n, unit)| text + &n.to_string() + unit);
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_settings() {
        for (seconds, written) in [(300.0, "5m"), (0.5, "500ms"), (259_200.0, "72h"), (5430.0, "1h30m30s")] {
            assert_eq!(duration(seconds), written);
        }
        assert_eq!([plain(25.0), plain(0.005)].map(|value| value.to_string()), ["25", "0.005"]);
        assert_eq!(yaml(&json!(["error-rate", "latency"])), "[error-rate, latency]");
        assert_eq!(yaml(&json!({"profile": "strict"})), "{profile: strict}");
    }
}
