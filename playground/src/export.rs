//! What JavaScript calls: texts in, JSON out.

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

/// [`review`](crate::review()) as JSON. `now` is in seconds since 1970-01-01 UTC.
#[wasm_bindgen(js_name = review)]
#[must_use]
pub fn review_as_json(manifests: &str, settings: &str, now: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, as a clock that is far off should")]
    let now = now as i64;
    written(&crate::review(manifests, settings, now))
}

/// [`catalogue`](crate::catalogue()) as JSON.
#[wasm_bindgen(js_name = catalogue)]
#[must_use]
pub fn catalogue_as_json() -> String {
    written(&crate::catalogue())
}

fn written(value: &impl Serialize) -> String {
    // Keys are texts and nothing fails to be written: there is no other outcome.
    serde_json::to_string(value).unwrap_or_default()
}
