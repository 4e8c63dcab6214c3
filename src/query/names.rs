//! What the name of a metric says, by the naming conventions of Prometheus and of the proxies that break
//! them.

use super::LatencyUnit;
use super::status::Class;

/// What a counter counts, by its name alone.
pub(super) fn class(name: &str) -> Class {
    let (mut errors, mut successes) = (false, false);
    for word in words_of(name) {
        match word {
            b"error" | b"errors" | b"failure" | b"failures" | b"failed" | b"fail" | b"fails"
            | b"exception" | b"exceptions" | b"5xx" => errors = true,
            b"success" | b"successes" | b"successful" | b"succeeded" | b"2xx" => successes = true,
            b"1xx" | b"3xx" | b"4xx" => return Class::Other,
            _ => {}
        }
    }
    match (errors, successes) {
        (false, false) => Class::Whole,
        (true, false) => Class::Errors,
        (false, true) => Class::Successes,
        (true, true) => Class::Other,
    }
}

/// Whether a metric looks like the count of all requests.
pub(super) fn is_total(name: &str) -> bool {
    words_of(name).any(|word| matches!(word, b"total" | b"count" | b"requests" | b"responses" | b"calls"))
}

/// A metric that measures how long requests take.
pub(super) struct Timing {
    /// `None` when the name does not tell, or tells one nobody sets thresholds in.
    pub unit: Option<LatencyUnit>,
}

/// How a metric measures how long requests take, if it does.
pub(super) fn latency(name: &str) -> Option<Timing> {
    let unit = |unit| Some(Timing { unit });
    let any = |is: fn(&[u8]) -> bool| words_of(name).any(is);
    // Durations that say nothing about requests.
    if any(|word| matches!(word, b"cpu" | b"gc" | b"uptime" | b"age" | b"scrape" | b"build" | b"backup")) {
        return None;
    }
    if any(|word| matches!(word, b"milliseconds" | b"millis" | b"ms")) {
        return unit(Some(LatencyUnit::Milliseconds));
    }
    if any(|word| matches!(word, b"microseconds" | b"nanoseconds" | b"us" | b"ns" | b"micros" | b"nanos")) {
        return unit(None);
    }
    if any(|word| word == b"seconds") {
        return unit(Some(LatencyUnit::Seconds));
    }
    // Envoy names no unit and counts in milliseconds.
    if name.starts_with("envoy_") && any(|word| word == b"time") {
        return unit(Some(LatencyUnit::Milliseconds));
    }
    if any(|word| matches!(word, b"duration" | b"latency" | b"latencies")) { unit(None) } else { None }
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

fn words_of(name: &str) -> impl Iterator<Item = &[u8]> {
    name.as_bytes().split(|byte| matches!(byte, b'_' | b':'))
}
