//! What the controllers asked of the API server, and whether rollgate was in their way.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The requests of the controllers, those of kube-controller-manager among them.
pub struct Requests {
    /// That the webhook was asked about.
    pub reviewed: u64,
    /// That changed something, by the API server's audit log; what no rule of the webhook matches is among them.
    pub sent: u64,
}

impl Requests {
    /// Counts them, in what the webhook counts of exactly those, and in the audit log.
    ///
    /// # Errors
    /// When there are none, or one of them was rejected, or refused because of a webhook.
    pub fn count(metrics: &str, audit_log: &Path) -> anyhow::Result<Self> {
        let (mut reviewed, mut rejected) = (0, 0);
        for line in metrics.lines().filter(|line| line.starts_with("rollgate_reviews_total{")) {
            let count: u64 = line.rsplit(' ').next().context("a metric without a value")?.parse()?;
            *(if line.contains("outcome=\"accepted\"") { &mut reviewed } else { &mut rejected }) += count;
        }
        ensure!(reviewed > 0, "the webhook was asked about no request of a controller");
        ensure!(rejected == 0, "{rejected} requests of controllers were not accepted");
        let file = std::fs::File::open(audit_log).with_context(|| audit_log.display().to_string())?;
        let mut sent = 0;
        for line in BufReader::new(file).lines() {
            // The last line may be half written.
            let Ok(event) = serde_json::from_str::<Value>(&line?) else { continue };
            let user = event["user"]["username"].as_str().unwrap_or_default();
            if !user.starts_with("system:serviceaccount:") {
                continue;
            }
            let said = event["responseStatus"]["message"].as_str().unwrap_or_default();
            ensure!(!said.contains("webhook"), "{user} was refused: {said}");
            sent += 1;
        }
        Ok(Self { reviewed, sent })
    }
}
