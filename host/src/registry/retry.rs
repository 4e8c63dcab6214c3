//! Trying again.

use std::time::Duration;

use super::RegistryError;
use super::limits::{PATIENCE, TRIES};

/// The pause before the second try; every later one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// Tries until it succeeds, until another try would not help, or until there were enough.
pub(super) async fn persist<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, RegistryError>,
) -> Result<T, RegistryError> {
    let mut usual = PAUSE;
    for _ in 1..TRIES {
        let error = match attempt().await {
            Err(error) => error,
            done => return done,
        };
        let Some(pause) = pause_after(&error, usual) else { return Err(error) };
        tracing::debug!(%error, ?pause, "trying again");
        tokio::time::sleep(pause).await;
        usual *= 2;
    }
    attempt().await
}

/// How long to wait before it is tried again, if that is of use.
fn pause_after(error: &RegistryError, usual: Duration) -> Option<Duration> {
    match error {
        RegistryError::Cut { .. } | RegistryError::Digest { .. } => Some(usual),
        RegistryError::Status { status: 429 | 500..=599, pause, .. } => {
            let pause = pause.unwrap_or(usual);
            (pause <= PATIENCE).then_some(pause)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, pause: Option<u64>) -> RegistryError {
        let pause = pause.map(Duration::from_secs);
        RegistryError::Status { host: "host".into(), what: "it".into(), status, pause }
    }

    #[test]
    fn what_may_pass_is_tried_again_after_the_pause_asked_for() {
        assert_eq!(pause_after(&status(500, None), PAUSE), Some(PAUSE));
        assert_eq!(pause_after(&status(429, Some(3)), PAUSE), Some(Duration::from_secs(3)));
        assert_eq!(pause_after(&status(429, Some(3600)), PAUSE), None);
        assert_eq!(pause_after(&status(418, None), PAUSE), None);
    }
}
