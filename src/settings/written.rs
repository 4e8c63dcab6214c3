//! How the values of parameters are written: as in settings.

use serde_json::{Value, json};

use super::parameter::{Default, Kind, Parameter};

impl Parameter {
    /// A default as settings would give it; `null` where nothing is set.
    #[must_use]
    pub fn written(&self, default: Default) -> Value {
        match default {
            Default::Unset => Value::Null,
            Default::Number(seconds) if self.kind == Kind::Duration => Value::from(duration(seconds)),
            Default::Number(number) => plain(number),
            Default::Switch(on) => Value::from(on),
            Default::Texts(texts) => json!(texts),
        }
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
    }
}
