//! The load generator: oha, whose latencies are corrected for requests that were sent late.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// How the next request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// When the last one was answered: the closed loop, which shows how many there may be.
    Closed,
    /// So many in a second whatever comes back: the open loop, which shows how long each takes.
    Open(u32),
}

/// The connections, all of them kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// HTTP/1.1, one request at a time on each.
    Http1(u32),
    /// One connection with HTTP/2, as an API server has, and so many requests at a time on it.
    Http2(u32),
}

/// What was measured; times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Answers in a second.
    pub per_second: f64,
    /// Half of all answers took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// 999 of 1,000 took no longer.
    pub p999: f64,
    /// Answers.
    pub answers: u64,
}

/// The program and what it sends.
#[derive(Clone, Debug)]
pub struct Oha {
    /// Where the program is.
    pub program: PathBuf,
    /// The authority of the servers' certificate.
    pub authority: PathBuf,
}

impl Oha {
    /// Sends the review in `body` to `url` again and again for `time`.
    ///
    /// # Errors
    /// When anything but an answer with status 200 came back, or nothing at all.
    pub fn run(
        &self,
        url: &str,
        body: &Path,
        connections: Connections,
        pace: Pace,
        time: Duration,
    ) -> anyhow::Result<Load> {
        let mut oha = Command::new(&self.program);
        oha.args(["--no-tui", "--output-format", "json", "-m", "POST", "-T", "application/json"]);
        oha.args(["-w", "-z", &format!("{}ms", time.as_millis())]);
        match connections {
            Connections::Http1(count) => oha.args(["-c", &count.to_string()]),
            Connections::Http2(at_once) => oha.args(["--http2", "-c", "1", "-p", &at_once.to_string()]),
        };
        if let Pace::Open(rate) = pace {
            oha.args(["-q", &rate.to_string(), "--latency-correction"]);
        }
        oha.arg("-D").arg(body).arg("--cacert").arg(&self.authority).arg(url);
        let output = oha.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.with_context(|| format!("cannot run {}", self.program.display()))?;
        ensure!(output.status.success(), "oha ended with {}", output.status);
        read(&output.stdout).with_context(|| format!("{connections:?}, {pace:?}, to {url}"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    latency_percentiles: Percentiles,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: f64,
}

#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p99: Option<f64>,
    #[serde(rename = "p99.9")]
    p999: Option<f64>,
}

/// Reads a report, and insists on answers alone.
fn read(json: &[u8]) -> anyhow::Result<Load> {
    let report: Report = serde_json::from_slice(json).context("oha's report cannot be read")?;
    let Report { summary, latency_percentiles, status_code_distribution, error_distribution } = report;
    ensure!(error_distribution.is_empty(), "not every request was answered: {error_distribution:?}");
    let others = status_code_distribution.keys().any(|status| status != "200");
    ensure!(!others, "not every answer was a review: {status_code_distribution:?}");
    let answers = status_code_distribution.values().sum();
    let percentile = |value: Option<f64>| value.context("nothing was answered");
    Ok(Load {
        per_second: summary.requests_per_sec,
        p50: percentile(latency_percentiles.p50)?,
        p99: percentile(latency_percentiles.p99)?,
        p999: percentile(latency_percentiles.p999)?,
        answers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &str, errors: &str) -> String {
        format!(
            r#"{{"summary": {{"successRate": 1.0, "requestsPerSec": 4423.5}},
                "latencyPercentiles": {{"p10": 0.001, "p50": 0.002, "p99": 0.004, "p99.9": 0.013, "p99.99": 0.08}},
                "statusCodeDistribution": {statuses}, "errorDistribution": {errors}}}"#
        )
    }

    #[test]
    fn figures_are_read() {
        let load = read(report(r#"{"200": 8863}"#, "{}").as_bytes()).expect("a report");
        assert_eq!(load, Load { per_second: 4423.5, p50: 0.002, p99: 0.004, p999: 0.013, answers: 8863 });
    }

    #[test]
    fn whatever_is_no_review_is_an_error() {
        let unanswered = report(r#"{"200": 8863}"#, r#"{"connection refused": 1}"#);
        let error = read(unanswered.as_bytes()).expect_err("an error").to_string();
        assert!(error.contains("connection refused"), "{error}");
        let busy = read(report(r#"{"200": 8862, "503": 1}"#, "{}").as_bytes());
        let error = busy.expect_err("an error").to_string();
        assert!(error.contains("503"), "{error}");
        let none = r#"{"summary": {"requestsPerSec": 0.0}, "latencyPercentiles": {"p50": null, "p99": null,
            "p99.9": null}, "statusCodeDistribution": {}, "errorDistribution": {}}"#;
        read(none.as_bytes()).expect_err("nothing was answered");
    }
}
