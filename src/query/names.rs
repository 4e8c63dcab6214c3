//! What the name of a metric says, by the naming conventions of Prometheus and of the proxies that break
//! them.

use super::LatencyUnit;
use super::status::Class;

/// What a counter counts, by its name alone.
pub(super) fn class(name: &str) -> Class {
    let any = |words: &[&str]| words_of(name).any(|word| words.contains(&word));
    let errors = any(&[
        "error",
        "errors",
        "failure",
        "failures",
        "failed",
        "fail",
        "fails",
        "exception",
        "exceptions",
        "5xx",
    ]);
    let successes = any(&["success", "successes", "successful", "succeeded", "2xx"]);
    match (errors, successes) {
        _ if any(&["1xx", "3xx", "4xx"]) => Class::Other,
        (false, false) => Class::Whole,
        (true, false) => Class::Errors,
        (false, true) => Class::Successes,
        (true, true) => Class::Other,
    }
}

/// Whether a metric looks like the count of all requests.
pub(super) fn is_total(name: &str) -> bool {
    words_of(name).any(|word| matches!(word, "total" | "count" | "requests" | "responses" | "calls"))
}

/// A metric that measures how long requests take.
pub(super) struct Timing {
    /// `None` when the name does not tell, or tells one nobody sets thresholds in.
    pub unit: Option<LatencyUnit>,
}

/// How a metric measures how long requests take, if it does.
pub(super) fn latency(name: &str) -> Option<Timing> {
    let unit = |unit| Some(Timing { unit });
    let any = |words: &[&str]| words_of(name).any(|word| words.contains(&word));
    // Durations that say nothing about requests.
    if any(&["cpu", "gc", "uptime", "age", "scrape", "build", "backup"]) {
        return None;
    }
    if any(&["milliseconds", "millis", "ms"]) {
        return unit(Some(LatencyUnit::Milliseconds));
    }
    if any(&["microseconds", "nanoseconds", "us", "ns", "micros", "nanos"]) {
        return unit(None);
    }
    if any(&["seconds"]) {
        return unit(Some(LatencyUnit::Seconds));
    }
    // Envoy names no unit and counts in milliseconds.
    if name.starts_with("envoy_") && any(&["time"]) {
        return unit(Some(LatencyUnit::Milliseconds));
    }
    if any(&["duration", "latency", "latencies"]) { unit(None) } else { None }
}

/// Replicas of a workload: its kind, and whether these are the available ones or all that should be.
pub(super) fn replicas(name: &str) -> Option<(&str, bool)> {
    let (kind, rest) = name.strip_prefix("kube_")?.split_once('_')?;
    let available = match rest {
        "status_replicas_available"
        | "status_replicas_ready"
        | "status_ready_replicas"
        | "status_number_available"
        | "status_number_ready" => true,
        "spec_replicas" | "status_replicas" | "replicas" | "status_desired_number_scheduled" => false,
        _ => return None,
    };
    Some((kind, available))
}

fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', ':'])
}
