//! When a review has to be answered.

use std::time::{Duration, Instant};

use axum::http::Uri;

use crate::quantity;

/// The longest that an API server waits for a webhook.
const LONGEST: Duration = Duration::from_secs(30);

/// When a request that has just arrived has to be answered: nine tenths of the time for which the API server waits,
/// which it gives as the parameter `timeout`. The rest is for the way there and back.
pub(super) fn of(uri: &Uri, arrived: Instant) -> Instant {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    let timeout = parameters.find_map(|parameter| parameter.strip_prefix("timeout="));
    let timeout = timeout.and_then(|timeout| quantity::duration(timeout).ok()).unwrap_or(LONGEST);
    arrived + timeout.min(LONGEST).mul_f64(0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_says_how_long_it_waits() {
        let arrived = Instant::now();
        let given = |uri: &str| of(&uri.parse().expect("a URI"), arrived) - arrived;
        for (uri, milliseconds) in [
            ("/validate?timeout=5s", 4500),
            ("/validate?a=b&timeout=1s", 900),
            ("/validate", 27_000),
            ("/validate?timeout=", 27_000),
            ("/validate?timeout=soon", 27_000),
            ("/validate?timeout=99999m", 27_000),
        ] {
            assert_eq!(given(uri), Duration::from_millis(milliseconds), "{uri}");
        }
    }
}
