//! Waiting for something to come true.

use std::time::{Duration, Instant};

use anyhow::bail;

/// How long anything may take on a machine that has much else to do.
const LIMIT: Duration = Duration::from_mins(1);

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(25);

/// Waits until `condition` holds, which `what` says in words.
///
/// # Errors
/// When it does not hold within a minute, or cannot be looked at.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let started = Instant::now();
    while !condition()? {
        if started.elapsed() > LIMIT {
            bail!("not so after {LIMIT:?}: {what}");
        }
        std::thread::sleep(EVERY);
    }
    Ok(())
}
