//! Log events of a guest.

use serde_json::{Map, Value};

const TARGET: &str = "policy";

/// Passes one `tracing/log` event on. A malformed event is logged as it is: it is never an error to the guest.
pub(super) fn event(payload: &[u8]) {
    let Ok(mut event) = serde_json::from_slice::<Map<String, Value>>(payload) else {
        tracing::warn!(target: TARGET, event = %String::from_utf8_lossy(payload), "malformed log event");
        return;
    };
    let level = event.remove("level");
    let message = event.remove("message");
    let message = message.as_ref().and_then(Value::as_str).unwrap_or_default();
    let fields = Value::Object(event);
    match level.as_ref().and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase().as_str() {
        "trace" => tracing::trace!(target: TARGET, %fields, "{message}"),
        "debug" => tracing::debug!(target: TARGET, %fields, "{message}"),
        "info" => tracing::info!(target: TARGET, %fields, "{message}"),
        "warning" => tracing::warn!(target: TARGET, %fields, "{message}"),
        _ => tracing::error!(target: TARGET, %fields, "{message}"),
    }
}

/// Passes one line of `__console_log` on.
pub(super) fn console(text: &str) {
    tracing::info!(target: TARGET, "{text}");
}
